"""Hashes, CVE ids and registry keys."""

from __future__ import annotations

import re

HASH = re.compile(r"(?<![\w.-])[0-9A-Fa-f]{32,128}+(?![\w-])")
_DASH = "[-_ \u2010-\u2014]{1,2}"  # hyphens and dashes, as word processors put them
CVE = re.compile(rf"(?<![A-Za-z0-9])CVE{_DASH}([0-9]{{4}}){_DASH}([0-9]{{4,19}})(?!\d)", re.IGNORECASE)
_HASH_LENGTHS = {32, 40, 64, 128}  # hexadecimal digits of MD5, SHA-1, SHA-256, SHA-512
_CVE_YEARS = range(1999, 2100)  # the list began in 1999

_ROOTS = {
    "HKLM": "HKEY_LOCAL_MACHINE",
    "HKCU": "HKEY_CURRENT_USER",
    "HKCR": "HKEY_CLASSES_ROOT",
    "HKU": "HKEY_USERS",
    "HKCC": "HKEY_CURRENT_CONFIG",
}
# Keys of Windows whose names hold spaces, where they may be the last part; in front of another part, any name of a few
# capitalised words may.
_SPACED = "|".join(
    (
        *("Active Setup", "Browser Helper Objects", "Image File Execution Options", "Installed Components"),
        *("Internet Explorer", "Internet Settings", "Security Center", "Session Manager", "User Shell Folders"),
        *("Shell Folders", "Terminal Server", "Windows Defender", "Windows NT"),
    )
)
_WORD = r"[A-Z0-9(][\w.()-]{0,40}+"
_PART = r"[\w.$@%{}()&#+~*-]{1,255}+"
REGISTRY = re.compile(
    rf"(?<!\w)(?i:{'|'.join([*_ROOTS.values(), *_ROOTS])}):?"
    rf"(?:\\{{1,2}}(?:(?i:{_SPACED})(?!\w)|{_WORD}(?: (?!HK){_WORD}){{1,4}}+(?=\\)|{_PART})){{1,40}}+"
)


def hash_value(text: str) -> str | None:
    """The hash in lower case; None for another length, and for digits that no hash has."""
    if len(text) not in _HASH_LENGTHS or text.isdigit() or len(set(text.lower())) < 4:
        # A hash of 32 digits without any letter, or of three different ones, comes by chance once in a million years.
        return None
    return text.lower()


def cve(text: str) -> str | None:
    """CVE-2021-44228, however its parts are joined."""
    match = CVE.fullmatch(text)
    return f"CVE-{match[1]}-{match[2]}" if match and int(match[1]) in _CVE_YEARS else None


def registry_key(text: str) -> str:
    """The key with its root's long name, in lower case, since Windows tells no case apart; single backslashes."""
    root, _, path = text.replace("\\\\", "\\").partition("\\")
    root = root.rstrip(":").upper()
    root, path = _ROOTS.get(root, root), path.rstrip(".()*\\").lower()
    return f"{root}\\{path}" if path else root
