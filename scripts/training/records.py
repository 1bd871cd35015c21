"""Reads training data: coded incidents (JSON lines) and our own reports in employees' words (plain text)."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from shared.domain.taxonomy import Category

OWN_REPORTS = Path(__file__).parent / "data" / "employee_reports.txt"


class DataError(ValueError):
    """The data cannot be used; the message names the file and, where there is one, the line."""


@dataclass(frozen=True, slots=True)
class Record:
    """One labelled text. Texts of one `group` are related and must stay on one side of a split."""

    text: str
    category: Category
    group: str
    records: int | None = None
    """How many people's records were affected, where an analyst could tell."""


def read_incidents(path: Path) -> list[Record]:
    """Read coded incidents: objects with `text`, `category`, `group` and, if known, `data_total`.

    Raises `DataError`.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    records = [_incident(line, f"{path}:{number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not records:
        raise DataError(f"{path}: no incidents in it")
    missing = set(Category) - {record.category for record in records}
    if missing:
        raise DataError(f"{path}: no example of {', '.join(sorted(missing))}")
    return records


def _incident(line: str, where: str) -> Record:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(f"{where}: not a JSON object ({error})") from error
    if not isinstance(value, dict):
        raise DataError(f"{where}: not a JSON object")
    text, category, group, total = (value.get(key) for key in ("text", "category", "group", "data_total"))
    if not isinstance(text, str) or not text.strip() or not isinstance(group, str) or not group:
        raise DataError(f"{where}: 'text' and 'group' must be non-empty strings")
    if category not in set(Category):
        raise DataError(f"{where}: unknown category {category!r}")
    if isinstance(total, bool) or not isinstance(total, int | None):
        raise DataError(f"{where}: 'data_total' must be a whole number or null")
    return Record(text, Category(category), group, total)


def read_own_reports(path: Path = OWN_REPORTS) -> list[Record]:
    """Read our own reports: one a line under a `[category]` heading, `#` starts a comment. Each is its own group."""
    records: list[Record] = []
    category: Category | None = None
    for number, raw in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        line = raw.strip()
        if line.startswith("[") and line.endswith("]"):
            try:
                category = Category(line[1:-1])
            except ValueError as error:
                raise DataError(f"{path}:{number}: {error}") from error
        elif line and not line.startswith("#"):
            if category is None:
                raise DataError(f"{path}:{number}: a report before the first [category]")
            group = "own-" + hashlib.sha256(line.encode()).hexdigest()[:16]
            records.append(Record(line, category, group))
    return records


def fingerprint(records: list[Record]) -> str:
    """SHA-256 in hex over texts, labels and groups: says whether two trainings saw the same data."""
    digest = hashlib.sha256()
    for record in records:
        digest.update(json.dumps([record.text, record.category, record.group, record.records]).encode())
    return digest.hexdigest()
