"""Editing and deleting messages; what they said before is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.domain.errors import ConflictError, ForbiddenError
from shared.domain.incident import Incident
from shared.domain.messages import (
    MAX_REVISIONS,
    DeletedMessageError,
    Message,
    MessageEdit,
    Revision,
    StaleMessageError,
)
from shared.domain.people import Identity
from shared.domain.permissions import Permission
from shared.ports.clock import Clock
from shared.ports.messages import revisions_of
from shared.ports.store import Store, Work, messages_of
from shared.services.messages.activity import stir
from shared.services.messages.mentions import mentioned
from shared.services.messages.recording import MessageRecord
from shared.services.messages.seeing import check_open, seen_incident, seen_message

if TYPE_CHECKING:  # the function is handed in: reading messages goes without the extraction
    from shared.services.incidents.observing import Observe


class MessageEditing:
    """Changes a message together with its revision, the incident and the entries."""

    def __init__(self, store: Store, record: MessageRecord, observe: Observe, clock: Clock) -> None:
        self._store = store
        self._record = record
        self._observe = observe
        self._clock = clock

    def edit(
        self, who: Identity, incident_id: str, message_id: str, edit: MessageEdit, expected_version: int | None = None
    ) -> Message:
        """The message with other words; the same object when it says them already.

        Raises:
            NotFoundError: there is none that the caller may see.
            ForbiddenError: it is somebody else's.
            StaleMessageError: it is not at the expected version.
            DeletedMessageError, MergedIncidentError: it cannot be changed any more.
            ConflictError: it was edited too often.
            InvalidInputError: somebody is mentioned who could not see it.
        """

        def body(work: Work) -> Message:
            incident = seen_incident(work, who, incident_id)
            message = seen_message(work, who, incident, message_id)
            _check_editable(who, message, expected_version)
            check_open(work, who, incident)
            mentions = mentioned(work, incident, edit.body, edit.mentions, internal=message.internal)
            if (message.body, message.mentions) == (edit.body, mentions):
                return message
            if message.version >= MAX_REVISIONS:
                raise ConflictError(f"A message can be edited {MAX_REVISIONS - 1} times: write a new one")
            return self._edited(work, who, incident, message, {"body": edit.body, "mentions": mentions})

        return self._store.run(body)

    def _edited(
        self, work: Work, who: Identity, incident: Incident, message: Message, changes: dict[str, object]
    ) -> Message:
        now = self._clock.now()
        after = message.model_copy(update=changes | {"version": message.version + 1, "edited_at": now})
        found = stir(work, self._observe, incident, after, now)
        work.put(messages_of(incident.id), after)
        work.create(revisions_of(incident.id), Revision.of(message, now, who.uid))
        for kind, document in self._record.edited(who, incident, message, after, found):
            work.create(kind, document)
        return after

    def delete(self, who: Identity, incident_id: str, message_id: str) -> Message:
        """The message without its words, at its place. Deleting a deleted one changes nothing.

        Raises:
            NotFoundError: there is none that the caller may see.
            ForbiddenError: it is somebody else's, and the caller is no administrator.
            MergedIncidentError: it cannot be changed any more.
        """

        def body(work: Work) -> Message:
            incident = seen_incident(work, who, incident_id)
            message = seen_message(work, who, incident, message_id)
            if message.author_id != who.uid and not who.can(Permission.MESSAGE_MODERATE):
                raise ForbiddenError("Only its author and administrators delete a message")
            if message.body is None:
                return message
            check_open(work, who, incident)
            return self._deleted(work, who, incident, message)

        return self._store.run(body)

    def _deleted(self, work: Work, who: Identity, incident: Incident, message: Message) -> Message:
        now = self._clock.now()
        gone: dict[str, object] = {"body": None, "mentions": [], "version": message.version + 1, "deleted_at": now}
        after = message.model_copy(update=gone)
        stir(work, self._observe, incident, after, now)
        work.put(messages_of(incident.id), after)
        work.create(revisions_of(incident.id), Revision.of(message, now, who.uid))
        for kind, document in self._record.deleted(who, incident, message, after):
            work.create(kind, document)
        return after


def _check_editable(who: Identity, message: Message, expected_version: int | None) -> None:
    if message.author_id != who.uid:
        raise ForbiddenError("Only its author edits a message")
    if message.body is None:
        raise DeletedMessageError("The message was deleted")
    if expected_version is not None and message.version != expected_version:
        raise StaleMessageError(expected_version, message.version)
