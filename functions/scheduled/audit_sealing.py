"""Every five minutes: what the audit trail recorded is sealed."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from firebase_functions import scheduler_fn

from functions import options
from shared import bootstrap
from shared.entry import events


@scheduler_fn.on_schedule(
    schedule="*/5 * * * *", secrets=["SECURA_AUDIT_SIGNING_KEY"], timezone=ZoneInfo("Etc/UTC"), **options.SCHEDULED
)
def audit_sealing(event: scheduler_fn.ScheduledEvent) -> None:
    """Seal what is old enough."""
    name = event.job_name or "audit_sealing"
    events.handle("audit_sealing", bootstrap.settings(), name, _seal)


def _seal() -> None:
    bootstrap.audit_sealing().seal()
