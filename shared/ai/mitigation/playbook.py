"""The steps there are, and which of them an incident asks for.

The playbook (playbook.jsonl) is written by hand. Each step names the source that it follows; what it says beyond that,
and the times, are our own judgement.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from shared.domain.mitigation import Owner, Phase
from shared.domain.observables import ObservableType
from shared.domain.taxonomy import Category, Severity

VERSION = "secura-playbook/2026.11.1"
_FILE = Path(__file__).parent / "playbook.jsonl"
_EVERY = "*"


@dataclass(frozen=True, slots=True)
class PlaybookStep:
    """A step, and when it applies.

    `action` may hold placeholders, such as {ip}: the incident's own observables of these types, one of which is needed.
    """

    id: str
    phase: Phase
    categories: frozenset[Category]
    needs: tuple[ObservableType, ...]
    least_severity: Severity
    action: str
    reason: str
    owner: Owner
    minutes: int
    source: str

    def applies(self, category: Category, severity: Severity, named: Mapping[ObservableType, Sequence[str]]) -> bool:
        """Whether an incident of this kind asks for it."""
        return (
            category in self.categories
            and severity.rank >= self.least_severity.rank
            and (not self.needs or any(named.get(kind) for kind in self.needs))
        )


@lru_cache(maxsize=1)
def playbook() -> tuple[PlaybookStep, ...]:
    """All steps, in the order of their phases and within one as they are written: most urgent first."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    steps = [_step(json.loads(line)) for line in lines]
    order = list(Phase)
    return tuple(sorted(steps, key=lambda step: order.index(step.phase)))


def _step(row: Mapping[str, Any]) -> PlaybookStep:
    named = set(Category) if row["for"] == [_EVERY] else {Category(name) for name in row["for"]}
    return PlaybookStep(
        id=row["id"],
        phase=Phase(row["phase"]),
        categories=frozenset(named - {Category(name) for name in row.get("except", [])}),
        needs=tuple(ObservableType(name) for name in row.get("needs", [])),
        least_severity=Severity(row.get("severity", Severity.INFORMATIONAL)),
        action=row["action"],
        reason=row["reason"],
        owner=Owner(row["owner"]),
        minutes=row["minutes"],
        source=row["source"],
    )
