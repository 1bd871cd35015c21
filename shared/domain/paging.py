"""Lists in pages: an opaque cursor, and how long a page may be."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from shared.domain.base import UtcDatetime, is_document_id
from shared.domain.errors import InvalidInputError

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
_AWARE: TypeAdapter[datetime] = TypeAdapter(UtcDatetime)


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
