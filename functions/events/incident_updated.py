"""Firestore incidents/{id} updated → mails about a new analysis, asks for one when the words changed."""

from __future__ import annotations

from typing import Any

from firebase_functions import firestore_fn
from firebase_functions.core import Change

from functions import options
from shared import bootstrap
from shared.entry import events
from shared.services.analysis.requesting import request_analysis
from shared.services.incidents.reading import current


@options.retried
@firestore_fn.on_document_updated(document="incidents/{incidentId}", **options.EVENT)
def incident_updated(event: firestore_fn.Event[Change[Any]]) -> None:
    """Look at what the incident is now, not at the event's copy: events come doubled and out of order."""
    incident_id = event.params["incidentId"]
    events.handle("incident_updated", bootstrap.settings(), event.id, lambda: _follow_up(incident_id))


def _follow_up(incident_id: str) -> None:
    incident = current(bootstrap.incidents(), incident_id)
    if incident.analysis is None or incident.analysis.input_hash != incident.input_hash:
        request_analysis(bootstrap.publisher(), incident_id)
    if incident.analysis is not None:
        bootstrap.analysis_notification().queue(incident)
