"""What happens to evidence leaves an entry of its chain of custody in the audit trail, and one of the timeline where
people should hear of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from shared.domain.audit import Actor, AuditEntry, AuditTarget, FieldChange, as_json
from shared.domain.evidence import Evidence, EvidenceStatus, Stored
from shared.domain.incident import Incident
from shared.domain.inspection import Inspection
from shared.domain.observables import Observable
from shared.domain.people import Identity
from shared.domain.timeline import TimelineChange, TimelineKind
from shared.ports.store import AUDIT, New, timeline_of
from shared.services.audit import AuditTrail
from shared.services.incidents.recording import IncidentRecord

TARGET = "evidence"
PLATFORM = Actor(kind="system", id="evidence_uploaded")


class EvidenceRecord:
    """Makes the entries, for the commit of what they tell of. Personal values are the uploader's."""

    def __init__(self, trail: AuditTrail, record: IncidentRecord) -> None:
        self._trail = trail
        self._record = record

    def announced(self, who: Identity, evidence: Evidence) -> New:
        """Somebody is going to upload it."""
        said = {"size": evidence.size, "content_type": evidence.content_type}
        personal = {"file_name": evidence.original_name, "description": evidence.description}
        return self._custody(who, "evidence:announced", evidence, _new(said) + _new(personal, personal=True))

    def uploaded(self, before: Evidence, after: Evidence, found: Sequence[Observable]) -> list[New]:
        """Its bytes are in quarantine; by the uploader, who alone was given a way to put them there."""
        who = Actor(kind="user", id=after.uploader_id)
        changes = _new({"sha256": after.sha256, **_place(after.pinned)})
        if found:
            changes += _new({"observables": [one.model_dump(mode="json") for one in found]}, personal=True)
        return [self._custody(who, "evidence:uploaded", after, changes), self._told(who, before, after)]

    def inspected(self, evidence: Evidence, inspection: Inspection) -> New:
        """The platform looked at it."""
        hashes = inspection.hashes
        found = {
            "sha256": hashes.sha256,
            "sha1": hashes.sha1,
            "md5": hashes.md5,
            "size": hashes.size,
            "generation": evidence.pinned.generation if evidence.pinned else None,
            "verdict": inspection.verdict.value,
            "detected_type": inspection.type.mime,
            "scans": [scan.model_dump(mode="json") for scan in inspection.scans],
        }
        return self._custody(PLATFORM, "evidence:scanned", evidence, _new(found))

    def settled(self, incident: Incident, before: Evidence, after: Evidence, found: Sequence[Observable]) -> list[New]:
        """What became of it is known: released, locked away, or refused."""
        entries: list[New] = []
        if after.kept is not None:
            place = _new({"sha256": after.sha256, "kept_sha256": after.kept_sha256, **_place(after.kept)})
            entries.append(self._custody(PLATFORM, "evidence:copied", after, place))
        if after.refusal is not None:
            entries.append(self._custody(PLATFORM, "evidence:refused", after, _new({"refusal": after.refusal})))
        if found:
            traces = _new({"observables": [one.model_dump(mode="json") for one in found]}, personal=True)
            target = AuditTarget(kind="incident", id=incident.id)
            entries.append(self._record.done(PLATFORM, incident, "incident:changed", target, traces))
        return [*entries, self._told(PLATFORM, before, after)]

    def purged(self, evidence: Evidence) -> New:
        """Nothing of it is in quarantine any more."""
        gone = _new({"sha256": evidence.sha256, **_place(evidence.pinned)})
        return self._custody(PLATFORM, "evidence:deleted", evidence, gone)

    def overwritten(self, evidence: Evidence, other: Stored) -> list[New]:
        """Other bytes came under its name and were thrown away. The same cause makes the same entries."""
        scope = f"{other.name}\0{other.generation}"
        key = f"overwrite-{hashlib.sha256(scope.encode()).hexdigest()[:20]}"
        entry = self._entry(PLATFORM, "evidence:overwrite_refused", evidence, _new(_place(other)), entry_id=key)
        note = "Somebody put other bytes in the place of this file; they were thrown away"
        told = self._record.entry(
            PLATFORM, evidence.incident_id, TimelineKind.EVIDENCE, internal=True, note=note, about=evidence.id
        )
        return [(AUDIT, entry), (timeline_of(evidence.incident_id), told.model_copy(update={"id": key}))]

    def deleted(self, who: Identity, before: Evidence, after: Evidence, reason: str) -> list[New]:
        """Somebody took its bytes away."""
        stored = before.kept or before.pinned
        changes = _new({"sha256": before.sha256, **_place(stored)})
        return [
            self._custody(who, "evidence:deleted", after, changes, reason),
            self._told(who, before, after, note=reason),
        ]

    def seen(self, who: Identity, evidence: Evidence, action: str, more: Mapping[str, object] | None = None) -> New:
        """Somebody looked at it, or fetched it: an entry about them, not about the uploader."""
        changes = _new({"sha256": evidence.sha256, **(more or {})})
        return AUDIT, self._trail.entry(who, action, target_of(evidence), changes=changes)

    def opened(self, who: Identity, incident: Incident) -> New | None:
        """Somebody else than the reporter saw the list of an incident for named people; None for any other."""
        entry = self._record.read(who, incident)
        return (AUDIT, entry) if entry is not None else None

    def _custody(
        self,
        who: Identity | Actor,
        action: str,
        evidence: Evidence,
        changes: Sequence[FieldChange] = (),
        reason: str | None = None,
    ) -> New:
        return AUDIT, self._entry(who, action, evidence, changes, reason)

    def _entry(  # what an entry says
        self,
        who: Identity | Actor,
        action: str,
        evidence: Evidence,
        changes: Sequence[FieldChange],
        reason: str | None = None,
        *,
        entry_id: str | None = None,
    ) -> AuditEntry:
        target = target_of(evidence)
        return self._trail.entry(
            who, action, target, subject=evidence.uploader_id, changes=changes, reason=reason, entry_id=entry_id
        )

    def _told(self, who: Identity | Actor, before: Evidence, after: Evidence, note: str | None = None) -> New:
        old = None if before.status is EvidenceStatus.AWAITING_UPLOAD else before.status.value
        change = TimelineChange(field="status", old=old, new=after.status.value)
        kind = TimelineKind.EVIDENCE
        entry = self._record.entry(who, after.incident_id, kind, changes=[change], note=note, about=after.id)
        return timeline_of(after.incident_id), entry


def target_of(evidence: Evidence) -> AuditTarget:
    """What the entries of its chain of custody are about."""
    return AuditTarget(kind=TARGET, id=f"{evidence.incident_id}/{evidence.id}")


def _place(stored: Stored | None) -> dict[str, object]:
    if stored is None:
        return {}
    return {
        "bucket": stored.bucket.value,
        "generation": stored.generation,
        "stored_size": stored.size,
        "crc32c": stored.crc32c,
        "stored_md5": stored.md5,
    }


def _new(values: Mapping[str, object], *, personal: bool = False) -> list[FieldChange]:
    return [
        FieldChange(field=name, new=as_json(value), personal=personal)
        for name, value in values.items()
        if value is not None
    ]
