"""Applying to the security team, and deciding who joins it."""

from shared.services.applications.applying import Applied, Applying
from shared.services.applications.reading import ApplicationReading
from shared.services.applications.reviewing import Reviewing

__all__ = ["ApplicationReading", "Applied", "Applying", "Reviewing"]
