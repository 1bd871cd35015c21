"""What a file's name tells: disguises, and names that unpack to other places than they should."""

from __future__ import annotations

import re
from collections.abc import Iterator

MAX_SHOWN = 200


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ACTIVE = _words(
    "apk app appx bat chm cmd com cpl dll exe gadget hta htm html iso img jar jnlp js jse lnk msc msi msix mht mhtml "
    "one pif ps1 psm1 reg scf scr sct settingcontent-ms sh shtml svg sys url vb vbe vbs vhd vhdx wsc wsf wsh xhtml xll "
    "xlsm xlam docm dotm pptm ppam potm xltm"
)
_PASSIVE = _words(
    "avi bmp csv doc docx eml gif jpeg jpg log md mov mp3 mp4 msg ods odt pdf png ppt pptx rtf tif tiff txt wav webp "
    "xls xlsx xml"
)
# Of Windows, whatever the extension: learn.microsoft.com, "Naming Files, Paths, and Namespaces".
_DEVICE = re.compile(r"^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)
_DRIVE = re.compile(r"^[a-z]:", re.IGNORECASE)
# Unicode's Bidi_Control characters (UAX #9) turn "gpj.exe" into "exe.jpg" for the eye.
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def shown(name: str) -> str:
    """The name, safe to show: characters that are invisible or turn the text round are written as their code."""
    visible = "".join(char if char.isprintable() else f"<U+{ord(char):04X}>" for char in name)
    return visible if len(visible) <= MAX_SHOWN else visible[:MAX_SHOWN] + "…"


def disguises(name: str) -> Iterator[str]:
    """One sentence for each way in which the name pretends to be something harmless."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    if any(char in _BIDI for char in base):
        yield f"{shown(base)}: its name holds characters that turn the direction of text round"
    plain = "".join(char for char in base if char not in _BIDI)
    parts = [part.strip().lower() for part in plain.rstrip(". ").split(".")]
    if len(parts) > 2 and parts[-1] in _ACTIVE and parts[-2] in _PASSIVE:
        yield f"{shown(base)}: a {parts[-1]} file that is named like a {parts[-2]} file"
    elif re.search(r"\s{5,}\.?\w{1,10}$", plain):
        yield f"{shown(base)}: spaces hide the end of its name"


def is_active(name: str) -> bool:
    """Whether opening a file of this name runs something, by its extension."""
    return name.rstrip(". ").rpartition(".")[2].lower() in _ACTIVE


def is_unsafe(path: str) -> bool:
    """Whether an entry of this path can be unpacked to another place than below the archive's own folder."""
    parts = path.replace("\\", "/").split("/")
    return (
        path.startswith(("/", "\\"))
        or "\0" in path
        or ".." in parts
        or any(_DRIVE.match(part) or _DEVICE.match(part.strip()) for part in parts)
    )
