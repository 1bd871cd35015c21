"""Why a script of this package does nothing."""

from __future__ import annotations


class RefusedError(Exception):
    """The script cannot start or was not confirmed, and nothing was changed; the text is one line for the user."""
