"""Rows to reports: which column means what, and what the API would refuse."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from typing import Any

from pydantic import ValidationError

from scripts.importing.reading import Row
from shared.domain.incident import IncidentReport

FIELDS = ("title", "description", "category", "severity", "detected_at", "tlp", "tags", "affected_assets")
# What other systems call these fields; the first that a row has is taken.
_ALIASES: dict[str, tuple[str, ...]] = {
    "title": ("title", "subject", "name", "short_description"),
    "description": ("description", "text", "details", "summary", "body"),
    "detected_at": ("detected_at", "detected", "occurred_at", "date", "created_at"),
    "affected_assets": ("affected_assets", "assets"),
    "tags": ("tags", "labels"),
}
_ID_COLUMNS = ("id", "external_id", "number", "key")
_TITLE_LENGTH = 120


class MappingError(ValueError):
    """A --map that cannot be used."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A row that can be sent. `key` is the same for the same content, so sending it twice makes one incident."""

    line: int
    report: IncidentReport
    key: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that cannot, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Mapper:
    """Turns rows into reports. `columns` maps a field of ours to a column of the file; `zone` is for naive times."""

    columns: Mapping[str, str]
    zone: tzinfo
    notify: bool = True

    @classmethod
    def parse(cls, given: list[str], zone: tzinfo, *, notify: bool = True) -> Mapper:
        """From `field=column` texts.

        Raises:
            MappingError: a text of another form, or a field that there is not.
        """
        columns: dict[str, str] = {}
        for text in given:
            name, found, column = text.partition("=")
            if not found or name not in FIELDS or not column:
                raise MappingError(f"--map {text}: give FIELD=COLUMN, with FIELD one of {', '.join(FIELDS)}")
            columns[name] = column
        return cls(columns, zone, notify)

    def prepare(self, row: Row) -> Prepared | Refused:
        """The report that the row makes, or the reason why it makes none."""
        if row.error is not None:
            return Refused(row.line, row.error)
        try:
            report = IncidentReport.model_validate(self._values(row.values))
        except ValidationError as error:
            issues = error.errors(include_url=False, include_input=False, include_context=False)
            reasons = [f"{'.'.join(map(str, i['loc']))}: {i['msg'].removeprefix('Value error, ')}" for i in issues]
            return Refused(row.line, "; ".join(reasons))
        return Prepared(row.line, report, _key(report, row.values))

    def _values(self, row: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {"notify": self.notify}
        columns = {column.strip().lower().replace(" ", "_"): column for column in row}
        for name in FIELDS:
            column = self._column(name, row, columns)
            if column is not None:
                values[name] = self._converted(name, row[column])
        if isinstance(values.get("description"), str) and not values.get("title"):
            values["title"] = title_from(values["description"])
        return values

    def _column(self, name: str, row: Mapping[str, Any], columns: Mapping[str, str]) -> str | None:
        known = [self.columns[name]] if name in self.columns else map(columns.get, _ALIASES.get(name, (name,)))
        return next((column for column in known if column is not None and _filled(row.get(column))), None)

    def _converted(self, name: str, value: Any) -> Any:
        if name in {"tags", "affected_assets"} and isinstance(value, str):
            return [part.strip() for part in value.split(";") if part.strip()]
        if name == "detected_at":
            return self._aware(value)
        if name in {"category", "severity"} and isinstance(value, str):
            return value.strip().lower().replace(" ", "_")
        if name in {"title", "description"} and isinstance(value, int | float):
            return str(value)
        return value

    def _aware(self, value: Any) -> Any:
        if isinstance(value, str):
            try:
                value = datetime.fromisoformat(value.strip())
            except ValueError:
                return value  # the model says what is wrong with it
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time())
        if isinstance(value, datetime) and value.tzinfo is None:
            return value.replace(tzinfo=self.zone)
        return value


def _filled(value: Any) -> bool:
    return value is not None and value != ""


def title_from(description: str) -> str:
    """The first sentence, or as many whole words of it as fit a title."""
    line = re.sub(r"[\x00-\x1f\x7f-\x9f\s]+", " ", description).strip()
    sentence = re.split(r"(?<=[.!?])\s", line, maxsplit=1)[0]
    if len(sentence) <= _TITLE_LENGTH:
        return sentence
    return sentence[:_TITLE_LENGTH].rsplit(" ", 1)[0] + "…"


def _key(report: IncidentReport, row: Mapping[str, Any]) -> str:
    """The Idempotency-Key: the record's own id where it has one keeps apart what reads the same."""
    own_id = next((str(row[column]) for column in _ID_COLUMNS if _filled(row.get(column))), "")
    content = json.dumps([own_id, report.model_dump(mode="json", exclude={"notify"})], sort_keys=True)
    return "import-" + hashlib.sha256(content.encode()).hexdigest()
