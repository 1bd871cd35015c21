"""The chain of custody of one piece of evidence, as people read it."""

from __future__ import annotations

from pydantic import Field

from shared.domain.audit import Actor
from shared.domain.base import Model, UtcDatetime
from shared.domain.custody import SealState
from shared.domain.evidence import EvidenceStatus
from shared.domain.inspection import InspectionWarning, ScanResult


class CustodySeal(Model):
    """The seal that holds an entry: its place in the chain, and what signed it."""

    sequence: int
    head: str
    sealed_at: UtcDatetime
    key_id: str
    public_key: str
    signature: str


class CustodyEntry(Model):
    """One thing that happened. `hash` is the audit entry's own (64 hexadecimal digits), `sha256` the file's then."""

    id: str
    at: UtcDatetime
    recorded_at: UtcDatetime | None
    action: str
    actor: Actor
    person: str | None = Field(default=None, description="Name and address of a person, while they have an account")
    sha256: str | None = None
    details: dict[str, str] = {}
    reason: str | None = None
    hash: str
    state: SealState
    problem: str | None = None
    seal: CustodySeal | None = None


class CustodyFile(Model):
    """What the report is about."""

    id: str
    incident_id: str
    incident_reference: str
    file_name: str
    original_name: str = Field(description="As the uploader said it, characters that cannot be seen written as codes")
    size: int
    status: EvidenceStatus
    content_type: str | None
    detected_type: str | None
    sha256: str | None
    sha1: str | None
    md5: str | None
    warnings: list[InspectionWarning]
    scans: list[ScanResult]


class CustodyReport(Model):
    """Every entry, oldest first, and whether the seals that hold them still fit."""

    file: CustodyFile
    items: list[CustodyEntry]
    made_at: UtcDatetime
    made_by: str
    sealed: int
    waiting: int
    broken: int
    omitted: bool = Field(default=False, description="Whether there are older entries, beyond 5,000")

    @property
    def intact(self) -> bool:
        """Whether nothing was found to be other than it was written."""
        return self.broken == 0
