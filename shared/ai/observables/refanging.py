"""Defanged spellings, written so that nobody clicks on them, and back again.

There is no standard. The forms are those that threat reports and mails use: hxxp://, meow://, [.] (.) {.} [dot] (dot),
[at] (at), [:]//, [://]. Every pattern is bounded or possessive: the time is linear in the length of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

from shared.domain.observables import ObservableType

_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]+")
"""Characters that show nothing and break words apart, or turn a file's name around on the screen."""
# Full-width and other forms of dot, at, colon and slash, which browsers take for them (UTS 46).
_LOOK_ALIKES = str.maketrans("\u3002\uff0e\uff61\u2024\uff20\uff1a\uff0f", "....@:/")
_AT = re.compile(r"[ \t]?[\[({<][ \t]?(?:@|at|ät)[ \t]?[\])}>][ \t]?", re.IGNORECASE)
_COLON = re.compile(r"[\[({](:|:/|://|/|//)[\])}]")
_SCHEME = re.compile(
    r"(?<![a-z0-9])(?:(h(?:xx|tx|xt|tt|\*\*|__|--|XX)p|meow|nxx?p)|(f(?:x|t)p))(s?)[ \t]?:(?://|\\\\)", re.IGNORECASE
)
_DOT = re.compile(
    r"[ \t]?[\[({][ \t]?(?:\.|dot|punkt)[ \t]?[\])}][ \t]?"
    r"|(?<=\w)\[\.(?=\w)|(?<=\w)\.\](?=\w)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Refanged:
    """The text with its defanged spellings undone, and where in it a dot had been one."""

    text: str
    dots: tuple[int, ...] = ()

    def was_defanged(self, start: int, end: int) -> bool:
        """Whether a dot between the two places was defanged: nobody does that to a file's name or a version."""
        place = bisect_left(self.dots, start)
        return place < len(self.dots) and self.dots[place] < end


def visible(text: str) -> str:
    """The text without characters that show nothing."""
    return _INVISIBLE.sub("", text)


def refang(text: str) -> Refanged:
    """Undo every defanged spelling in the text."""
    plain = visible(text).translate(_LOOK_ALIKES)
    plain = _AT.sub("@", _COLON.sub(r"\1", plain))
    plain = _SCHEME.sub(_scheme, plain)
    dots: list[int] = []
    shrunk = 0

    def dot(match: re.Match[str]) -> str:
        nonlocal shrunk
        dots.append(match.start() - shrunk)
        shrunk += len(match[0]) - 1
        return "."

    return Refanged(_DOT.sub(dot, plain), tuple(dots))


def _scheme(match: re.Match[str]) -> str:
    return f"{'ftp' if match[2] else 'http'}{match[3].lower()}://"


def defanged(kind: ObservableType, value: str) -> str:
    """The value so that no program makes a link of it: hxxp[:]//evil[.]example, joe[at]evil[.]example, 192[.]0[.]2[.]1.

    `refang` gives it back. What no program makes a link of stays as it is.
    """
    match kind:
        case ObservableType.URL:
            scheme, _, rest = value.partition("://")
            host, slash, path = rest.partition("/")
            harmless = scheme.replace("tt", "xx").replace("ft", "fx")
            return f"{harmless}[:]//{_dotted(host)}{slash}{path.replace('://', '[:]//')}"
        case ObservableType.MAIL:
            return _dotted(value.replace("@", "[at]"))
        case ObservableType.IP | ObservableType.DOMAIN:
            return _dotted(value.replace(":", "[:]"))
        case _:
            return value


def _dotted(value: str) -> str:
    return value.replace(".", "[.]")
