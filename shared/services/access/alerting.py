"""Administrators are told that many requests of one person or address were refused."""

from __future__ import annotations

from urllib.parse import urlencode

from shared.domain.access import AccessAlert, SubjectKind
from shared.domain.errors import NotFoundError
from shared.domain.mail import MailMessage, OutboxMail
from shared.domain.permissions import Role
from shared.ports.access import ALERTS
from shared.ports.clock import Clock
from shared.ports.repositories import Outbox, Users
from shared.ports.store import Store
from shared.services.notifications.rendering import render

KIND = "access_alert"
_WHOM = {SubjectKind.USER: "a signed-in person", SubjectKind.ADDRESS: "an address"}


class AccessAlerting:
    """Queues one mail for each alert, however often it is asked to."""

    def __init__(self, store: Store, users: Users, outbox: Outbox, clock: Clock, public_url: str) -> None:
        self._store = store
        self._users = users
        self._outbox = outbox
        self._clock = clock
        self._public_url = public_url

    def queue(self, alert_id: str) -> str | None:
        """Queue the mail to every administrator who wants such; its id, or None when nobody does.

        Raises:
            NotFoundError: there is no such alert.
        """
        alert = self._store.get(ALERTS, alert_id)
        if alert is None:
            raise NotFoundError("There is no such alert")
        admins = self._users.with_role(Role.ADMIN)
        recipients = sorted({user.email for user in admins if user.notifications.access_alert.email})
        if not recipients:
            return None
        now = self._clock.now()
        mail = OutboxMail(
            id=f"{KIND}-{alert.id}",
            kind=KIND,
            message=self._message(alert, recipients),
            created_at=now,
            updated_at=now,
        )
        self._outbox.add(mail)
        return mail.id

    def _message(self, alert: AccessAlert, recipients: list[str]) -> MailMessage:
        # Who it is about stays in the platform: mail passes through others' servers.
        whom = _WHOM[alert.kind]
        query = urlencode({"kind": alert.kind, "alerts_only": "true", "from": alert.window_start.isoformat()})
        values = {
            "whom": whom,
            "total": alert.total,
            "window": f"{alert.window_start:%Y-%m-%d %H:%M} UTC",
            "raised_at": f"{alert.raised_at:%Y-%m-%d %H:%M} UTC",
            "path": alert.last_path,
            "link": f"{self._public_url}/api/auth/admin/access?{query}",
        }
        text, html = render(KIND, values)
        return MailMessage(to=recipients, subject=f"Many refused requests of {whom}", text=text, html=html)
