"""What every model of the domain has in common."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints


class Model(BaseModel):
    """A frozen value. Unknown fields are refused, so that a misspelt field is an error and never silently lost."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def _to_utc(value: datetime) -> datetime:
    # Firestore hands out a datetime subclass with nanoseconds: a plain one compares and serialises the same everywhere.
    try:
        utc = value.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is out of range") from None
    return datetime(utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, utc.microsecond, tzinfo=UTC)


def is_document_id(text: str) -> bool:
    """Whether the text can be a document's id (Firestore, "Constraints on document IDs")."""
    return (
        0 < len(text.encode(errors="replace")) <= 1500
        and "/" not in text
        and text not in {".", ".."}
        and not (text.startswith("__") and text.endswith("__"))
        and "\0" not in text
    )


UtcDatetime = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""An aware time, kept in UTC; one without an offset is refused."""

# Control characters (C0 except tab and line ends, DEL, C1) never belong into a text that people read.
_NO_CONTROL = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"


_SURROGATE = re.compile("[\ud800-\udfff]")


def _printable(value: str) -> str:
    if _SURROGATE.search(value):
        raise ValueError("the text holds a lone surrogate, which is not valid Unicode")
    return value


Line = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$"), AfterValidator(_printable)
]
"""One line of text without control characters."""

Text = Annotated[str, StringConstraints(strip_whitespace=True, pattern=_NO_CONTROL), AfterValidator(_printable)]
"""Text of several lines; no control characters but tab and line ends."""
