"""Read receipts: how far somebody has read the conversation."""

from __future__ import annotations

from shared.domain.messages import ReadReceipt
from shared.domain.people import Identity
from shared.domain.visibility import may_work_on
from shared.ports.clock import Clock
from shared.ports.messages import receipts_of
from shared.ports.store import Store, Work
from shared.services.messages.seeing import seen_incident, seen_message


class ReadReceipts:
    """Notes it; a receipt never goes back."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def read(self, who: Identity, incident_id: str, up_to: str) -> None:
        """The caller has read everything up to this message.

        Raises:
            NotFoundError: there is no such message that the caller may see.
        """

        def body(work: Work) -> None:
            incident = seen_incident(work, who, incident_id)
            message = seen_message(work, who, incident, up_to)
            receipt = ReadReceipt(
                uid=who.uid,
                message_id=message.id,
                message_at=message.created_at,
                at=self._clock.now(),
                by_team=may_work_on(who, incident),
            )
            earlier = work.get(receipts_of(incident_id), who.uid)
            if earlier is None or earlier.place < receipt.place:
                work.put(receipts_of(incident_id), receipt)

        self._store.run(body)
