"""Reporting, reading and changing incidents."""

from shared.services.incidents.changing import IncidentChanging
from shared.services.incidents.reading import IncidentReading
from shared.services.incidents.reporting import IncidentReporting, Reported

__all__ = ["IncidentChanging", "IncidentReading", "IncidentReporting", "Reported"]
