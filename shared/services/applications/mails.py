"""The mails about applications. What applicants wrote stays in the platform; what was said to them is in theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from shared.domain.applications import WAIT_AFTER_REJECTION, Application, ApplicationStatus
from shared.domain.mail import MailMessage, OutboxMail
from shared.domain.people import User
from shared.services.notifications.rendering import render

SUBMITTED = "application_submitted"
REVIEWED = "application_reviewed"
_SUBJECTS = {
    ApplicationStatus.APPROVED: "You are on the security team",
    ApplicationStatus.REJECTED: "Your application to the security team was rejected",
    ApplicationStatus.INFO_REQUESTED: "Your application to the security team: more information is needed",
}


def submitted_mail(application: Application, admins: Iterable[User], public_url: str) -> OutboxMail | None:
    """Tells the administrators who want it that an application waits; None when nobody does."""
    recipients = sorted({admin.email for admin in admins if admin.notifications.application_submitted.email})
    if not recipients:
        return None
    answered = bool(application.reviews)
    values = {
        "name": application.applicant_name,
        "answered": answered,
        "at": f"{application.updated_at:%Y-%m-%d %H:%M} UTC",
        "link": f"{public_url}/api/security-applications/admin/pending",
    }
    what = "Application answered" if answered else "New application"
    subject = f"{what}: {application.applicant_name}"
    return _mail(application, SUBMITTED, recipients, subject, values)


def reviewed_mail(application: Application, applicant: User, public_url: str) -> OutboxMail | None:
    """Tells the applicant what was decided; None when they do not want it."""
    if applicant.disabled or not applicant.notifications.application_reviewed.email:
        return None
    again = application.updated_at + WAIT_AFTER_REJECTION
    values = {
        "name": applicant.display_name,
        "subject": _SUBJECTS[application.status],
        "status": application.status,
        "comment": application.reviews[-1].comment,
        "again_at": f"{again:%Y-%m-%d %H:%M} UTC",
        "link": f"{public_url}/api/security-applications/my-applications",
    }
    return _mail(application, REVIEWED, [applicant.email], _SUBJECTS[application.status], values)


def _mail(
    application: Application, kind: str, recipients: list[str], subject: str, values: Mapping[str, object]
) -> OutboxMail:
    text, html = render(kind, values)
    return OutboxMail(
        id=f"{application.id}-{kind}-{application.version}",  # the same cause is the same mail
        kind=kind,
        about=application.applicant_id,
        message=MailMessage(to=recipients, subject=subject, text=text, html=html),
        created_at=application.updated_at,
        updated_at=application.updated_at,
    )
