"""Reading the conversation: never more of it than the caller may see."""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.errors import ForbiddenError
from shared.domain.incident import Incident
from shared.domain.messages import MAX_REVISIONS, Message, MessageFilter, ReadReceipt
from shared.domain.paging import Cursor
from shared.domain.people import Identity
from shared.domain.visibility import may_work_on
from shared.ports.messages import MAX_READERS, Messages, receipts_of, revisions_of
from shared.ports.store import AUDIT, Store
from shared.services.incidents.recording import IncidentRecord
from shared.services.messages.seeing import seen_incident, seen_message
from shared.services.messages.views import MessageHistory, MessagePage, ShownMessage
from shared.services.messages.writing import Written


class MessageReading:
    """Reads messages. That those of an incident for named people were read by another than its reporter is audited."""

    def __init__(self, messages: Messages, store: Store, record: IncidentRecord) -> None:
        self._messages = messages
        self._store = store
        self._record = record

    def find(  # a list's usual arguments
        self,
        who: Identity,
        incident_id: str,
        limit: int,
        *,
        thread: str | None = None,
        oldest_first: bool = True,
        cursor: str | None = None,
    ) -> MessagePage:
        """One page of the conversation, or of one thread of it.

        Raises:
            NotFoundError: there is no incident that the caller may see.
            InvalidInputError: the cursor is not one of ours.
        """
        after = Cursor.decode(cursor) if cursor else None
        incident = self._opened(who, incident_id)
        to_team = may_work_on(who, incident)
        where = MessageFilter(incident_id, not to_team, thread, oldest_first)
        found = self._messages.find(where, limit + 1, after)
        page = found[:limit]
        receipts = self._messages.receipts(incident_id)
        own = self._own(receipts, who, incident_id)
        forwards = MessageFilter(incident_id, not to_team, thread)
        unread = self._messages.unread(forwards, who.uid, own.place if own else None)
        return MessagePage(
            items=[ShownMessage.of(one, receipts, to_team=to_team) for one in page],
            next_cursor=Cursor(page[-1].created_at, page[-1].id).encode() if len(found) > limit else None,
            unread=unread,
        )

    def get(self, who: Identity, incident_id: str, message_id: str) -> ShownMessage:
        """One message.

        Raises:
            NotFoundError: there is none that the caller may see.
        """
        incident = self._opened(who, incident_id)
        message = seen_message(self._store, who, incident, message_id)
        return self._shown(who, incident, message)

    def written(self, who: Identity, written: Written) -> ShownMessage:
        """What the writer is shown of a message: nobody can have read a new one."""
        message = written.message
        if written.replayed:
            return self.get(who, message.incident_id, message.id)
        return ShownMessage.of(message, (), to_team=message.by_team)

    def history(self, who: Identity, incident_id: str, message_id: str) -> MessageHistory:
        """What a message said before, for those who handle the incident.

        Raises:
            NotFoundError: there is none that the caller may see.
            ForbiddenError: the caller does not handle the incident.
        """
        incident = self._opened(who, incident_id)
        message = seen_message(self._store, who, incident, message_id)
        if not may_work_on(who, incident):
            raise ForbiddenError("Only those who handle the incident see what a message said before")
        kind = revisions_of(incident_id)
        found = self._store.run(lambda work: work.find(kind, MAX_REVISIONS, message_id=message.id))
        return MessageHistory(items=found)

    def _opened(self, who: Identity, incident_id: str) -> Incident:
        incident = seen_incident(self._store, who, incident_id)
        entry = self._record.read(who, incident)
        if entry is not None:
            self._store.create(AUDIT, entry)
        return incident

    def _shown(self, who: Identity, incident: Incident, message: Message) -> ShownMessage:
        receipts = self._messages.receipts(incident.id)
        return ShownMessage.of(message, receipts, to_team=may_work_on(who, incident))

    def _own(self, receipts: Sequence[ReadReceipt], who: Identity, incident_id: str) -> ReadReceipt | None:
        found = next((one for one in receipts if one.uid == who.uid), None)
        if found is None and len(receipts) == MAX_READERS:
            return self._store.get(receipts_of(incident_id), who.uid)
        return found
