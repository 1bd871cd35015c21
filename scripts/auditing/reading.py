"""The lines of an export."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.services.audit.exporting import EXPORT_FORMAT


class UnusableExportError(ValueError):
    """The file is no export of an audit trail; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class Export:
    """An export: whether it was to begin with the first seal, and the lines behind its header."""

    whole: bool
    lines: Iterator[dict[str, Any]]


def read_export(path: Path) -> Export:
    """The export, whose lines are read as they are asked for; `.gz` is unpacked.

    Raises (as its lines do):
        UnusableExportError: it is no export, one of another version, or it was cut off.
        OSError: it cannot be read.
    """
    lines = _lines(path)
    header = next(lines, {})
    if header.get("format") != EXPORT_FORMAT:
        raise UnusableExportError(f"{path}: no export of an audit trail (GET /api/audit?format=jsonl makes one)")
    if header.get("version") != 1:
        raise UnusableExportError(f"{path}: made by another version of Secura ({header.get('version')})")
    return Export(header.get("since") is None, _to_the_end(path, lines))


def _to_the_end(path: Path, lines: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for count, line in enumerate(lines):
        if "end" in line:
            if line["end"] != {"lines": count} or next(lines, None) is not None:
                raise UnusableExportError(f"{path}: not as long as its last line says: fetch it again")
            return
        yield line
    raise UnusableExportError(f"{path}: ends in the middle: fetch it again")


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as file:
        try:
            for number, text in enumerate(file, 1):
                if text.strip():
                    yield _line(path, number, text)
        except (UnicodeDecodeError, gzip.BadGzipFile, EOFError, zlib.error) as error:
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
