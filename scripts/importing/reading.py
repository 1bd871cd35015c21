"""Files to rows: JSON lines, CSV, Excel. A row that cannot be read is an error of its own, not the import's."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class UnreadableFileError(ValueError):
    """The file as a whole cannot be used; the text is one line for the user."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record of the file. `line` counts from 1 as an editor or a spreadsheet shows it."""

    line: int
    values: dict[str, Any] = field(default_factory=dict)
    error: str | None = None


def read_rows(path: Path, encoding: str = "utf-8-sig") -> Iterator[Row]:
    """The rows of the file, by the ending of its name.

    Raises:
        UnreadableFileError: it is not there, of an unknown kind, or damaged.
    """
    readers = {".jsonl": _json_lines, ".ndjson": _json_lines, ".json": _json_lines, ".csv": _csv, ".xlsx": _excel}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise UnreadableFileError(f"{path.name}: give a .jsonl, .csv or .xlsx file")
    try:
        yield from reader(path, encoding)
    except OSError as error:
        raise UnreadableFileError(f"{path.name}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise UnreadableFileError(
            f"{path.name}: not {error.encoding} text (byte {error.start}); say which with --encoding, such as cp1252"
        ) from error


def _json_lines(path: Path, encoding: str) -> Iterator[Row]:
    with path.open(encoding=encoding) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                yield Row(number, error=f"not JSON: {error}")
                continue
            if isinstance(record, dict):
                yield Row(number, record)
            else:
                yield Row(number, error="a line has to be a JSON object")


def _csv(path: Path, encoding: str) -> Iterator[Row]:
    csv.field_size_limit(sys.maxsize)
    with path.open(encoding=encoding, newline="") as text:
        sample = text.read(64 * 1024)
        text.seek(0)
        try:
            dialect: type[csv.Dialect] | csv.Dialect = csv.Sniffer().sniff(sample, delimiters=",;\t|")
        except csv.Error:
            dialect = csv.excel
        reader = csv.DictReader(text, dialect=dialect)
        try:
            for record in reader:
                yield _table_row(reader.line_num, record)
        except csv.Error as error:
            yield Row(reader.line_num, error=f"not CSV: {error}")


def _table_row(line: int, record: dict[str | Any, Any]) -> Row:
    if None in record:
        return Row(line, error="more values than the header has columns")
    return Row(line, {name: value for name, value in record.items() if value not in {None, ""}})


def _excel(path: Path, _: str) -> Iterator[Row]:
    from python_calamine import CalamineError, CalamineWorkbook

    path.stat()  # a missing file is an OSError here and something of its own there
    try:
        sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    except CalamineError as error:
        raise UnreadableFileError(f"{path.name}: not a spreadsheet: {error}") from error
    if not sheet:
        return
    header = [str(cell).strip() for cell in sheet[0]]
    for number, cells in enumerate(sheet[1:], 2):
        values = {name: cell for name, cell in zip(header, cells, strict=False) if name and cell not in {None, ""}}
        if values:
            yield Row(number, values)
