"""An incident is analysed, once per version of its words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.ai.categorizer import Categorizer
from shared.domain.analysis import Analysis
from shared.domain.incident import Incident, Source
from shared.domain.taxonomy import Category, Priority, Severity
from shared.ports.clock import Clock
from shared.ports.repositories import Incidents
from shared.services.analysis.judging import assessed, categorized
from shared.services.incidents.recording import IncidentRecord

_PRIORITY_OF = {
    Severity.INFORMATIONAL: Priority.LOW,
    Severity.LOW: Priority.LOW,
    Severity.MEDIUM: Priority.NORMAL,
    Severity.HIGH: Priority.HIGH,
    Severity.CRITICAL: Priority.URGENT,
}


class IncidentAnalysis:
    """Judges an incident and writes the judgement to it; a person's own judgement is never overwritten."""

    def __init__(self, incidents: Incidents, record: IncidentRecord, categorizer: Categorizer, clock: Clock) -> None:
        self._incidents = incidents
        self._record = record
        self._categorizer = categorizer
        self._clock = clock

    def analyze(self, incident_id: str) -> Incident:
        """The incident with its analysis; calling again with the same words and models changes nothing.

        Raises:
            NotFoundError: there is no such incident.
        """
        now = self._clock.now()

        def judge(incident: Incident) -> Incident:
            analysis = self._judge(incident, now)
            if incident.analysis and incident.analysis.model_copy(update={"analyzed_at": now}) == analysis:
                return incident
            return _with_analysis(incident, analysis, now)

        return self._incidents.update(incident_id, judge, self._record.analyzed)

    def _judge(self, incident: Incident, now: datetime) -> Analysis:
        categorization = categorized(self._categorizer, incident.description, incident.title)
        people_say = incident.category if incident.provenance.category in {Source.REPORTER, Source.TEAM} else None
        category = people_say or (None if categorization.abstained else categorization.category)
        return Analysis(
            input_hash=incident.input_hash,
            categorization=categorization,
            severity=assessed(incident.description, incident.title, category, incident.affected_assets),
            analyzed_at=now,
        )


def _with_analysis(incident: Incident, analysis: Analysis, now: datetime) -> Incident:
    """The AI fills what nobody has said, or what it said itself before."""
    updates: dict[str, Any] = {"analysis": analysis, "updated_at": now, "version": incident.version + 1}
    judged: dict[str, Source] = {}
    open_to_ai = {None, Source.AI}
    if incident.provenance.category in open_to_ai and not analysis.categorization.abstained:
        category: Category = analysis.categorization.category
        updates |= {"category": category, "category_tag": category.rsit_tag}
        judged["category"] = Source.AI
    if incident.provenance.severity in open_to_ai:
        updates["severity"] = analysis.severity.severity
        judged["severity"] = Source.AI
    if incident.provenance.priority in open_to_ai:
        updates["priority"] = _PRIORITY_OF[updates.get("severity") or incident.severity or analysis.severity.severity]
        judged["priority"] = Source.AI
    updates["provenance"] = incident.provenance.model_copy(update=judged)
    return incident.model_copy(update=updates)
