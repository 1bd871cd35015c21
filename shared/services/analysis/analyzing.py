"""An incident is analysed, once per version of its words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shared.ai.categorizer import Categorization as CategorizerAnswer
from shared.ai.categorizer import Categorizer
from shared.ai.severity import SeverityAssessment as SeverityAnswer
from shared.ai.severity import assess_severity
from shared.domain.analysis import (
    Analysis,
    Categorization,
    CategoryProbability,
    SeverityAssessment,
    SeverityFactor,
)
from shared.domain.incident import Incident, Source
from shared.domain.taxonomy import Category, Priority, Severity
from shared.ports.clock import Clock
from shared.ports.repositories import Incidents
from shared.services.incidents.recording import IncidentRecord

_DIGITS = 4  # of a probability: more would claim a precision that no model has
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
        categorization = self._categorizer.categorize(incident.description, incident.title)
        people_say = incident.category if incident.provenance.category in {Source.REPORTER, Source.TEAM} else None
        category = people_say or (None if categorization.abstained else categorization.category)
        severity = assess_severity(
            incident.description, incident.title, category=category, affected_assets=incident.affected_assets
        )
        return Analysis(
            input_hash=incident.input_hash,
            categorization=_categorization(categorization),
            severity=_severity(severity),
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


def _categorization(answer: CategorizerAnswer) -> Categorization:
    return Categorization(
        category=answer.category,
        confidence=round(answer.confidence, _DIGITS),
        alternatives=[CategoryProbability(category=c, probability=round(p, _DIGITS)) for c, p in answer.alternatives],
        abstained=answer.abstained,
        evidence=list(answer.evidence),
        model=answer.model,
    )


def _severity(answer: SeverityAnswer) -> SeverityAssessment:
    return SeverityAssessment(
        severity=answer.severity,
        score=answer.score,
        confidence=answer.confidence,
        factors=[
            SeverityFactor(name=f.name, weight=f.weight, value=f.value, evidence=f.evidence) for f in answer.factors
        ],
        model=answer.model,
    )
