"""A plan for an incident, or for a text that describes one."""

from __future__ import annotations

from collections.abc import Callable

from shared.ai.categorizer import Categorizer
from shared.ai.mitigation.planning import plan
from shared.ai.observables import extract
from shared.ai.severity import assess_severity
from shared.domain.incident import Incident
from shared.domain.mitigation import MitigationPlan, MitigationRequest
from shared.domain.people import Identity


class Mitigating:
    """Plans. `read` gives an incident as reading it does: not found for whom it is not, noted where that is due."""

    def __init__(self, read: Callable[[Identity, str], Incident], categorizer: Categorizer) -> None:
        self._read = read
        self._categorizer = categorizer

    def plan(self, who: Identity, request: MitigationRequest) -> MitigationPlan:
        """The plan; nothing is kept.

        Raises:
            NotFoundError: there is no such incident that the caller may see.
        """
        if request.incident_id is not None:
            return self._for_incident(self._read(who, request.incident_id), request.done)
        return self._for_text(request)

    def _for_incident(self, incident: Incident, done: list[str]) -> MitigationPlan:
        severity = incident.severity
        if severity is None:
            said = assess_severity(
                incident.description,
                incident.title,
                category=incident.category,
                affected_assets=incident.affected_assets,
            )
            severity = said.severity
        traces = [one.key for one in incident.observables if not one.known_good]
        return plan(incident.category, severity, traces, incident.status, done)

    def _for_text(self, request: MitigationRequest) -> MitigationPlan:
        text = request.description or ""
        category = request.category
        if category is None:
            said = self._categorizer.categorize(text, request.title)
            category = None if said.abstained else said.category
        severity = assess_severity(text, request.title, category=category).severity
        traces = [(one.type, one.value) for one in extract(f"{request.title}\n{text}")]
        return plan(category, severity, traces, done=request.done)
