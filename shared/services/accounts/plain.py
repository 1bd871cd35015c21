"""Which fields of a user document say nothing personal, and so stand readable in the audit trail for ever."""

from __future__ import annotations

PLAIN_FIELDS = frozenset(
    {"uid", "role", "is_lead", "disabled", "second_factor_required", "invited", "sessions_valid_from", "created_at"}
)
