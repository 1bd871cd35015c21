"""Lists in pages: a filter, an opaque cursor, and one page of what was found."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from shared.domain import search
from shared.domain.base import Model, UtcDatetime, is_document_id
from shared.domain.errors import InvalidInputError
from shared.domain.incident import Incident
from shared.domain.taxonomy import Category, Severity, Status

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
_AWARE: TypeAdapter[datetime] = TypeAdapter(UtcDatetime)


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """Which incidents; every field that is set narrows the list. `since` is inclusive, `until` is not.

    `scopes` are those of whoever looks: nothing is found that they may not see.

    Raises:
        InvalidInputError: assignee and tag together, since Firestore looks into one list for each query.
    """

    scopes: Sequence[str]
    status: Status | None = None
    severity: Severity | None = None
    category: Category | None = None
    assignee: str | None = None
    reporter: str | None = None
    tag: str | None = None
    since: UtcDatetime | None = None
    until: UtcDatetime | None = None
    oldest_first: bool = False

    def __post_init__(self) -> None:
        if self.assignee is not None and self.tag is not None:
            reason = "give one of assignee and tag"
            raise InvalidInputError("These filters cannot be combined", {"assignee": reason, "tag": reason})

    @property
    def terms(self) -> list[str]:
        """Elements of the index, of which an incident must have one."""
        text = search.ANY
        if self.assignee is not None:
            text = search.assignee(self.assignee)
        if self.tag is not None:
            text = search.tag(self.tag)
        return [search.term(scope, text) for scope in self.scopes]


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page begins: behind this incident."""

    created_at: datetime
    id: str

    def encode(self) -> str:
        """The cursor as the opaque, URL-safe text that clients hand back."""
        raw = json.dumps([self.created_at.isoformat(), self.id], separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    @classmethod
    def decode(cls, text: str) -> Cursor:
        """Read what `encode` wrote.

        Raises:
            InvalidInputError: when it is not one of ours.
        """
        try:
            created_at, incident_id = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
            at = _AWARE.validate_python(datetime.fromisoformat(created_at))
        except (ValueError, TypeError, binascii.Error, RecursionError) as error:
            raise InvalidInputError("The cursor is not one this API gave out", {"cursor": "not a cursor"}) from error
        if not isinstance(incident_id, str) or not is_document_id(incident_id):
            raise InvalidInputError("The cursor is not one this API gave out", {"cursor": "not a cursor"})
        return cls(at, incident_id)


class IncidentPage(Model):
    """One page of incidents, and the cursor of the next; null at the end."""

    items: list[Incident]
    next_cursor: str | None = None
