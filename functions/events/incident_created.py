"""Firestore incidents/{id} created → asks for its analysis."""

from __future__ import annotations

from typing import Any

from firebase_functions import firestore_fn

from functions import options
from shared import bootstrap
from shared.entry import events
from shared.services.analysis.requesting import request_analysis


@options.retried
@firestore_fn.on_document_created(document="incidents/{incidentId}", **options.EVENT)
def incident_created(event: firestore_fn.Event[Any]) -> None:
    """Publish `incident-analysis`."""
    incident_id = event.params["incidentId"]
    events.handle(
        "incident_created", bootstrap.settings(), event.id, lambda: request_analysis(bootstrap.publisher(), incident_id)
    )
