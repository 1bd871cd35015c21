"""Who is told of an entry of a timeline, and with which words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.domain.incident import Incident
from shared.domain.messages import Message
from shared.domain.people import User
from shared.domain.permissions import Permission, allows
from shared.domain.taxonomy import Outcome, Status
from shared.domain.timeline import TimelineEntry, TimelineKind
from shared.domain.visibility import user_may_see, user_works_on
from shared.ports.store import INCIDENTS, USERS, Work, messages_of
from shared.services.notifications import wording
from shared.services.notifications.wording import Words
from shared.services.on_call.rota import on_call_now

_SOMEBODY = "Somebody of the security team"


@dataclass(frozen=True, slots=True)
class Told:
    """One person and what they are told. `answerable` is the message that they can answer by a link."""

    user: User
    words: Words
    answerable: Message | None = None


@dataclass(frozen=True, slots=True)
class _Case:
    """An entry, the incident as it is now, and where more is read from."""

    work: Work
    incident: Incident
    entry: TimelineEntry
    now: datetime

    def user(self, uid: str) -> User | None:
        """The person, if they may be told of the incident."""
        user = self.work.get(USERS, uid)
        return user if user is not None and user_may_see(user, self.incident) else None

    def name(self, uid: str) -> str:
        """What somebody is called."""
        user = self.work.get(USERS, uid)
        return user.display_name if user is not None else _SOMEBODY

    def change(self, field: str) -> tuple[object, object] | None:
        """The field before and after, where the entry tells of it."""
        return next(((one.old, one.new) for one in self.entry.changes if one.field == field), None)

    def reporter(self) -> Iterator[User]:
        """Whoever reported it."""
        if user := self.user(self.incident.reporter_id):
            yield user

    def handlers(self) -> Iterator[User]:
        """Those it is assigned to; where it is nobody's, who is on call."""
        uids = list(self.incident.assignee_ids)
        if not uids and (duty := on_call_now(self.work, self.now)) is not None:
            uids = [duty.uid]
        for uid in uids:
            user = self.user(uid)
            if user is not None and user_works_on(user, self.incident):
                yield user


def audience(work: Work, incident: Incident, entry: TimelineEntry, now: datetime) -> list[Told]:
    """Everybody who is told, each once: the most telling reason comes first. Nobody is told what they did themselves,
    but that their report was received.
    """
    tell = _BY_KIND.get(entry.kind)
    if tell is None:
        return []
    told: dict[str, Told] = {}
    for one in tell(_Case(work, incident, entry, now)):
        if entry.kind is TimelineKind.REPORTED or one.user.uid != entry.actor_id:
            told.setdefault(one.user.uid, one)
    return list(told.values())


def _reported(case: _Case) -> Iterator[Told]:
    by_themselves = case.entry.actor_id == case.incident.reporter_id
    for user in case.reporter():
        # Whoever is of the team knows how it goes on.
        if not allows(user.role, Permission.INCIDENT_UPDATE_ALL):
            yield Told(user, wording.received(case.incident) if by_themselves else wording.split_off(case.incident))


def _changed(case: _Case) -> Iterator[Told]:
    moved = case.change("status")
    if moved is None:
        return
    old, new = (Status(str(value)) for value in moved)
    judged = case.change("outcome")
    outcome = Outcome(str(judged[1])) if judged and judged[1] else case.incident.outcome
    words = wording.status_changed(case.incident, old, new, outcome)
    if words is not None:
        yield from (Told(user, words) for user in case.reporter())


def _merged(case: _Case) -> Iterator[Told]:
    if case.entry.internal:
        return  # the side that the other went into
    target = case.work.get(INCIDENTS, case.entry.about) if case.entry.about else None
    yield from (Told(user, wording.merged(case.incident, target)) for user in case.reporter())


def _unmerged(case: _Case) -> Iterator[Told]:
    if not case.entry.internal:
        yield from (Told(user, wording.unmerged(case.incident)) for user in case.reporter())


def _assigned(case: _Case) -> Iterator[Told]:
    old, new = case.change("assignee_ids") or ([], [])
    fresh = [uid for uid in _texts(new) if uid not in _texts(old) and uid in case.incident.assignee_ids]
    if not fresh:
        return
    words = wording.assigned(case.incident, case.name(case.entry.actor_id), case.entry.note)
    for uid in fresh:
        user = case.user(uid)
        if user is not None and user_works_on(user, case.incident):
            yield Told(user, words)


def _evidence(case: _Case) -> Iterator[Told]:
    status = case.change("status")
    if status is not None and status[1] == "infected":
        yield from (Told(user, wording.infected(case.incident)) for user in case.handlers())


def _message(case: _Case) -> Iterator[Told]:
    message = case.work.get(messages_of(case.incident.id), case.entry.about) if case.entry.about else None
    if message is None or message.deleted_at is not None:
        return
    fits = user_works_on if message.internal else user_may_see
    author = case.name(message.author_id)
    answerable = None if message.internal else message
    for user, words in _message_reasons(case, message, author):
        if fits(user, case.incident):
            yield Told(user, words, answerable)


def _message_reasons(case: _Case, message: Message, author: str) -> Iterator[tuple[User, Words]]:
    incident = case.incident
    written = not case.entry.changes
    before, after = case.change("mentions") or ([], message.mentions if written else [])
    for uid in _texts(after):
        # As the message mentions them now: an edit may have come meanwhile.
        if uid not in _texts(before) and uid in message.mentions and (user := case.user(uid)):
            yield user, wording.mentioned(incident, message, author)
    if not written:
        return
    parent = case.work.get(messages_of(incident.id), message.reply_to) if message.reply_to else None
    if parent is not None and parent.author_id != incident.reporter_id and (user := case.user(parent.author_id)):
        yield user, wording.answered(incident, message, author)
    if message.internal:
        return
    if message.by_team:
        yield from ((user, wording.written_to_reporter(incident, message)) for user in case.reporter())
    if not message.by_team or message.author_id == incident.reporter_id:
        yield from ((user, wording.written_to_team(incident, message, author)) for user in case.handlers())


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


_BY_KIND: Mapping[TimelineKind, Callable[[_Case], Iterator[Told]]] = {
    TimelineKind.REPORTED: _reported,
    TimelineKind.CHANGED: _changed,
    TimelineKind.MERGED: _merged,
    TimelineKind.JOINED: _merged,
    TimelineKind.UNMERGED: _unmerged,
    TimelineKind.ASSIGNED: _assigned,
    TimelineKind.EVIDENCE: _evidence,
    TimelineKind.MESSAGE: _message,
}


def concerns_people(kind: TimelineKind) -> bool:
    """Whether anybody is ever told of entries of the kind."""
    return kind in _BY_KIND
