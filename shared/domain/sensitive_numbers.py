"""Numbers that identify people or accounts: found by their form and, where they have one, by their check digits."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

_SEPARATORS = " \t\u00a0\u2009\u202f.\u2010\u2011\u2012\u2013-"
_GAP = f"[{_SEPARATORS}]"
_DIGIT_RUN = re.compile(rf"(?<![0-9A-Za-z])[0-9](?:{_GAP}?[0-9]){{12,}}")
_CARD_LENGTHS = range(13, 20)
_MOST_GROUPS = 8
_IBAN_START = re.compile(rf"(?i)(?<![A-Z0-9])(?=([A-Z]{{2}}[0-9]{{2}}(?:{_GAP}?[A-Z0-9]){{11,30}}))")
_IBAN_LENGTHS = range(15, 35)  # ISO 13616: Norway has the shortest


def cards(text: str) -> Iterator[tuple[int, int]]:
    """Numbers of 13 to 19 digits with a good Luhn sum (ISO/IEC 7812-1), in whole groups, in longer rows too."""
    for run in _DIGIT_RUN.finditer(text):
        groups = [(run.start() + one.start(), run.start() + one.end()) for one in re.finditer("[0-9]+", run[0])]
        for first, (start, _) in enumerate(groups):
            for _, end in groups[first : first + _MOST_GROUPS]:
                digits = re.sub("[^0-9]", "", text[start:end])
                if len(digits) > _CARD_LENGTHS[-1]:
                    break
                if len(digits) in _CARD_LENGTHS and _luhn(digits):
                    yield start, end


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 * (value > 9)
    return total % 10 == 0 and digits.strip("0") != ""


def ibans(text: str) -> Iterator[tuple[int, int]]:
    """Account numbers whose first 15 to 34 signs have a good check sum (ISO 13616, ISO 7064 MOD 97-10)."""
    for found in _IBAN_START.finditer(text):
        at = [place for place, sign in enumerate(found[1]) if sign not in _SEPARATORS]
        signs = "".join(found[1][place] for place in at).upper()
        good = [length for length in _IBAN_LENGTHS if length <= len(signs) and _mod_97(signs[:length])]
        if good:
            yield found.start(), found.start() + at[good[-1] - 1] + 1


def _mod_97(signs: str) -> bool:
    return int("".join(str(int(sign, 36)) for sign in signs[4:] + signs[:4])) % 97 == 1


_NATIONAL_IDS = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<![\d-])\d{3}[- ]\d{2}[- ]\d{4}(?![\d-])",  # United States: social security number
        r"(?i)(?<![A-Z0-9])[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z](?: ?\d{2}){3} ?[A-D](?![A-Z0-9])",  # United Kingdom
        r"(?<!\d)756\.?\d{4}\.?\d{4}\.?\d{2}(?!\d)",  # Switzerland: AHV
        r"(?<!\d)[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3}(?: ?\d{2})?(?!\d)",  # France: NIR
        r"(?i)(?<![A-Z0-9])[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z](?![A-Z0-9])",  # Italy: codice fiscale
        r"(?i)(?<![A-Z0-9])(?:\d{8}|[XYZ]\d{7})-?[A-HJ-NP-TV-Z](?![A-Z0-9])",  # Spain: DNI and NIE
        r"(?<!\d)\d{3}\.\d{3}\.\d{3}-\d{2}(?!\d)",  # Brazil: CPF
        r"(?<!\d)(?:19|20)?\d{2}(?:0[1-9]|1[0-2])[0-3]\d[-+]\d{4}(?!\d)",  # Sweden and Denmark
        r"(?i)(?<!\d)[0-3]\d(?:0[1-9]|1[0-2])\d{2}[-+A]\d{3}[0-9A-FHJ-NPR-Y](?![A-Z0-9])",  # Finland
    )
)
_LABELLED = re.compile(
    r"(?i)(?<![^\W\d_])(?:ssn|social security|national id(?:entity)?|identity card|id card|passport|reisepass|tax id"
    r"|tin|pass(?:nummer|-nr)|(?:personal)?ausweis\w{0,8}|steuer-?(?:id|nummer|identifikationsnummer)"
    r"|sozialversicherungs\w{0,8}|nino|ahv|bsn|dni|nie|nif|cpf|pesel|aadhaar|personnummer|cpr"
    r"|driv(?:er'?s|ing) licen[cs]e|führerschein\w{0,8})"
    r"[ \t]{0,2}(?:card|number|num|no|nr|nummer|#)?[.:=#]{0,2}[ \t]{0,3}(?:is|ist)?[ \t]{0,3}"
    r"((?=[^\s]*[0-9])[A-Z0-9][A-Z0-9./-]{3,24}(?:[ ][0-9][A-Z0-9./-]{0,11}){0,4})"
)
_PHONES = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?<![\w+])\+[1-9](?:[ \t\u00a0./()\u2011\u2013-]{0,3}[0-9]){6,14}(?![0-9])",  # E.164
        r"(?<![\w+./-])00[1-9](?:[ \u00a0./()\u2011\u2013-]{0,2}[0-9]){7,14}(?![0-9])",
        r"(?<![\w+./:-])\(?0[1-9][0-9]{0,4}\)?[ /\u00a0\u2011\u2013-]{1,2}[0-9]{2,8}(?:[ /-][0-9]{1,6}){0,4}(?![\w:])",
        r"(?<![\w+./:-])0[1-9][0-9]{7,12}(?![\w:])",
        r"(?<![\w+./:-])\(?[2-9][0-9]{2}\)?[ .-]{1,2}[2-9][0-9]{2}[ .-][0-9]{4}(?![\w:])",  # North America
    )
)


def national_ids(text: str) -> Iterator[tuple[int, int]]:
    """Numbers in the form of an identity number of a country."""
    for pattern in _NATIONAL_IDS:
        for found in pattern.finditer(text):
            yield found.span()


def labelled_ids(text: str) -> Iterator[tuple[int, int]]:
    """What follows "passport number", "Steuer-ID" and the like."""
    for found in _LABELLED.finditer(text):
        yield found.span(1)


def phones(text: str) -> Iterator[tuple[int, int]]:
    """Telephone numbers, international and in the usual national forms."""
    for pattern in _PHONES:
        for found in pattern.finditer(text):
            yield found.span()


_ADDRESS = re.compile(r"(?<![\w.:])[0-9A-Fa-f:.\[\]]{3,60}(?![\w])")


def addresses(text: str) -> Iterator[tuple[int, int]]:
    """IP addresses of both versions, defanged ones and such with a port too."""
    for found in _ADDRESS.finditer(text):
        plain = found[0].replace("[", "").replace("]", "").rstrip(".:")
        if _is_address(plain) or _is_address(plain.rpartition(":")[0]):
            yield found.span()


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
