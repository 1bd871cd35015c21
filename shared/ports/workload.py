"""How much people have to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class Workload(Protocol):
    """Counts incidents by whom they are assigned to."""

    def open_incidents(self, uids: Sequence[str]) -> Mapping[str, int]:
        """How many incidents that are not closed each of the people is assigned to; 0 where there are none.

        Confidential ones count, too: the numbers are for choosing, not for showing.

        Raises:
            UnavailableError: the database does not answer.
        """
        ...
