"""The file that names a team. It is good as a whole, or nothing is done."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError, field_validator

from scripts.importing.reading import Row, UnreadableFileError, read_rows
from scripts.people.command import problems_of
from scripts.people.errors import RefusedError
from shared.domain.base import Model
from shared.domain.people import Department, Name, PlainEmail

_SEPARATORS = ",;\t|"
_COLUMNS = ("email", "name", "department", "lead")
_YES, _NO = frozenset({"yes", "true", "1"}), frozenset({"no", "false", "0", ""})


class Member(Model):
    """One person of the file."""

    email: PlainEmail
    name: Name
    department: Department = ""
    lead: bool = False

    @field_validator("lead", mode="before")
    @classmethod
    def _yes_or_no(cls, value: Any) -> bool:
        text = str(value).strip().casefold()
        if text in _YES | _NO:
            return text in _YES
        raise ValueError("say yes or no")


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used. `line` counts from 1 as an editor shows it."""

    line: int
    why: str


def read_team(path: Path) -> tuple[list[Member], list[BadRow]]:
    """The people of the file in its order, and every row that is no good.

    The file is CSV with a header, JSON lines or a spreadsheet (by the ending of its name): email, name, department and
    lead, the last two optional.

    Raises:
        RefusedError: it cannot be read, or nobody is in it.
    """
    people: list[Member] = []
    bad: list[BadRow] = []
    first: dict[str, int] = {}
    try:
        for row in _table(path) if path.suffix.lower() == ".csv" else read_rows(path):
            member = _member(row)
            if isinstance(member, BadRow):
                bad.append(member)
            elif member.email in first:
                bad.append(BadRow(row.line, f"email: the same address as in line {first[member.email]}"))
            else:
                first[member.email] = row.line
                people.append(member)
    except UnreadableFileError as error:
        raise RefusedError(str(error)) from None
    except OSError as error:
        raise RefusedError(f"{path.name}: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise RefusedError(f"{path.name}: not UTF-8 text (byte {error.start})") from None
    if not people and not bad:
        raise RefusedError(f"{path.name}: nobody is in it")
    return people, bad


def _table(path: Path) -> Iterator[Row]:
    """The rows of a table whose columns are separated by what the header has most of.

    A handful of people is too little for guessing from the whole, as imports of thousands of records do.
    """
    with path.open(encoding="utf-8-sig", newline="") as text:
        header = text.readline()
        text.seek(0)
        reader = csv.DictReader(text, delimiter=max(_SEPARATORS, key=header.count), strict=True)
        try:
            for record in reader:
                if None in record:
                    yield Row(reader.line_num, error="more values than the header has columns")
                else:
                    yield Row(reader.line_num, {name: value for name, value in record.items() if value})
        except csv.Error as error:
            yield Row(reader.line_num, error=f"not CSV: {error}")


def _member(row: Row) -> Member | BadRow:
    if row.error is not None:
        return BadRow(row.line, row.error)
    values = {name.strip().casefold(): value for name, value in row.values.items()}
    unknown = [name for name in values if name not in _COLUMNS]
    if unknown:
        # What is not understood is not repeated either: without a header, it is somebody's address.
        return BadRow(row.line, f"{len(unknown)} unknown column(s): there are {', '.join(_COLUMNS)}")
    try:
        return Member.model_validate(values)
    except ValidationError as error:
        return BadRow(row.line, problems_of(error))
