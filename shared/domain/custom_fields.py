"""Fields that administrators add to incidents: their definitions, and values that keep to them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StrictBool, StrictFloat, StrictInt

from shared.domain.base import Line, Model, Text, UtcDatetime

MAX_FIELDS = 50
"""Definitions in all, retired ones included."""

FieldName = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_]{0,39}$", description="Lower case, digits and underscores", examples=["business_unit"]
    ),
]
Options = Annotated[list[Annotated[Line, Field(min_length=1, max_length=100)]], Field(max_length=100)]
CustomText = Annotated[Line, Field(max_length=500)]
CustomValue = StrictBool | StrictInt | StrictFloat | CustomText | UtcDatetime | None
CustomValues = Annotated[dict[FieldName, CustomValue], Field(max_length=MAX_FIELDS)]


class CustomFieldType(StrEnum):
    """The types that TheHive has; a date is a time in RFC 3339."""

    STRING = "string"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    FLOAT = "float"
    DATE = "date"


class CustomField(Model):
    """The document `custom_fields/{name}`.

    `options` narrows a string to a list. A `retired` field keeps the values there are and takes no new ones.
    """

    name: FieldName
    label: Annotated[Line, Field(min_length=1, max_length=100)]
    type: CustomFieldType
    description: Annotated[Text, Field(max_length=1_000)] = ""
    options: Options = []
    retired: bool = False
    created_at: UtcDatetime
    updated_at: UtcDatetime


def as_text(value: bool | float | datetime | str) -> str:
    """The value as it is searched for: true, 3, 2.5, 2026-11-23T09:00:00+00:00, text in lower case."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value).casefold()


class CustomFieldRequest(Model):
    """A field to add. Its name and its type stay for ever; options are for strings only."""

    name: FieldName
    label: Annotated[Line, Field(min_length=1, max_length=100)]
    type: CustomFieldType
    description: Annotated[Text, Field(max_length=1_000)] = ""
    options: Options = []


class CustomFieldChange(Model):
    """What can be changed of a field; what is left out stays. `retired` false brings a retired one back."""

    label: Annotated[Line, Field(min_length=1, max_length=100)] | None = None
    description: Annotated[Text, Field(max_length=1_000)] | None = None
    options: Options | None = None
    retired: bool | None = None


class CustomFields(Model):
    """The fields that there are, by name, retired ones included."""

    items: list[CustomField]
