"""Sealing what was recorded: batches of entries into a signed hash chain, without a document that anybody waits for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from shared.domain.audit import AuditEntry, MalformedDocument
from shared.domain.errors import TamperedError
from shared.domain.sealing import Seal, new_seal
from shared.ports.audit import AuditLog, Signer
from shared.ports.clock import Clock

MOST_ENTRIES = 500
"""Of one seal: some 60 KB."""


class AuditSealing:
    """Seals everything that is older than the lag. Can be repeated and run twice at once: a seal is created once.

    An entry carries the time at which its commit began: behind the lag nearly every commit is through, and what turns
    up later still is in the next seal. `witness` is told each new seal: a log keeps its head where nobody who changes
    the database has a hand.
    """

    def __init__(
        self, log: AuditLog, signer: Signer, clock: Clock, lag: timedelta, witness: Callable[[Seal], None]
    ) -> None:
        self._log = log
        self._signer = signer
        self._clock = clock
        self._lag = lag
        self._witness = witness

    def seal(self) -> int:
        """Seal what there is; how many entries were sealed now.

        Raises:
            UnavailableError: the database does not answer; the next run goes on.
            TamperedError: the last seals are not as they were written, and nothing can follow them; or, after all
                others were sealed, some entries are not.
        """
        last = next(self._log.last_seals(), None)
        since = last.closed_until if last else None
        known = {entry.id for seal in self._log.last_seals(since) for entry in seal.entries} if last else set()
        malformed: list[str] = []
        fresh = self._fresh(since, known, malformed)
        count = 0
        while batch := list(islice(fresh, MOST_ENTRIES)):
            seal = new_seal(last, batch, self._clock.now(), self._signer.public_key)
            seal = seal.model_copy(update={"signature": self._signer.sign(seal.payload)})
            if not self._log.add_seal(seal):
                return count  # another run is at it and goes on
            self._witness(seal)
            last = seal
            count += seal.count
        if malformed:
            raise TamperedError(f"Not as they were written, and not sealed: entries {', '.join(malformed[:10])}")
        return count

    def _fresh(self, since: datetime | None, known: set[str], malformed: list[str]) -> Iterator[AuditEntry]:
        for entry in self._log.recorded(since, self._clock.now() - self._lag):
            if isinstance(entry, MalformedDocument):
                malformed.append(entry.id)
            elif entry.id not in known:
                yield entry
