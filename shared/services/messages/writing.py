"""Writing messages."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.domain.errors import ForbiddenError, IdempotencyMismatchError
from shared.domain.incident import Incident
from shared.domain.messages import Message, MessageChannel, MessageDraft
from shared.domain.people import Identity
from shared.domain.visibility import may_work_on
from shared.ports.clock import Clock, Ids
from shared.ports.store import Store, Work, messages_of
from shared.services.messages.activity import stir
from shared.services.messages.mentions import mentioned
from shared.services.messages.recording import MessageRecord
from shared.services.messages.seeing import check_open, seen_incident, seen_message

if TYPE_CHECKING:  # the function is handed in: reading messages goes without the extraction
    from shared.services.incidents.observing import Observe


@dataclass(frozen=True, slots=True)
class Posting:
    """Which message is being made: its id comes from the request, so that a retry meets it.

    `mentions` False takes an @ in the body for a sign like any other.
    """

    id: str
    request_hash: str | None = None
    channel: MessageChannel = MessageChannel.APP
    mentions: bool = True


@dataclass(frozen=True, slots=True)
class Written:
    """The message, and whether this call made it or an earlier one did."""

    message: Message
    replayed: bool


class MessageWriting:
    """Writes a message with all that belongs to it, in one transaction."""

    def __init__(self, store: Store, record: MessageRecord, observe: Observe, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._record = record
        self._observe = observe
        self._clock = clock
        self._ids = ids

    def write(
        self, who: Identity, incident_id: str, draft: MessageDraft, idempotency_key: str | None = None
    ) -> Written:
        """Keep the message, once per Idempotency-Key.

        Raises:
            NotFoundError: there is no incident, or no message to answer, that the caller may see.
            ForbiddenError: an internal note by somebody who does not handle the incident.
            InvalidInputError: somebody is mentioned who could not see the message.
            MergedIncidentError: the incident goes on in another one.
            IdempotencyMismatchError: the key came before with other content.
        """
        how = self._posting(who, incident_id, draft, idempotency_key)
        return self._store.run(lambda work: self.post(work, who, incident_id, draft, how))

    def post(self, work: Work, who: Identity, incident_id: str, draft: MessageDraft, how: Posting) -> Written:
        """As `write`, within somebody's transaction."""
        incident = seen_incident(work, who, incident_id)
        earlier = work.get(messages_of(incident_id), how.id)
        if earlier is not None:
            if earlier.request_hash != how.request_hash:
                raise IdempotencyMismatchError("This Idempotency-Key was used for another message; take a new key")
            return Written(earlier, replayed=True)
        check_open(work, who, incident)
        message = self._message(work, who, incident, draft, how)
        found = stir(work, self._observe, incident, message, message.created_at)
        work.create(messages_of(incident_id), message)
        for kind, document in self._record.written(who, incident, message, found):
            work.create(kind, document)
        return Written(message, replayed=False)

    def _message(self, work: Work, who: Identity, incident: Incident, draft: MessageDraft, how: Posting) -> Message:
        works_on = may_work_on(who, incident)
        if draft.internal and not works_on:
            raise ForbiddenError("Only those who handle the incident write internal notes: leave out internal")
        parent = seen_message(work, who, incident, draft.reply_to) if draft.reply_to is not None else None
        internal = draft.internal or (parent is not None and parent.internal)
        words = draft.body if how.mentions else ""
        return Message(
            id=how.id,
            incident_id=incident.id,
            author_id=who.uid,
            by_team=works_on,
            body=draft.body,
            internal=internal,
            reply_to=draft.reply_to,
            thread=parent.thread if parent is not None else how.id,
            mentions=mentioned(work, incident, words, draft.mentions, internal=internal),
            channel=how.channel,
            request_hash=how.request_hash,
            created_at=self._clock.now(),
        )

    def _posting(self, who: Identity, incident_id: str, draft: MessageDraft, key: str | None) -> Posting:
        if key is None:
            return Posting(self._ids.new())
        scope = _digest("messages", who.uid, incident_id, key)
        return Posting(scope[:20], _digest(scope, key, draft.model_dump_json()))


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
