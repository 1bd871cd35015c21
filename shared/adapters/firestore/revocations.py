"""Recent revocations over Firestore."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from google.cloud.firestore import Client, FieldFilter

from shared.adapters.firestore.quick import NO_RETRY, TIMEOUT, quick_errors
from shared.adapters.firestore.store import decoded
from shared.ports.clock import Clock
from shared.ports.revocations import REVOCATIONS


class FirestoreRevocations:
    """`revocations/{uid}`: those that have not expired, in one small query."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._documents = client.collection(REVOCATIONS.collection)
        self._clock = clock

    def recent(self) -> Mapping[str, datetime]:
        query = self._documents.where(filter=FieldFilter("expires_at", ">", self._clock.now()))
        with quick_errors():
            found = [decoded(REVOCATIONS, snapshot) for snapshot in query.stream(retry=NO_RETRY, timeout=TIMEOUT)]
        return {revocation.uid: revocation.valid_from for revocation in found}
