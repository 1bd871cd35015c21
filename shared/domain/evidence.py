"""Evidence: a file at an incident, what is known of its bytes, and the name it is shown under."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from shared.domain.base import Model, Text, UtcDatetime
from shared.domain.errors import SecuraError
from shared.domain.incident import Reason, Uid
from shared.domain.inspection import ArchiveReport, InspectionWarning, ScanResult

MAX_FILES = 200
"""Files of one incident, those taken away and those that never came included."""
MAX_DIRECT = 10 * 1024 * 1024
"""Bytes of a file that is sent to the platform itself; larger ones go to a session of Cloud Storage."""
SESSION_LIFETIME = timedelta(days=7)
"""Of a resumable upload (Cloud Storage, "Resumable uploads")."""
LINK_LIFETIME = timedelta(minutes=5)
"""Of the link that a file is fetched by."""
LONGEST_NAME = 1_000
ZIP_PASSWORD = "infected"  # noqa: S105  # no secret: what everybody who exchanges malware samples uses
_MAX_SHOWN_BYTES = 200
_UNNAMED = "unnamed"
# What Windows does not take in a name; "/" and "\" are gone by then.
_FORBIDDEN = re.compile(r'[<>:"|?*]')
# learn.microsoft.com, "Naming Files, Paths, and Namespaces": devices, whatever the extension.
_DEVICE = re.compile(r"^(con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)", re.IGNORECASE)


class TooLargeError(SecuraError):
    """A file is over its limit."""


class Bucket(StrEnum):
    """Where bytes are: not looked at yet, released, or dangerous and encrypted."""

    QUARANTINE = "quarantine"
    CLEAN = "clean"
    INFECTED = "infected"


class EvidenceStatus(StrEnum):
    """`expired` is never kept: it is how `awaiting_upload` shows when nothing came within a week."""

    AWAITING_UPLOAD = "awaiting_upload"
    UPLOADED = "uploaded"
    SCANNING = "scanning"
    CLEAN = "clean"
    INFECTED = "infected"
    REFUSED = "refused"
    EXPIRED = "expired"
    DELETED = "deleted"


FINAL = frozenset({EvidenceStatus.CLEAN, EvidenceStatus.INFECTED, EvidenceStatus.REFUSED, EvidenceStatus.DELETED})

FileName = Annotated[str, StringConstraints(strip_whitespace=False, min_length=1, max_length=LONGEST_NAME)]
Note = Annotated[Text, Field(max_length=2_000)]
ContentType = Annotated[
    str,
    Field(
        max_length=127,
        pattern=r"^[A-Za-z0-9!#$&^_.+-]{1,63}/[A-Za-z0-9!#$&^_.+-]{1,63}$",
        description="What the uploader takes it for (RFC 6838)",
        examples=["image/png"],
    ),
]


class Stored(Model):
    """One generation of an object: these bytes and no others. `crc32c` and `md5` are in base64."""

    bucket: Bucket
    name: str
    generation: str
    size: Annotated[int, Field(ge=0)]
    crc32c: str
    md5: str | None = None


class Evidence(Model):
    """The document `incidents/{incident_id}/evidence/{id}`.

    `file_name` is safe to show and to save under, `original_name` what the uploader said. `pinned` is the generation in
    quarantine that counts: bytes of another one are never looked at. `kept` is where the bytes are that people can
    get, with `kept_sha256` of them, which for an encrypted archive is not the file's. `quarantined`: bytes may be in
    quarantine still.
    """

    id: str
    incident_id: str
    uploader_id: Uid
    file_name: str
    original_name: str
    description: Note | None = None
    size: Annotated[int, Field(ge=0)]
    content_type: str | None = None
    detected_type: str | None = None
    detected_label: str | None = None
    sha256: str | None = None
    sha1: str | None = None
    md5: str | None = None
    status: EvidenceStatus = EvidenceStatus.AWAITING_UPLOAD
    refusal: str | None = None
    warnings: list[InspectionWarning] = []
    scans: list[ScanResult] = []
    archive: ArchiveReport | None = None
    pinned: Stored | None = None
    kept: Stored | None = None
    kept_sha256: str | None = None
    quarantined: bool = True
    lease_until: UtcDatetime | None = None
    request_hash: str | None = None
    created_at: UtcDatetime
    uploaded_at: UtcDatetime | None = None
    inspected_at: UtcDatetime | None = None
    deleted_at: UtcDatetime | None = None
    deleted_by: str | None = None

    @property
    def object_name(self) -> str:
        """Of its object, in whichever bucket: nothing that a person said is in it."""
        return object_name(self.incident_id, self.id)

    def shown_status(self, now: datetime) -> EvidenceStatus:
        """The status as people see it."""
        if self.status is EvidenceStatus.AWAITING_UPLOAD and self.created_at + SESSION_LIFETIME <= now:
            return EvidenceStatus.EXPIRED
        return self.status


class EvidenceTally(Model):
    """The document `incidents/{incident_id}/tallies/evidence`: how many files were ever announced."""

    id: str = "evidence"
    count: Annotated[int, Field(ge=0)] = 0


class EvidenceAnnouncement(Model):
    """A file that is going to be uploaded by a resumable session."""

    file_name: FileName
    size: Annotated[int, Field(ge=0, description="Bytes, exactly")]
    content_type: ContentType | None = None
    description: Note | None = None


class EvidenceForm(Model):
    """What comes beside the file in a form."""

    description: Note | None = None


class EvidenceDeletion(Model):
    """Why evidence is taken away."""

    reason: Reason


def object_name(incident_id: str, evidence_id: str) -> str:
    """The name of a piece of evidence's object."""
    return f"incidents/{incident_id}/{evidence_id}"


def ids_in(name: str) -> tuple[str, str] | None:
    """The ids of incident and evidence in an object's name; None when it is none of ours."""
    match name.split("/"):
        case ["incidents", incident_id, evidence_id] if incident_id and evidence_id:
            return incident_id, evidence_id
        case _:
            return None


def kept_text(text: str) -> str:
    """The text as a database can keep it: a lone surrogate, which is no Unicode, becomes U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")[:LONGEST_NAME]


def safe_name(original: str) -> str:
    """The name without what could mislead or harm: path, control and direction characters, leading dots, devices.

    At most 200 bytes of UTF-8, the extension kept. Never empty.
    """
    base = unicodedata.normalize("NFC", kept_text(original)).replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    # Cc control, Cf format (direction, zero width), Cn unassigned, Co private use; Zl and Zp end lines.
    visible = "".join(char for char in base if unicodedata.category(char) not in {"Cc", "Cf", "Cn", "Co", "Zl", "Zp"})
    plain = " ".join(_FORBIDDEN.sub("_", visible).split()).lstrip(". ").rstrip(". ")
    if _DEVICE.match(plain):
        plain = f"_{plain}"
    return _cut(plain) or _UNNAMED


def _cut(name: str) -> str:
    if len(name.encode()) <= _MAX_SHOWN_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > 20:
        stem, dot, extension = name, "", ""
    room = _MAX_SHOWN_BYTES - len((dot + extension).encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + dot + extension
