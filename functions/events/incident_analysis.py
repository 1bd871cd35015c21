"""Pub/Sub incident-analysis → the AI's analysis is written to the incident."""

from __future__ import annotations

from typing import Any

from firebase_functions import pubsub_fn
from firebase_functions.core import CloudEvent

from functions import options
from shared import bootstrap
from shared.entry import events
from shared.services.analysis.requesting import ANALYSIS_TOPIC


@options.retried
@pubsub_fn.on_message_published(topic=ANALYSIS_TOPIC, secrets=options.AUDIT_SECRETS, **options.EVENT)
def incident_analysis(event: CloudEvent[pubsub_fn.MessagePublishedData[Any]]) -> None:
    """Analyse the incident that the message names."""
    incident_id = events.text_of(event.data.message.json, "incident_id")
    events.handle("incident_analysis", bootstrap.settings(), event.id, lambda: _analyze(incident_id))


def _analyze(incident_id: str) -> None:
    bootstrap.incident_analysis().analyze(incident_id)
