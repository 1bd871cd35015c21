"""Short mails to one person: some paragraphs and, where there is something to do, one link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain.mail import MailMessage, OutboxMail
from shared.services.notifications.rendering import render

_TEMPLATE = "notice"
_KEPT_FOR = timedelta(days=30)  # its address is personal data; nobody asks for it later


@dataclass(frozen=True, slots=True)
class Notice:
    """What is said. `kind` names it in the outbox."""

    kind: str
    subject: str
    paragraphs: Sequence[str]
    link: str | None = None
    link_label: str = "Open"
    why: str = "You get this mail because it is about the safety of your account; it cannot be turned off."


def notice_mail(mail_id: str, to: str, notice: Notice, now: datetime) -> OutboxMail:
    """The mail for the outbox; `mail_id` is made from the cause, so that a repeated cause is the same mail."""
    values = {
        "subject": notice.subject,
        "paragraphs": list(notice.paragraphs),
        "link": notice.link,
        "link_label": notice.link_label,
        "why": notice.why,
    }
    text, html = render(_TEMPLATE, values)
    message = MailMessage(to=[to], subject=notice.subject, text=text, html=html)
    return OutboxMail(
        id=mail_id, kind=notice.kind, message=message, expires_at=now + _KEPT_FOR, created_at=now, updated_at=now
    )
