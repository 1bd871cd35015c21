"""What people are told about incidents, in words that an employee understands.

A headline says nothing of what the incident is about, beyond its reference; `details` may hold words of people, and are
left out of mails about incidents that are for named people only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain.incident import Incident
from shared.domain.messages import Message
from shared.domain.notifications import NotificationKind
from shared.domain.taxonomy import Outcome, Status

_LONGEST_QUOTE = 2_000
"""Characters of a message in a mail."""
_SCHEME = re.compile(r"\bhttp(s?)://", re.IGNORECASE)
_HOST = re.compile(r"(?<![\w.-])[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}(?![\w-])")
_OUTCOMES = {
    Outcome.TRUE_POSITIVE_WITH_IMPACT: "It was a real incident, and it did damage.",
    Outcome.TRUE_POSITIVE_NO_IMPACT: "It was a real incident, and it did no damage.",
    Outcome.FALSE_POSITIVE: "It turned out to be harmless. It was right to report it.",
    Outcome.LEGITIMATE: "It was something that is allowed here. It was right to report it.",
    Outcome.DUPLICATE: "It had been reported before, and is dealt with there.",
    Outcome.NOT_APPLICABLE: "It was nothing that the security team deals with.",
    Outcome.UNKNOWN: "What it was could not be found out.",
}
_UNDER_CONTROL = frozenset({Status.ERADICATION, Status.RECOVERY, Status.POST_INCIDENT})
_NEWS_COMES = "You are told when something changes. If you notice anything more, write it as a message there."


@dataclass(frozen=True, slots=True)
class Words:
    """What is said. `advice` is ours and names nothing, `details` are about the incident."""

    kind: NotificationKind
    headline: str
    details: Sequence[str] = ()
    advice: Sequence[str] = ()


def defanged(text: str) -> str:
    """Words of somebody who is not of the team: they may be the attacker's, and no mail program shall make links of
    them.
    """
    return _HOST.sub(lambda match: match[0].replace(".", "[.]"), _SCHEME.sub(r"hxxp\1://", text))


def received(incident: Incident) -> Words:
    """To whoever reported it."""
    return Words(
        NotificationKind.INCIDENT_RECEIVED,
        f"We received your report {incident.reference}",
        advice=("Thank you. The security team will look at it.", _NEWS_COMES),
    )


def split_off(incident: Incident) -> Words:
    """To whoever reported the incident that this one was split off from."""
    return _updated(
        f"The security team opened {incident.reference} for a part of what you reported", advice=_NEWS_COMES
    )


def status_changed(incident: Incident, old: Status, new: Status, outcome: Outcome | None) -> Words | None:
    """To whoever reported it; None for a step that says nothing to them."""
    reference = incident.reference
    if new is Status.CLOSED:
        result = [_OUTCOMES[outcome]] if outcome else []
        return _updated(f"{reference} is closed", [*result, *([incident.summary] if incident.summary else [])])
    if old is Status.CLOSED:
        return _updated(f"The security team works on {reference} again", advice=_NEWS_COMES)
    if new in _UNDER_CONTROL and old not in _UNDER_CONTROL:
        return _updated(f"{reference} is under control", ["The damage does not spread any more."])
    if old is Status.NEW:
        return _updated(f"The security team looks into {reference}", advice=_NEWS_COMES)
    return None


def merged(incident: Incident, target: Incident | None) -> Words:
    """To whoever reported the one that went into the other."""
    named = f" It goes on as {target.reference}." if target is not None else ""
    return _updated(f"{incident.reference} was joined with another report", [f"Both are about the same thing.{named}"])


def unmerged(incident: Incident) -> Words:
    """To whoever reported it."""
    return _updated(f"{incident.reference} is looked at on its own again", advice=_NEWS_COMES)


def assigned(incident: Incident, by: str, note: str | None) -> Words:
    """To a new assignee; `by` is the name of whoever assigned it."""
    severity = f"severity {incident.severity}, " if incident.severity else ""
    details = [f"Assigned by {by}: {severity}priority {incident.priority}."]
    return Words(
        NotificationKind.INCIDENT_ASSIGNED,
        f"{incident.reference} was assigned to you",
        [*details, *([note] if note else [])],
    )


def infected(incident: Incident) -> Words:
    """To those who handle it."""
    return _updated(f"A file at {incident.reference} holds malware", advice="Do not open it outside of an analysis.")


def written_to_reporter(incident: Incident, message: Message) -> Words:
    """To whoever reported it: the team wrote."""
    return _message(f"The security team wrote to you about {incident.reference}", message)


def written_to_team(incident: Incident, message: Message, by: str) -> Words:
    """To those who handle it: somebody else wrote."""
    return _message(f"There is a new message at {incident.reference}", message, by)


def answered(incident: Incident, message: Message, by: str) -> Words:
    """To the author of the message that it answers."""
    return _message(f"Your message at {incident.reference} was answered", message, by)


def mentioned(incident: Incident, message: Message, by: str) -> Words:
    """To whom it mentions."""
    headline = f"You were mentioned at {incident.reference}"
    return _message(headline, message, by, NotificationKind.INCIDENT_MENTION)


def _updated(headline: str, details: Sequence[str] = (), advice: str | None = None) -> Words:
    return Words(NotificationKind.INCIDENT_UPDATED, headline, details, (advice,) if advice else ())


def _message(
    headline: str,
    message: Message,
    by: str | None = None,
    kind: NotificationKind = NotificationKind.INCIDENT_MESSAGE,
) -> Words:
    body = message.body or ""
    if len(body) > _LONGEST_QUOTE:
        body = body[:_LONGEST_QUOTE].rstrip() + " …"
    if not message.by_team:
        body = defanged(body)
    return Words(kind, headline, [f"{by} wrote:", body] if by else [body])
