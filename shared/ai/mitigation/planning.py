"""The plan for one incident: the steps of the playbook that it asks for, in the words of its own traces."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from shared.ai.mitigation.playbook import VERSION, PlaybookStep, playbook
from shared.domain.mitigation import MitigationPlan, Phase, PhaseSteps, Step
from shared.domain.observables import ObservableType
from shared.domain.taxonomy import Category, Severity, Status

_NAMED = 5
"""Traces that a step names; of more it says how many there are."""
_HOUR, _DAY = 60, 8 * 60
_PLACEHOLDER = re.compile(r"\{[a-z_]+\}")
_LEFT_BEHIND: Mapping[Status, frozenset[Phase]] = {
    Status.NEW: frozenset(),
    Status.ANALYSIS: frozenset(),
    Status.CONTAINMENT: frozenset({Phase.DETECTION_AND_ANALYSIS}),
    Status.ERADICATION: frozenset({Phase.DETECTION_AND_ANALYSIS, Phase.CONTAINMENT}),
    Status.RECOVERY: frozenset({Phase.DETECTION_AND_ANALYSIS, Phase.CONTAINMENT, Phase.ERADICATION}),
    Status.POST_INCIDENT: frozenset(Phase) - {Phase.POST_INCIDENT},
    Status.CLOSED: frozenset(Phase),
}
"""The phases that an incident in a state has behind it."""


def plan(
    category: Category | None,
    severity: Severity,
    observables: Iterable[tuple[ObservableType, str]] = (),
    status: Status = Status.NEW,
    done: Collection[str] = (),
) -> MitigationPlan:
    """The plan, phase by phase; what is done stays in it and is marked.

    Without a category it is the plan for whatever it may be. Traces are named as they were found, defanged, so that no
    reader's program makes links of them.
    """
    named = _by_type(observables)
    behind = _LEFT_BEHIND[status]
    found = [step for step in playbook() if step.applies(category or Category.OTHER, severity, named)]
    phases = [
        PhaseSteps(
            phase=phase,
            steps=[
                _shown(step, named, is_done=phase in behind or step.id in done) for step in found if step.phase is phase
            ],
        )
        for phase in Phase
    ]
    kept = [one for one in phases if one.steps]
    return MitigationPlan(category=category, severity=severity, phases=kept, model=VERSION)


def _by_type(observables: Iterable[tuple[ObservableType, str]]) -> dict[ObservableType, list[str]]:
    named: dict[ObservableType, list[str]] = {}
    for kind, value in observables:
        named.setdefault(kind, []).append(value)
    return named


def _shown(step: PlaybookStep, named: Mapping[ObservableType, Sequence[str]], *, is_done: bool) -> Step:
    traces = [defanged(value) for kind in step.needs for value in named.get(kind, ())]
    return Step(
        id=step.id,
        # One pass: a trace that holds a placeholder itself is only a trace.
        action=_PLACEHOLDER.sub(lambda _: _listed(traces), step.action),
        reason=step.reason,
        owner=step.owner,
        effort=effort(step.minutes),
        minutes=step.minutes,
        source=step.source,
        done=is_done,
    )


def _listed(traces: Sequence[str]) -> str:
    more = len(traces) - _NAMED
    shown = ", ".join(traces[:_NAMED])
    return f"{shown} and {more} more" if more > 0 else shown


def defanged(value: str) -> str:
    """The value with its dots and schemes written so that nothing follows it."""
    return re.sub(r"^http", "hxxp", value).replace(".", "[.]").replace("@", "[@]")


def effort(minutes: int) -> str:
    """How long it takes, in words: minutes, hours, or working days of eight hours."""
    if minutes < _HOUR:
        return f"{minutes} minutes"
    if minutes < _DAY:
        hours = round(minutes / _HOUR)
        return "1 hour" if hours == 1 else f"{hours} hours"
    days = round(minutes / _DAY)
    return "1 day" if days == 1 else f"{days} days"
