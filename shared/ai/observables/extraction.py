"""Everything that a text holds, in the order in which it stands there.

The kinds are looked for one after the other, most telling first, and what one takes the next does not see: the domain
within a URL is the URL's. Each pattern begins only where a run of its characters begins and never gives a character
back, and what it finds is cut short by length before it is looked at: the time is linear in the length of the text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from shared.ai.observables import hosts, identifiers, names, urls, wallets
from shared.ai.observables.found import Found
from shared.ai.observables.refanging import Refanged, refang
from shared.domain.observables import ObservableType

MAX_TEXT = 100_000
"""Characters that are looked through; what is beyond is not."""
MAX_FOUND = 500
"""Distinct traces of one text."""

_IPV4 = re.compile(r"(?<![\w.])(?<![A-Za-z]-)[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?!\w|\.[0-9])")
_IPV6 = re.compile(r"(?<![\w:.])(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:.]++(?:%\w{1,20})?(?!\w)")
_LONGEST_IPV6 = 45
_LONGEST_NAME = 260
# In front of numbers that have four parts and are no addresses: versions and sections.
_NUMBERED = re.compile(
    r"(?:\b(?:version|versions|versionen|ver|v|release|build|firmware|rev|revision|"
    r"sections?|chapter|clause|kapitel|abschnitt|ziffer)|§)[.:]?[ \t]*$",
    re.IGNORECASE,
)
_LOOK_BACK = 24
_ENDING = re.compile(r"\.(\w{1,8})")
_LONGEST_VALUE = 2_000

_Place = tuple[int, Found]


def extract(text: str) -> list[Found]:
    """The traces of the text, each once, in their canonical spelling; at most MAX_FOUND.

    Defanged spellings are understood; a URL gives its host, too, and a mail address its domain.
    """
    places = _places(refang(text[:MAX_TEXT]))
    in_order = (found for _, found in sorted(places, key=lambda place: place[0]))
    return list(dict.fromkeys(found for found in in_order if len(found.value) <= _LONGEST_VALUE))[:MAX_FOUND]


def _places(refanged: Refanged) -> list[_Place]:
    sheet = _Sheet(refanged.text)
    sheet.take(urls.URL, lambda match: (urls.written(match[0]), urls.url))
    sheet.take(urls.MAIL, lambda match: (match[0].rstrip(".-_"), urls.mail))
    sheet.take(identifiers.REGISTRY, lambda match: (match[0], _one(ObservableType.REGISTRY, identifiers.registry_key)))
    for pattern in wallets.PATTERNS:
        sheet.take(pattern, lambda match: (match[0], _one(ObservableType.WALLET, wallets.wallet)))
    sheet.take(identifiers.CVE, lambda match: (match[0], _one(ObservableType.CVE, identifiers.cve)))
    sheet.note(identifiers.HASH, lambda match: _hash(sheet.text, match))
    sheet.take(_IPV6, lambda match: (match[0].rstrip(":.") if not match[0].endswith("::") else match[0], _ipv6))
    sheet.take(_IPV4, lambda match: (match[0], lambda text: _ipv4(text, sheet.text, match.start(), refanged)))
    sheet.take(names.WITH_PATH, lambda match: (match[0], lambda _: _host_with_path(match, refanged)))
    sheet.take(names.QUOTED, lambda match: (match[0], lambda _: _quoted(match[1])))
    sheet.note(names.DOTTED, lambda match: _name(match, refanged))
    return sheet.places


class _Sheet:
    """A text from which what was found is taken away, its place left blank so that all other places stay."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.places: list[_Place] = []

    def take(
        self,
        pattern: re.Pattern[str],
        read: Callable[[re.Match[str]], tuple[str, Callable[[str], Iterable[Found]]]],
    ) -> None:
        """Note what each match is read as and blank it; a match that is read as nothing stays."""
        parts: list[str] = []
        end = 0
        for match in pattern.finditer(self.text):
            written, reading = read(match)
            found = list(reading(written))
            if not found:
                continue
            self.places.extend((match.start(), one) for one in found)
            parts += [self.text[end : match.start()], " " * len(written)]
            end = match.start() + len(written)
        if parts:
            self.text = "".join([*parts, self.text[end:]])

    def note(self, pattern: re.Pattern[str], read: Callable[[re.Match[str]], Iterable[Found]]) -> None:
        """Note what each match is read as and leave it there."""
        for match in pattern.finditer(self.text):
            self.places.extend((match.start(), one) for one in read(match))


def _one(kind: ObservableType, canonical: Callable[[str], str | None]) -> Callable[[str], list[Found]]:
    def read(text: str) -> list[Found]:
        value = canonical(text)
        return [] if value is None else [Found(kind, value)]

    return read


def _hash(text: str, match: re.Match[str]) -> Iterator[Found]:
    value = identifiers.hash_value(match[0])
    after = _ENDING.match(text, match.end())
    # A label of a host's name is no hash; a sample that is named by its hash is both.
    if value is not None and (after is None or after[1].lower() in names.EXTENSIONS):
        yield Found(ObservableType.HASH, value)


def _ipv6(text: str) -> list[Found]:
    if len(text) > _LONGEST_IPV6 + 20 or text.count(":") < 2 or not hosts.written_address(text):
        return []
    address = hosts.ip(text)
    return [] if address is None else [Found(ObservableType.IP, address)]


def _ipv4(text: str, whole: str, start: int, refanged: Refanged) -> list[Found]:
    address = hosts.ip(text)
    if address is None:
        return []
    numbered = _NUMBERED.search(whole[max(0, start - _LOOK_BACK) : start])
    if numbered and not refanged.was_defanged(start, start + len(text)):
        return []
    return [Found(ObservableType.IP, address)]


def _host_with_path(match: re.Match[str], refanged: Refanged) -> list[Found]:
    # Without a scheme it is no URL that could be looked up, and its last part is no file that somebody has.
    found = list(names.names(match[1], defanged=refanged.was_defanged(match.start(1), match.end(1))))
    return [one for one in found if one.type is ObservableType.DOMAIN]


def _quoted(text: str) -> list[Found]:
    found = names.file_found(text)
    # Without a path and with several words it may be a sentence between two quotations.
    return [] if found is None or found.value.count(" ") > 6 or ". " in found.value else [found]


def _name(match: re.Match[str], refanged: Refanged) -> Iterator[Found]:
    if len(match[0]) > _LONGEST_NAME or "." not in match[0]:
        return iter(())
    skipped, text = names.trimmed(match[0])
    start = match.start() + skipped
    return names.names(text, defanged=refanged.was_defanged(start, start + len(text)))
