"""What a report is held to beside its own shape: the people it names and the values of custom fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from shared.domain.custom_values import Values
from shared.domain.incident import IncidentReport
from shared.domain.people import Identity
from shared.ports.store import Store
from shared.services.incidents.access import reported_access

CheckCustom: TypeAlias = Callable[[Values, Values], Values]
"""The current values (second) with the given ones (first) in their place."""
Accept: TypeAlias = Callable[[Identity, IncidentReport], IncidentReport]
"""The report as it is kept; InvalidInputError for one that cannot be."""


class ReportAcceptance:
    """Checks and completes a report."""

    def __init__(self, store: Store, check_custom: CheckCustom) -> None:
        self._store = store
        self._check_custom = check_custom

    def __call__(self, who: Identity, report: IncidentReport) -> IncidentReport:
        """The report with its people and its custom values as they are kept.

        Raises:
            InvalidInputError: people who cannot be named, or values that are not usable.
        """
        kept = {
            "access_ids": reported_access(self._store, who, report),
            "custom_fields": self._check_custom(report.custom_fields, {}),
        }
        differing = {name: value for name, value in kept.items() if getattr(report, name) != value}
        return report.model_copy(update=differing) if differing else report
