"""Applications as lists; they are written in transactions, as APPLICATIONS."""

from __future__ import annotations

from typing import Protocol

from shared.domain.applications import Application, ApplicationFilter
from shared.domain.paging import Cursor
from shared.ports.store import Kind

APPLICATIONS = Kind("applications", Application)


class Applications(Protocol):
    """The collection `applications`.

    Raises (each of them):
        UnavailableError: the database does not answer.
    """

    def of(self, applicant_id: str, limit: int, after: Cursor | None = None) -> list[Application]:
        """At most `limit` of the person's own, newest first, from behind the cursor on."""
        ...

    def find(self, where: ApplicationFilter, limit: int, after: Cursor | None = None) -> list[Application]:
        """At most `limit` that fit, oldest first, from behind the cursor on."""
        ...
