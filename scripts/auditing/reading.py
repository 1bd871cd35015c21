"""The lines of an export."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

EXPORT_FORMAT = "secura-audit-export"


class UnusableExportError(ValueError):
    """The file is no export of an audit trail; the text is one line for the user."""


def read_export(path: Path) -> Iterator[dict[str, Any]]:
    """The lines behind the header, read as they are asked for; `.gz` is unpacked.

    Raises:
        UnusableExportError: it is no export, or one of another version.
        OSError: it cannot be read.
    """
    lines = _lines(path)
    header = next(lines, {})
    if header.get("format") != EXPORT_FORMAT:
        raise UnusableExportError(f"{path}: no export of an audit trail (GET /api/audit?format=jsonl makes one)")
    if header.get("version") != 1:
        raise UnusableExportError(f"{path}: made by another version of Secura ({header.get('version')})")
    return lines


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        try:
            for number, text in enumerate(file, 1):
                if text.strip():
                    yield _line(path, number, text)
        except (UnicodeDecodeError, gzip.BadGzipFile, EOFError) as error:
            raise UnusableExportError(f"{path}: cannot be read as text ({type(error).__name__})") from error


def _line(path: Path, number: int, text: str) -> dict[str, Any]:
    try:
        value = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise UnusableExportError(f"{path}: line {number} is not JSON") from error
    if not isinstance(value, dict):
        raise UnusableExportError(f"{path}: line {number} is no object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Of two members with one name, one would be hashed and a reader of the file might see the other.
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is there twice")
    return found
