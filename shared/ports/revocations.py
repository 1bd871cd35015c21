"""Recent revocations: what lets an instance refuse dead tokens without reading a document for each request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from shared.domain.sessions import Revocation
from shared.ports.store import Kind

REVOCATIONS = Kind("revocations", Revocation, "uid")


class Revocations(Protocol):
    """The collection `revocations`; they are written in transactions, as REVOCATIONS."""

    def recent(self) -> Mapping[str, datetime]:
        """By uid, the time from which on a session must have begun; those that can still matter.

        Raises:
            UnavailableError: the database does not answer.
        """
        ...
