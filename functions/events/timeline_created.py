"""Firestore incidents/{id}/timeline/{entryId} created → whoever it concerns is told, in the platform and by mail."""

from __future__ import annotations

from typing import Any

from firebase_functions import firestore_fn

from functions import options
from shared import bootstrap
from shared.entry import events


@options.retried
@firestore_fn.on_document_created(
    document="incidents/{incidentId}/timeline/{entryId}", secrets=options.LINK_SECRETS, **options.EVENT
)
def timeline_created(event: firestore_fn.Event[Any]) -> None:
    """Look at what the documents say now, not at the event's copy: events come doubled and out of order."""
    incident_id, entry_id = event.params["incidentId"], event.params["entryId"]
    events.handle("timeline_created", bootstrap.settings(), event.id, lambda: _tell(incident_id, entry_id))


def _tell(incident_id: str, entry_id: str) -> None:
    bootstrap.incident_notices().tell(incident_id, entry_id)
