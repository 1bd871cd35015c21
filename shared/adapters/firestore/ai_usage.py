"""What is spent on language models, in Firestore: increments alone, so that no instance waits for another's reading."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from google.api_core.exceptions import AlreadyExists, NotFound
from google.cloud.firestore import Client, DocumentReference, Increment, WriteBatch

from shared.adapters.firestore.quick import NO_RETRY, TIMEOUT, commit, quick_errors
from shared.ports.ai_usage import Charge, DayUsage, ModelUsage, Spent

_CHARGES_KEPT = timedelta(days=2)


class FirestoreAiUsage:
    """`ai_usage/{yyyy-mm-dd}` {committed, models: {name: {calls, input_tokens, output_tokens, nano_usd}}}.

    A charge is a document `ai_charges/{id}` while its request is under way. Making it and adding it, and
    removing it and putting the cost in its place, are one commit each: doing either again finds it done and adds
    nothing. One whose function died stays counted on its day.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def reserve(self, charge: Charge, limit: int) -> bool:
        with quick_errors():
            try:
                committed = self._add(charge)
            except AlreadyExists:
                committed = self.read(charge.day).committed
            if committed <= limit:
                return True
            self._replace(charge, {"committed": Increment(-charge.nano_usd)})
        return False

    def settle(self, charge: Charge, spent: Spent) -> None:
        counted = {
            "calls": Increment(1),
            "input_tokens": Increment(spent.input_tokens),
            "output_tokens": Increment(spent.output_tokens),
            "nano_usd": Increment(spent.nano_usd),
        }
        fields = {"committed": Increment(spent.nano_usd - charge.nano_usd), "models": {spent.model: counted}}
        with quick_errors():
            self._replace(charge, fields)

    def read(self, day: date) -> DayUsage:
        with quick_errors():
            kept = self._day(day).get(retry=NO_RETRY, timeout=TIMEOUT).to_dict() or {}
        models = {name: ModelUsage(**counts) for name, counts in kept.get("models", {}).items()}
        return DayUsage(kept.get("committed", 0), models)

    def _add(self, charge: Charge) -> int:
        """What the day comes to with the charge: the commit answers it, so that each caller sees those before it."""
        batch = self._client.batch()
        batch.set(self._day(charge.day), {"committed": Increment(charge.nano_usd)}, merge=True)
        ends = datetime.combine(charge.day, time(), UTC) + _CHARGES_KEPT
        batch.create(self._charge(charge), {"nano_usd": charge.nano_usd, "expires_at": ends})
        return commit(batch)[0]

    def _replace(self, charge: Charge, fields: Mapping[str, Any]) -> None:
        batch: WriteBatch = self._client.batch()
        batch.set(self._day(charge.day), dict(fields), merge=True)
        batch.delete(self._charge(charge), option=self._client.write_option(exists=True))
        try:
            commit(batch)
        except NotFound:
            return  # it was done before

    def _day(self, day: date) -> DocumentReference:
        document: DocumentReference = self._client.collection("ai_usage").document(day.isoformat())
        return document

    def _charge(self, charge: Charge) -> DocumentReference:
        document: DocumentReference = self._client.collection("ai_charges").document(
            f"{charge.day.isoformat()}.{charge.id}"
        )
        return document
