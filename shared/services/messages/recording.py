"""What a change of the conversation leaves behind: an entry of the audit trail and one of the timeline."""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.audit import AuditTarget, FieldChange, as_json
from shared.domain.incident import Incident
from shared.domain.messages import Message
from shared.domain.observables import Observable
from shared.domain.people import Identity
from shared.domain.timeline import TimelineChange, TimelineKind
from shared.ports.store import AUDIT, New, timeline_of
from shared.services.audit import AuditTrail
from shared.services.incidents.recording import IncidentRecord

_PERSONAL = frozenset({"body"})
_SHOWN = ("body", "internal", "reply_to", "mentions", "channel")


class MessageRecord:
    """Makes the entries.

    The subject is the author, whose words they are: an entry about an internal note under the reporter's name would
    be in the reporter's copy of their data.
    """

    def __init__(self, trail: AuditTrail, record: IncidentRecord) -> None:
        self._trail = trail
        self._record = record

    def written(self, who: Identity, incident: Incident, message: Message, found: Sequence[Observable]) -> list[New]:
        """Somebody wrote it; `found` are the observables that came to the incident with it."""
        return self._both(who, incident, message, "incident:message_written", _changes(None, message, found), [])

    def edited(
        self, who: Identity, incident: Incident, before: Message, after: Message, found: Sequence[Observable]
    ) -> list[New]:
        """Its author changed it."""
        told = [_told("edited_at", before, after)]
        if before.mentions != after.mentions:
            told.append(_told("mentions", before, after))
        return self._both(who, incident, after, "incident:message_edited", _changes(before, after, found), told)

    def deleted(self, who: Identity, incident: Incident, before: Message, after: Message) -> list[New]:
        """Somebody took it away."""
        told = [_told("deleted_at", before, after)]
        return self._both(who, incident, after, "incident:message_deleted", _changes(before, after, ()), told)

    def _both(  # what the two entries say
        self,
        who: Identity,
        incident: Incident,
        message: Message,
        action: str,
        changes: Sequence[FieldChange],
        told: Sequence[TimelineChange],
    ) -> list[New]:
        target = AuditTarget(kind="message", id=f"{incident.id}/{message.id}")
        kind, about = TimelineKind.MESSAGE, message.id
        entry = self._record.entry(who, incident.id, kind, changes=told, internal=message.internal, about=about)
        return [
            (AUDIT, self._trail.entry(who, action, target, subject=message.author_id, changes=changes)),
            (timeline_of(incident.id), entry),
        ]


def _told(field: str, before: Message, after: Message) -> TimelineChange:
    old, new = (state.model_dump(mode="json")[field] for state in (before, after))
    return TimelineChange(field=field, old=old, new=new)


def _changes(before: Message | None, after: Message, found: Sequence[Observable]) -> list[FieldChange]:
    old, new = ({} if state is None else state.model_dump(mode="json") for state in (before, after))
    changes = [
        FieldChange(field=name, old=_text(old.get(name)), new=_text(new[name]), personal=name in _PERSONAL)
        for name in _SHOWN
        if old.get(name) != new[name]
    ]
    if found:
        traces = as_json([one.model_dump(mode="json") for one in found])
        changes.append(FieldChange(field="observables", new=traces, personal=True))
    return changes


def _text(value: object) -> str | None:
    return None if value is None else as_json(value)
