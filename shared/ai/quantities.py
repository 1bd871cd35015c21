"""How many people or records a text speaks of: "2.3 million customers", "about 4,500 patients", "dozens of files"."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MULTIPLIERS = {
    "dozen": 12.0, "hundred": 1e2, "k": 1e3, "thousand": 1e3, "lakh": 1e5, "m": 1e6, "mn": 1e6, "mio": 1e6,
    "million": 1e6, "crore": 1e7, "bn": 1e9, "billion": 1e9,
}  # fmt: skip
_NUMBER_WORDS = {
    "a": 1, "half a": 0.5, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40,
    "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "several": 2, "few": 2,
}  # fmt: skip
_WORDS = "|".join(sorted(_NUMBER_WORDS, key=len, reverse=True))
_NEED_MULTIPLIER = frozenset(
    {"a", "half a", "several", "few"}
)  # "a million", "several hundred"; alone they count nothing
# An amount without a number, read low: "thousands of customers" are at least two thousand.
_VAGUE = {"dozens": 24.0, "hundreds": 2e2, "thousands": 2e3, "millions": 2e6, "billions": 2e9}
_TENS_OF = {"tens of": 10.0, "hundreds of": 100.0}

_COUNTED = (
    r"(?:people|persons?|individuals?|patients?|clients?|customers?|consumers?|users?|subscribers?|members?|employees?|workers?"
    r"|staff|colleagues?|students?|pupils?|children|teachers?|residents?|citizens?|taxpayers?|veterans?|voters?|donors?|tenants?"
    r"|guests?|visitors?|players?|shoppers?|victims?|beneficiaries|policyholders?|cardholders?|applicants?|candidates?|households?"
    r"|families|women|men|adults|accounts?|records?|files?|charts?|cards?|numbers?|names|identities|emails?|e-mails?|addresses"
    r"|passwords?|logins?|credentials|documents?|letters?|statements?|forms?|entries|rows|profiles?|ssns?|passports?|licen[cs]es?"
    r"|folders?|websites?|sites|devices|computers|laptops|certificates?|contracts?|invoices?|payslips?|applications?|transactions?|images?|x-rays?|scans?)"
)
_GROUPED = r"\d{1,3}(?:[ ,.'\u2019\u00a0\u202f]\d{3})+(?!\d)"
_DIGITS = rf"{_GROUPED}|\d{{1,12}}(?:\.\d{{1,3}})?"
_QUANTITY = re.compile(
    r"(?P<money>[$\u20ac\u00a3\u00a5]\s?|\b(?:usd|eur|gbp)\s?)?"
    rf"(?<![\w.,])(?!401 ?\(?k)(?:(?P<digits>{_DIGITS})|(?P<word>\b(?:{_WORDS})\b))"
    rf"(?:[ \-]?(?P<multiplier>{'|'.join(sorted(_MULTIPLIERS, key=len, reverse=True))})\b)?",
    re.IGNORECASE,
)
_VAGUE_AMOUNT = re.compile(
    rf"\b(?P<tens>tens of |hundreds of )?(?P<vague>{'|'.join(_VAGUE)})\b"
    rf"(?=\s+(?:of\s+)?(?:[a-z'\u2019-]+\s+){{0,2}}{_COUNTED}\b)",
    re.IGNORECASE,
)
# At most three words between the number and what is counted: "1,600 current and former patients".
_FOLLOWED_BY_COUNTED = re.compile(rf"\+?(?:\s+(?:of|\(\d+\)|[a-z][\w'\u2019-]*)){{0,4}}?\s+{_COUNTED}\b", re.IGNORECASE)
_FOLLOWED_BY_UNIT = re.compile(
    r"\s*(?:%|percent|per cent|[kmgt]b\b|dollars?|euros?|pounds?|usd\b|eur\b|bitcoins?|btc\b|years?|months?|weeks?"
    r"|days?|hours?|minutes?|seconds?|am\b|pm\b|o'clock|bits?\b|bytes?|gigab\w+|megab\w+|miles?|km\b|meters?|requests?|packets?|st\b|nd\b|rd\b"
    r"|th\b|[:/]\d)",
    re.IGNORECASE,
)
_LARGEST = 1e10  # more than there are people: a serial number


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount and the words that gave it."""

    amount: float
    evidence: str


def _parsed(digits: str, multiplied: bool) -> float:
    # "1.200" is 1,200 to much of Europe, but "1.200 million" is not 1,200 million.
    if re.fullmatch(_GROUPED, digits) and not (multiplied and "." in digits):
        return float(re.sub(r"\D", "", digits))
    return float(digits)


def _quantity(text: str, match: re.Match[str]) -> Quantity | None:
    """The amount a number stands for, None when it counts neither people nor records."""
    if match["money"] or _FOLLOWED_BY_UNIT.match(text, match.end()):
        return None
    digits, word, multiplier = match["digits"], (match["word"] or "").lower(), (match["multiplier"] or "").lower()
    if word in _NEED_MULTIPLIER and not multiplier:
        return None
    base = _parsed(digits, bool(multiplier)) if digits else float(_NUMBER_WORDS[word])
    amount = base * _MULTIPLIERS.get(multiplier, 1.0)
    counted = _FOLLOWED_BY_COUNTED.match(text, match.end())
    if digits and not multiplier and re.fullmatch(r"(?:19|20)\d\d", digits):  # a year, unless "2015 patients"
        plausible = bool(counted and len(counted.group().split()) == 1)
    else:
        # A large number counts even without a noun: "How many victims? 6,141". Telephone numbers and network addresses,
        # grouped by spaces and dots, do not.
        plausible = bool(counted) or (amount >= 1000 and bool(digits) and ("," in digits or bool(multiplier)))
    if not plausible or amount > _LARGEST:
        return None
    return Quantity(amount, text[match.start() : counted.end() if counted else match.end()].strip())


def _numbered(text: str) -> list[Quantity]:
    return [found for match in _QUANTITY.finditer(text) if (found := _quantity(text, match)) is not None]


def _vague(text: str) -> list[Quantity]:
    return [
        Quantity(
            _VAGUE[match["vague"].lower()] * _TENS_OF.get((match["tens"] or "").strip().lower(), 1.0), match.group()
        )
        for match in _VAGUE_AMOUNT.finditer(text)
    ]


def largest_quantity(text: str) -> Quantity | None:
    """The largest number of people or records in a text, None when it names none.

    The largest, because a text that speaks of 12 affected departments and 30,000 customers concerns the customers, and
    because naming more must never make an incident look smaller. Amounts of money, times and percentages do not count.
    """
    return max(_numbered(text) + _vague(text), key=lambda quantity: quantity.amount, default=None)
