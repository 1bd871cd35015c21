"""The platform's keys on this machine: made once, kept in the data folder, readable by its owner only."""

from __future__ import annotations

import base64
import os
import secrets
from pathlib import Path

_NAMES = ("SECURA_AUDIT_MASTER_KEY", "SECURA_AUDIT_SIGNING_KEY", "SECURA_LINK_KEY")


def platform_keys(folder: Path) -> dict[str, str]:
    """The keys as the settings want them: 32 random bytes each, in base64.

    Raises:
        OSError: the folder cannot be read or written.
    """
    return {name: _kept(folder / f"{name.lower().removeprefix('secura_')}.txt") for name in _NAMES}


def _kept(path: Path) -> str:
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        text = base64.b64encode(secrets.token_bytes(32)).decode()
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text + "\n")
        return text
