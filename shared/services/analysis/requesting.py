"""Asking for an analysis; light, so that the functions that only ask do not load the models."""

from __future__ import annotations

from shared.ports.messaging import Publisher

ANALYSIS_TOPIC = "incident-analysis"


def request_analysis(publisher: Publisher, incident_id: str) -> None:
    """Ask for the analysis of the incident; asking twice is harmless.

    Raises:
        UnavailableError: the request could not be published.
    """
    publisher.publish(ANALYSIS_TOPIC, {"incident_id": incident_id})
