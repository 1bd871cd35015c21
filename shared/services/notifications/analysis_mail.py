"""The security team is told that an incident was analysed."""

from __future__ import annotations

from shared.domain.analysis import Analysis
from shared.domain.incident import Incident
from shared.domain.mail import MailMessage, OutboxMail
from shared.domain.permissions import Role
from shared.domain.visibility import user_may_see
from shared.ports.clock import Clock
from shared.ports.repositories import Outbox, Users
from shared.services.messages.replying import quotable
from shared.services.notifications.rendering import render

KIND = "incident_analysis"
_MOST_REASONS = 5


class AnalysisNotification:
    """Queues one mail for each incident, however often it is asked to."""

    def __init__(self, users: Users, outbox: Outbox, clock: Clock, public_url: str) -> None:
        self._users = users
        self._outbox = outbox
        self._clock = clock
        self._public_url = public_url

    def queue(self, incident: Incident) -> str | None:
        """Queue the mail; its id, or None when nobody is to be told. What is queued is sent: see `outbox_created`."""
        if incident.analysis is None or not incident.notify:
            return None
        mail_id = f"{incident.id}-{KIND}"
        mail = self._new_mail(mail_id, incident, incident.analysis)
        if mail is None:
            return None
        self._outbox.add(mail)
        return mail_id

    def _new_mail(self, mail_id: str, incident: Incident, analysis: Analysis) -> OutboxMail | None:
        team = self._users.with_role(Role.SECURITY_TEAM)
        if incident.confidential:
            # Of these, administrators hear too: there may be nobody else who is named.
            team = [*team, *self._users.with_role(Role.ADMIN)]
        recipients = sorted(
            {user.email for user in team if user.notifications.incident_analyzed.email and user_may_see(user, incident)}
        )
        if not recipients:
            return None
        now = self._clock.now()
        return OutboxMail(
            id=mail_id,
            kind=KIND,
            incident_id=incident.id,
            message=compose(incident, analysis, recipients, self._public_url),
            created_at=now,
            updated_at=now,
        )


def compose(incident: Incident, analysis: Analysis, recipients: list[str], public_url: str) -> MailMessage:
    """The mail's words. The description never leaves by mail; of what is for named people only neither does the title.

    E-mail passes through others' servers: such an incident stays in the platform, and the mail says that it is there.
    """
    quiet = not quotable(incident)
    severity = incident.severity or analysis.severity.severity
    categorization = analysis.categorization
    if incident.category is None:
        category = "not sure: please choose"
    elif incident.category == categorization.category:
        category = f"{_words(incident.category)} ({categorization.confidence:.0%} sure)"
    else:
        category = _words(incident.category)
    reasons = [] if quiet else _reasons(analysis)
    values = {
        "reference": incident.reference,
        "title": "" if quiet else incident.title,
        "severity": _words(severity),
        "score": analysis.severity.score,
        "category": category,
        "priority": _words(incident.priority),
        "reported_at": f"{incident.reported_at:%Y-%m-%d %H:%M} UTC",
        "tlp": incident.tlp,
        "reasons": reasons,
        "link": f"{public_url}/api/incidents/{incident.id}",
    }
    text, html = render(KIND, values)
    subject = f"[TLP:{incident.tlp}] {_words(severity)}: {incident.reference}"
    return MailMessage(to=recipients, subject=subject if quiet else f"{subject} {incident.title}", text=text, html=html)


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _reasons(analysis: Analysis) -> list[str]:
    counted = sorted(
        (factor for factor in analysis.severity.factors if factor.value > 0),
        key=lambda factor: factor.weight * factor.value,
        reverse=True,
    )
    reasons = [f"{_words(factor.name)}: {factor.evidence}" for factor in counted[:_MOST_REASONS]]
    if analysis.categorization.evidence and not analysis.categorization.abstained:
        reasons.append("Words that decided the category: " + ", ".join(analysis.categorization.evidence))
    return reasons
