"""The end of an account: what is erased, what is kept and why, and the receipt for it (GDPR, article 17)."""

from __future__ import annotations

from pydantic import Field

from shared.domain.base import Model, UtcDatetime

KEPT = (
    (
        "Incidents you reported, and your messages and files at incidents, stay, with an id in place of your name: "
        "security needs them (GDPR, articles 17(3)(b), 32)."
    ),
    "Entries of the audit trail stay; personal values in them can no longer be read: the key to them was destroyed.",
    "Copies of the database for recovery hold the data until they expire (point-in-time recovery: seven days).",
)


class Erasure(Model):
    """The document `erasures/{uid}`: an erasure that was asked for, and how far it is. It holds nothing personal."""

    uid: str
    receipt_id: str
    requested_at: UtcDatetime
    completed_at: UtcDatetime | None = None
    erased: dict[str, int] = Field(default={}, description="Documents removed, by collection")


class ErasureReceipt(Model):
    """What the person gets. `audit_entry_id` names the entry of the audit trail that proves it."""

    receipt_id: str
    uid: str
    requested_at: UtcDatetime
    completed_at: UtcDatetime
    erased: dict[str, int]
    kept: list[str]
    audit_entry_id: str
