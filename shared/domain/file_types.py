"""What a file says that it is, held against what it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.domain.inspection import DetectedType, KnownType

_SURE = 0.9
"""Below this score a type of text is a guess: short texts look like many things."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What many formats are made of: the bytes sometimes tell only the outer format. A program in disguise is none of these.
_ZIP = _words("zip docx xlsx pptx xlsb odt ods odp epub npz")
_MADE_OF_ZIP = _ZIP | _words("jar apk xpi nupkg pytorch crx")
_OLE = _words("doc xls ppt outlook thumbsdb")
_UNDECIDED = _words("unknown empty undefined")
_ACTIVE_TEXT = _words("html svg javascript typescript vba powershell batch hta php asp shell autohotkey autoit mht") | {
    "internetshortcut"
}
_ACTIVE = _ACTIVE_TEXT | _words("lnk chm hlp msi jar one iso swf xpi snap deb rpm winregistry")


def is_active_type(detected: DetectedType) -> bool:
    """Whether opening a file of this type can run what it holds."""
    if detected.text and detected.score < _SURE:
        return False
    return detected.group == "executable" or detected.label in _ACTIVE


def mismatch(promised: Sequence[KnownType], detected: DetectedType) -> Iterator[str]:
    """A sentence, if the bytes are something else than the name or the declared content type promises."""
    if not promised or detected.label in _UNDECIDED or any(_fits(known, detected) for known in promised):
        return
    names = " or ".join(sorted({known.label for known in promised})[:4])
    yield f"named or declared as {names}, but it is {detected.description} ({detected.label})"


def _fits(known: KnownType, detected: DetectedType) -> bool:
    if known.label == detected.label:
        return True
    if (known.label in _MADE_OF_ZIP and detected.label in _ZIP) or {known.label, detected.label} <= _OLE:
        return True
    if known.text and detected.text:
        # Kinds of text are told apart by likelihood; it matters only where the other kind would be run.
        return detected.label not in _ACTIVE_TEXT or known.label in _ACTIVE_TEXT or detected.score < _SURE
    return not known.text and not detected.text and known.group == detected.group != "executable"
