"""Incidents that a report is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from shared.domain.duplicates import Candidate


class Candidates(Protocol):
    """The newest open incidents that have something in common with a report."""

    def recent(self, texts: Sequence[str], since: datetime, limit: int) -> list[Candidate]:
        """Of the newest `limit` incidents reported since then that have one of the texts of `shared.domain.search` (at
        most 30) in their index, those that are open and not confidential; newest first.

        Raises:
            UnavailableError: the database does not answer in time.
        """
        ...
