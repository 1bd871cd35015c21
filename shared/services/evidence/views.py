"""What callers are shown of evidence."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from shared.domain.base import Model, UtcDatetime
from shared.domain.evidence import Evidence, EvidenceStatus
from shared.domain.inspection import ArchiveReport, InspectionWarning, ScanResult


class EvidenceLink(Model):
    """Where the file can be fetched, without further signing in, until when. Not to be passed on."""

    url: str
    expires_at: UtcDatetime
    archive: bool = Field(
        description='Whether it leads to a ZIP archive, encrypted by AES with the password "infected", in place of the '
        "dangerous file itself"
    )


class ShownEvidence(Model):
    """Evidence as the API shows it."""

    id: str
    incident_id: str
    uploader_id: str
    file_name: str = Field(description="Safe to show and to save under")
    original_name: str = Field(description="What the uploader called it: plain text, to be shown with care")
    description: str | None
    size: int
    content_type: str | None = Field(description="What the uploader takes it for")
    detected_type: str | None = Field(description="What its bytes are")
    sha256: str | None
    sha1: str | None
    md5: str | None
    status: EvidenceStatus
    refusal: str | None = Field(description="Why it was refused")
    warnings: list[InspectionWarning]
    scans: list[ScanResult]
    archive: ArchiveReport | None
    created_at: UtcDatetime
    uploaded_at: UtcDatetime | None
    inspected_at: UtcDatetime | None
    deleted_at: UtcDatetime | None
    link: EvidenceLink | None = None

    @classmethod
    def of(cls, evidence: Evidence, now: datetime, link: EvidenceLink | None = None) -> ShownEvidence:
        """The evidence as it is shown now."""
        names = set(cls.model_fields) - {"link", "status"}
        fields = {name: getattr(evidence, name) for name in names}
        return cls(**fields, status=evidence.shown_status(now), link=link)


class ListedEvidence(Model):
    """Evidence in a list."""

    id: str
    file_name: str
    size: int
    content_type: str | None
    detected_type: str | None
    sha256: str | None
    status: EvidenceStatus
    uploader_id: str
    created_at: UtcDatetime

    @classmethod
    def of(cls, evidence: Evidence, now: datetime) -> ListedEvidence:
        """The evidence as it is listed now."""
        fields = {name: getattr(evidence, name) for name in set(cls.model_fields) - {"status"}}
        return cls(**fields, status=evidence.shown_status(now))


class EvidencePage(Model):
    """One page of an incident's evidence, oldest first, and the cursor of the next; null at the end."""

    items: list[ListedEvidence]
    next_cursor: str | None = None


class UploadPlan(Model):
    """How to send the bytes: one request, or a resumable upload as Cloud Storage describes it."""

    url: str = Field(description="Whoever has it can send the file: not to be passed on")
    method: str = "PUT"
    headers: dict[str, str]
    expires_at: UtcDatetime


class TakenEvidence(Model):
    """A file that was taken in, or is going to be: `upload` says how, where its bytes are still to come."""

    evidence: ShownEvidence
    upload: UploadPlan | None = None
