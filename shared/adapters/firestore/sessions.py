"""People's sessions over Firestore."""

from __future__ import annotations

from google.cloud.firestore import Client, CollectionReference, Query

from shared.adapters.firestore.conditional import firestore_errors
from shared.adapters.firestore.quick import commit, quick_errors
from shared.adapters.firestore.store import decoded, encoded
from shared.domain.base import is_document_id
from shared.domain.sessions import Session
from shared.ports.store import Kind

_MOST = 100
SESSIONS = Kind("sessions", Session)


class FirestoreSessions:
    """`users/{uid}/sessions/{id}`; a TTL policy on `expires_at` removes them."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def seen(self, uid: str, session: Session) -> None:
        if not is_document_id(uid):
            return
        batch = self._client.batch()
        batch.set(self._of(uid).document(session.id), encoded(SESSIONS, session), merge=True)
        with quick_errors():
            commit(batch)

    def list(self, uid: str) -> list[Session]:
        if not is_document_id(uid):
            return []
        query = self._of(uid).order_by("last_seen_at", direction=Query.DESCENDING).limit(_MOST)
        with firestore_errors():
            return [decoded(SESSIONS, snapshot) for snapshot in query.stream()]

    def forget_all(self, uid: str) -> None:
        if not is_document_id(uid):
            return
        with firestore_errors():
            while references := list(self._of(uid).limit(_MOST).select([]).stream()):
                batch = self._client.batch()
                for snapshot in references:
                    batch.delete(snapshot.reference)
                batch.commit()

    def _of(self, uid: str) -> CollectionReference:
        sessions: CollectionReference = self._client.collection(f"users/{uid}/{SESSIONS.collection}")
        return sessions
