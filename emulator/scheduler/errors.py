"""What is wrong with a schedule."""

from __future__ import annotations


class ScheduleError(ValueError):
    """The schedule cannot be understood, or never runs; the text is one line for the user."""
