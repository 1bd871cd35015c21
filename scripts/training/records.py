"""Reads training data: coded incidents, and our own reports in employees' words."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from shared.domain.taxonomy import Category

_DATA = Path(__file__).parent / "data"
OWN_REPORTS = _DATA / "employee_reports.txt"
VOICES = _DATA / "voices"
"""Our own reports in employees' words, a file for each author: JSON lines of text, title (or null) and category."""
HELD_BACK = _DATA / "held_back_reports.jsonl"
"""More of them, by an author whom no model learns from: `scripts/evaluate` judges by these."""


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
    year: int | None = None
    """When it happened."""


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
    text, category, group, total, year = (value.get(key) for key in ("text", "category", "group", "data_total", "year"))
    if not isinstance(text, str) or not text.strip() or not isinstance(group, str) or not group:
        raise DataError(f"{where}: 'text' and 'group' must be non-empty strings")
    if category not in set(Category):
        raise DataError(f"{where}: unknown category {category!r}")
    if isinstance(total, bool) or not isinstance(total, int | None):
        raise DataError(f"{where}: 'data_total' must be a whole number or null")
    return Record(text, Category(category), group, total, year if isinstance(year, int) else None)


def read_own_reports(path: Path = OWN_REPORTS) -> list[Record]:
    """Read our first own reports: one a line under a `[category]` heading, `#` starts a comment.

    Raises:
        DataError: the file cannot be used.
    """
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
            records.append(Record(line, category, own_group("first")))
    return records


def own_group(author: str) -> str:
    """The group of an author: people who write alike stay on one side of a split, too."""
    return f"own-{author}"


def read_voices(folder: Path = VOICES) -> list[Record]:
    """Read our own reports, author by author.

    Raises:
        DataError: a file cannot be used.
    """
    return [record for path in sorted(folder.glob("*.jsonl")) for record in read_reports(path)]


def read_reports(path: Path) -> list[Record]:
    """Read the reports of one author; a title is the first line of its text.

    Raises:
        DataError: the file cannot be used.
    """
    records: list[Record] = []
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            text = f"{row['title']}\n{row['text']}" if row["title"] else row["text"]
            records.append(Record(text, Category(row["category"]), own_group(path.stem)))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}:{len(records) + 1}: cannot be used ({error})") from error
    return records


def fingerprint(records: list[Record]) -> str:
    """SHA-256 in hex over texts, labels and groups: says whether two trainings saw the same data."""
    digest = hashlib.sha256()
    for record in records:
        digest.update(json.dumps([record.text, record.category, record.group, record.records]).encode())
    return digest.hexdigest()
