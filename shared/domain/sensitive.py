"""Where a text holds secrets and personal data. Patterns are linear: they begin only where a run of signs does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from shared.domain.sensitive_numbers import addresses, cards, ibans, labelled_ids, national_ids, phones


class Kind(StrEnum):
    """What was found, the most delicate first: where two overlap, the first counts."""

    PRIVATE_KEY = "PRIVATE_KEY"
    PASSWORD = "PASSWORD"  # noqa: S105  # the name of a kind
    TOKEN = "TOKEN"  # noqa: S105  # the name of a kind
    CARD = "CARD"
    IBAN = "IBAN"
    NATIONAL_ID = "NATIONAL_ID"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    NAME = "NAME"
    IP = "IP"
    LITERAL = "LITERAL"


SECRET_KINDS = frozenset({Kind.PRIVATE_KEY, Kind.PASSWORD, Kind.TOKEN, Kind.CARD})
"""What is not put back into an answer: nobody needs it there."""


class Span(NamedTuple):
    """From `start` to before `end`."""

    start: int
    end: int
    kind: Kind


_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:[\s\S]*?-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|[\s\S]*)"
)

# Prefixes as their issuers publish them: see GitHub, "Supported secret scanning patterns", and AWS, "IAM identifiers".
_TOKENS = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}"
    r"|AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_.-]{20,}|GOCSPX-[0-9A-Za-z_-]{20,}"
    r"|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,}|glpat-[A-Za-z0-9_-]{20,}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,}"
    r"|[srp]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{16,}"
    r"|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|sk-[A-Za-z0-9_-]{20,}"
    r"|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{30,}|hvs\.[A-Za-z0-9_-]{20,}|dop_v1_[a-f0-9]{60,}"
    r"|eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*){0,3}"
    r")"
)
_AUTHORIZATION = re.compile(
    r"(?i)(?<![A-Za-z])(?:bearer|basic|digest|negotiate|ntlm)[ \t]{1,4}([A-Za-z0-9._~+/=-]{8,})"
)
_IN_URL = re.compile(r"(?i)(?<![a-z])[a-z][a-z0-9+.-]{1,30}://([^\s/@<>\"']+)@")
_HOOKS = re.compile(r"(?i)hooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9/_-]{8,})")
_SIGNED = re.compile(
    r"(?i)[?&;](?:sig|signature|x-amz-signature|x-goog-signature|access_token|code|key)=([^\s&<>\"']{6,})"
)

_OPENING_WORDS = (
    r"pass(?:word|wort|wd|phrase|code)s?|pwd|passwd|kennw(?:ort|örter)|mots? de passe|contraseñas?|contrasenas?|senhas?"
    r"|palavra-passe|wachtwoord(?:en)?|heslo|has[lł]o|lösenord|adgangskode|salasana|jelszó|parol[aă]|şifre|пароль"
    r"|密码|密碼|パスワード|비밀번호"
)
_KEY_WORDS = (
    r"(?:client|api|access|account|auth|shared|secret|private|session|refresh|id|bearer|storage|signing|encryption|master)"
    r"[ _-]?(?:secret|key|token)|secrets?|tokens?|sas|otp|tan|pin|cvv2?|cvc2?|recovery[ _-]codes?|einmalcode"
)
_IS = r"[ \t]{0,4}(?::=|=>|->|[:=\uff1a])[ \t]{0,4}"  # \uff1a: the fullwidth colon of Chinese and Japanese
_IS_IN_WORDS = r"[ \t]{1,4}(?:is|was|ist|war|lautet|est|es|era|è|é)[ \t]{1,4}:?[ \t]{0,4}"
_VALUE = (
    r"(?!<(?!LITERAL)[A-Z][A-Z_]{0,30}_[0-9]{1,6}>(?!\w))"  # a placeholder of a pass before
    r"(\"(?:\\.|[^\"\\\n]){1,512}\"|'(?:\\.|[^'\\\n]){1,512}'|`[^`\n]{1,512}`|\S+)"
)
_PASSWORD = re.compile(rf"(?i)(?<![^\W\d_])(?:{_OPENING_WORDS})[\"'`]?(?:{_IS}|{_IS_IN_WORDS}){_VALUE}")
_SECRET = re.compile(rf"(?i)(?<![^\W\d_])(?:{_KEY_WORDS})[\"'`]?{_IS}{_VALUE}")
_OPTION = re.compile(rf"(?i)(?<!\S)--?(?:password|passwd|pass|pwd|token|secret|api-?key)(?:[ \t]{{1,4}}|=){_VALUE}")

_AT = r"(?:@|\uff20|[ \t]?\[(?:@|at)\][ \t]?|[ \t]?\((?:@|at)\)[ \t]?)"
_DOT = r"(?:\.|\[\.\]|\(\.\)|\[dot\]|\(dot\))"
_EMAIL = re.compile(rf"(?i)(?<![\w.%+&~!#$*/=?^{{|}}'-])[\w.%+&~!#$*/=?^{{|}}'-]+(?:{_AT}[\w-]+(?:{_DOT}[\w-]+)*)+")

_PATTERNS: tuple[tuple[Kind, re.Pattern[str], int], ...] = (
    (Kind.PRIVATE_KEY, _PRIVATE_KEY, 0),
    (Kind.PASSWORD, _PASSWORD, 1),
    (Kind.PASSWORD, _OPTION, 1),
    (Kind.PASSWORD, _IN_URL, 1),
    (Kind.TOKEN, _SECRET, 1),
    (Kind.TOKEN, _TOKENS, 0),
    (Kind.TOKEN, _AUTHORIZATION, 1),
    (Kind.TOKEN, _HOOKS, 1),
    (Kind.TOKEN, _SIGNED, 1),
    (Kind.EMAIL, _EMAIL, 0),
)
_NUMBERS: tuple[tuple[Kind, Callable[[str], Iterator[tuple[int, int]]]], ...] = (
    (Kind.CARD, cards),
    (Kind.IBAN, ibans),
    (Kind.NATIONAL_ID, national_ids),
    (Kind.NATIONAL_ID, labelled_ids),
    (Kind.PHONE, phones),
)
_SHORTEST_NAME = 3
_MOST_NAMES = 200


@dataclass(frozen=True)
class Wanted:
    """What is looked for beyond the patterns: people's names (the first 200) and, on demand, IP addresses.

    Addresses are mostly the attacker's, and what an answer is about.
    """

    names: Sequence[str] = ()
    addresses: bool = False


def spans(text: str, wanted: Wanted) -> Iterator[Span]:
    """Where secrets and personal data stand, in no order; they may overlap."""
    yield from _named(text, wanted.names)
    if wanted.addresses:
        yield from (Span(start, end, Kind.IP) for start, end in addresses(text))
    for kind, pattern, group in _PATTERNS:
        for found in pattern.finditer(text):
            yield Span(found.start(group), found.end(group), kind)
    for kind, finder in _NUMBERS:
        for start, end in finder(text):
            yield Span(start, end, kind)


def _named(text: str, names: Sequence[str]) -> Iterator[Span]:
    """Where the names stand, whole or one of their words, in any case."""
    words = {" ".join(name.split()) for name in names[:_MOST_NAMES]}
    words |= {part for word in words for part in re.split(r"[\s,;-]+", word)}
    wanted = sorted((word for word in words if len(word) >= _SHORTEST_NAME), key=lambda word: (-len(word), word))
    if not wanted:
        return
    either = "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in wanted)
    for found in re.finditer(rf"(?i)(?<!\w)(?:{either})(?!\w)", text):
        yield Span(found.start(), found.end(), Kind.NAME)
