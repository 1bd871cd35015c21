"""Where refused requests are counted and alerts are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.domain.access import AccessAlert, AccessAttempts, AccessFilter, Refusal, SubjectKind
from shared.domain.paging import Cursor
from shared.ports.store import Kind

ATTEMPTS = Kind("access_attempts", AccessAttempts)
ALERTS = Kind("access_alerts", AccessAlert)


@dataclass(frozen=True, slots=True)
class RefusedRequests:
    """Refused requests of one subject that are counted together."""

    kind: SubjectKind
    subject: str
    counts: dict[Refusal, int]
    at: datetime
    path: str


class Access(Protocol):
    """The collections `access_attempts` and `access_alerts`.

    Raises (each method):
        UnavailableError: the database does not answer.
    """

    def count(self, refused: RefusedRequests) -> int:
        """Add to the subject's document of that hour, without reading it; the new total of the hour."""
        ...

    def alert(self, alert: AccessAlert) -> bool:
        """Keep the alert and mark the attempts with it; False, and nothing changes, when it is there already."""
        ...

    def find(self, where: AccessFilter, limit: int, after: Cursor | None = None) -> list[AccessAttempts]:
        """At most `limit` documents, the newest hour first, from behind the cursor (hour and id) on."""
        ...
