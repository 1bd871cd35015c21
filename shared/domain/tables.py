"""Rows as CSV that a spreadsheet opens without running anything."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_BYTE_ORDER_MARK = "\ufeff"  # Excel takes a file without it for the system's own encoding


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """The table as RFC 4180 lines, UTF-8 with a byte order mark; a cell that would be a formula begins with an
    apostrophe.

    Source: OWASP, "CSV Injection".
    """
    yield _BYTE_ORDER_MARK + _line(header)
    for row in rows:
        yield _line([_harmless(cell) for cell in row])


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell


def _line(cells: Sequence[object]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_MINIMAL).writerow(["" if cell is None else cell for cell in cells])
    return buffer.getvalue()
