"""People are told what happens at an incident: in the platform, and by mail.

One entry of a timeline makes at most one notification and one mail for each person; their ids are made of the entry's,
so that a doubled event finds them there. The incident is looked at as it is now: whoever may not see it any more is not
told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from shared.domain.errors import NotFoundError
from shared.domain.incident import Incident
from shared.domain.mail import OutboxMail
from shared.domain.messages import Message
from shared.domain.notifications import KEPT_FOR, Notification, NotificationKind
from shared.domain.people import Channels
from shared.domain.timeline import TimelineEntry
from shared.domain.visibility import user_works_on
from shared.ports.clock import Clock
from shared.ports.notifications import notifications_of
from shared.ports.store import INCIDENTS, OUTBOX, Store, Work, timeline_of
from shared.services.messages.replying import quotable
from shared.services.notifications.audience import Told, audience, concerns_people
from shared.services.notifications.notices import Notice, notice_mail
from shared.services.notifications.wording import defanged

ReplyLink = Callable[[Incident, Message, str], str]
"""The link by which a person (uid) answers a message without signing in."""

_LONGEST_TEXT = 300
"""Characters of a notification in the platform."""
_NEUTRAL = "There is news about {reference}"
_INSIDE = "What it is about stays in the platform: open it there."
_ANSWER = (
    "The link takes one answer without signing in, for 14 days. It is for you alone: whoever has this mail can answer "
    "in your name."
)
_WHY = "You get this mail because {reason}. You can turn such mails off in your profile."
_REASONS = {
    NotificationKind.INCIDENT_RECEIVED: "you reported an incident",
    NotificationKind.INCIDENT_UPDATED: "you reported this incident or handle it",
    NotificationKind.INCIDENT_ASSIGNED: "the incident was assigned to you",
    NotificationKind.INCIDENT_MESSAGE: "somebody wrote to you",
    NotificationKind.INCIDENT_MENTION: "you were mentioned",
}


class IncidentNotices:
    """Tells those whom an entry of a timeline concerns."""

    def __init__(self, store: Store, reply_link: ReplyLink, clock: Clock, public_url: str) -> None:
        self._store = store
        self._reply_link = reply_link
        self._clock = clock
        self._public_url = public_url

    def tell(self, incident_id: str, entry_id: str) -> int:
        """Keep what is new of the notifications and mails, in one commit; how many documents that made.

        Raises:
            NotFoundError: the entry or its incident is gone.
        """

        # An entry never changes; most concern nobody, and those need no transaction.
        entry = self._store.get(timeline_of(incident_id), entry_id)
        if entry is None:
            raise NotFoundError("There is no such entry")
        if not concerns_people(entry.kind):
            return 0

        def body(work: Work) -> int:
            incident = work.get(INCIDENTS, incident_id)
            if incident is None:
                raise NotFoundError("There is no such incident")
            told = audience(work, incident, entry, self._clock.now())
            return sum(self._tell(work, incident, entry, one) for one in told)

        return self._store.run(body)

    def _tell(self, work: Work, incident: Incident, entry: TimelineEntry, told: Told) -> int:
        kind = told.words.kind
        if kind is NotificationKind.INCIDENT_RECEIVED and not incident.notify:
            return 0
        channels: Channels = getattr(told.user.notifications, kind.choice)
        made = 0
        below = notifications_of(told.user.uid)
        if channels.in_app and work.get(below, entry.id) is None:
            work.create(below, self._notification(incident, entry, told))
            made += 1
        mail_id = f"{entry.id}-{told.user.uid}"
        if channels.email and incident.notify and work.get(OUTBOX, mail_id) is None:
            work.create(OUTBOX, self._mail(mail_id, incident, told))
            made += 1
        return made

    def _notification(self, incident: Incident, entry: TimelineEntry, told: Told) -> Notification:
        now = self._clock.now()
        open_ = quotable(incident)
        details = told.words.details if open_ else ()
        return Notification(
            id=entry.id,
            kind=told.words.kind,
            incident_id=incident.id,
            reference=incident.reference,
            title=incident.title if open_ else None,
            text=_cut(" ".join([f"{told.words.headline}.", *details])),
            created_at=now,
            expires_at=now + KEPT_FOR,
        )

    def _mail(self, mail_id: str, incident: Incident, told: Told) -> OutboxMail:
        words = told.words
        open_ = quotable(incident)
        headline = words.headline
        if not open_ and words.kind is NotificationKind.INCIDENT_UPDATED:
            headline = _NEUTRAL.format(reference=incident.reference)
        said = _lines(words.details) if open_ else [_INSIDE]
        link, label = f"{self._public_url}/api/incidents/{incident.id}", "Open the incident"
        advice = list(words.advice)
        # Whoever cannot read in the mail what they are to answer opens the incident first.
        if open_ and told.answerable is not None and not user_works_on(told.user, incident):
            link, label = self._reply_link(incident, told.answerable, told.user.uid), "Answer"
            advice.append(_ANSWER)
        notice = Notice(
            kind=words.kind,
            subject=f"{headline}: {defanged(incident.title)}" if open_ else headline,
            paragraphs=[f"{headline}.", *said, *advice],
            link=link,
            link_label=label,
            why=_WHY.format(reason=_REASONS[words.kind]),
        )
        mail = notice_mail(mail_id, told.user.email, notice, self._clock.now())
        return mail.model_copy(update={"incident_id": incident.id})


def _lines(texts: Sequence[str]) -> list[str]:
    return [line for text in texts for line in text.splitlines() if line.strip()]


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 2].rstrip() + " …"
