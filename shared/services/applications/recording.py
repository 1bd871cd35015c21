"""The audit entries of applications: their words are personal, their states are not."""

from __future__ import annotations

from shared.domain.applications import Application
from shared.domain.audit import AuditEntry, AuditTarget, changes_between
from shared.domain.people import Identity
from shared.services.audit import AuditTrail

_PLAIN = frozenset({"id", "applicant_id", "status", "created_at", "decided_at"})
_BESIDE = frozenset({"reviews", "request_key", "request_hash"})
"""What an entry says otherwise (a review is the entry's reason), and what says nothing about anybody."""


def application_entry(  # what was done, by whom, and what it changed
    trail: AuditTrail,
    who: Identity,
    verb: str,
    before: Application | None,
    after: Application,
    reason: str | None = None,
) -> AuditEntry:
    """The entry application:<verb>. Its subject is the applicant."""
    return trail.entry(
        who,
        f"application:{verb}",
        AuditTarget(kind="application", id=after.id),
        subject=after.applicant_id,
        changes=changes_between(before, after, _PLAIN, _BESIDE),
        reason=reason or None,
    )
