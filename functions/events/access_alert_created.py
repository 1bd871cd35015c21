"""Firestore access_alerts/{id} created → the administrators are told by mail."""

from __future__ import annotations

from typing import Any

from firebase_functions import firestore_fn

from functions import options
from shared import bootstrap
from shared.entry import events


@options.retried
@firestore_fn.on_document_created(document="access_alerts/{alertId}", **options.EVENT)
def access_alert_created(event: firestore_fn.Event[Any]) -> None:
    """Put the mail into the outbox."""
    alert_id = event.params["alertId"]
    events.handle("access_alert_created", bootstrap.settings(), event.id, lambda: _tell(alert_id))


def _tell(alert_id: str) -> None:
    bootstrap.access_alerting().queue(alert_id)
