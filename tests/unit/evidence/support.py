"""The use cases of evidence over fakes: one incident, `abc`, that EMPLOYEE reported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from shared.adapters.encrypted_zip import encrypted_zip
from shared.domain.audit import AuditEntry
from shared.domain.evidence import Bucket, Evidence, EvidenceAnnouncement, EvidenceStatus, Stored
from shared.domain.hashing import Hashing
from shared.domain.incident import Incident
from shared.domain.inspection import DetectedType, Inspection, ScanResult, ScanVerdict, conclude
from shared.domain.people import Identity
from shared.domain.timeline import TimelineEntry
from shared.ports.evidence import evidence_of
from shared.ports.scanning import Readable, chunks
from shared.ports.store import AUDIT, INCIDENTS, USERS, timeline_of
from shared.services.audit import AuditTrail
from shared.services.evidence.arriving import Arrival
from shared.services.evidence.deleting import EvidenceDeleting
from shared.services.evidence.downloading import EvidenceDownloading
from shared.services.evidence.moving import Moving
from shared.services.evidence.reading import EvidenceReading
from shared.services.evidence.receiving import Receiving
from shared.services.evidence.recording import EvidenceRecord
from shared.services.evidence.uploading import EvidenceUploading, Tools
from shared.services.incidents.recording import IncidentRecord
from tests.builders import ADMIN, ANALYST, EMPLOYEE, OTHER_EMPLOYEE, incident, user
from tests.evidence_fakes import FakeEvidenceFiles
from tests.fakes import CountingIds, FakeCipher, FakeClock, FakeLinkTokens, FakeStore

BAD = b"malicious"
LIMIT = 1000


class Bytes:
    """A file that was sent whole."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        return len(self._data)

    def pieces(self) -> Iterator[bytes]:
        yield from (self._data[at : at + 7] for at in range(0, len(self._data), 7))


def inspect(file: Readable, _name: str, _declared: str | None) -> Inspection:
    """An inspection that knows one sign of malware."""
    hashing, data = Hashing(), b""
    for chunk in chunks(file):
        hashing.feed(chunk)
        data += chunk
    bad = BAD in data
    verdict = ScanVerdict.INFECTED if bad else ScanVerdict.CLEAN
    scan = ScanResult(scanner="fake", version="1", verdict=verdict, signatures=["Bad"] if bad else [])
    detected = DetectedType(label="txt", mime="text/plain", group="text", description="Text", score=1, text=True)
    return conclude(hashing.hashes(), detected, None, [scan])


class Case:
    """The incident, its people, and everything that can be done with its evidence."""

    def __init__(self, **changes: Any) -> None:
        self.store = FakeStore()
        self.files = FakeEvidenceFiles()
        self.clock = FakeClock()
        self.ids = CountingIds()
        self.inspect = inspect
        self.tokens = FakeLinkTokens(self.clock)
        self.cipher = FakeCipher()
        trail = AuditTrail(self.cipher, self.clock, self.ids)
        self.record = EvidenceRecord(trail, IncidentRecord(trail, self.clock, self.ids))
        self.arrival = Arrival(self.record, lambda one, *_: one)
        self.moving = Moving(self.files, encrypted_zip)
        tools = Tools(self.store, self.files, self.arrival, self.clock, self.ids, LIMIT)
        self.uploading = EvidenceUploading(tools)
        self.reading = EvidenceReading(self.store, self.tokens, self.record, self.clock, "https://secura.example")
        self.downloading = EvidenceDownloading(self.tokens, self.store, self.files, self.record)
        self.deleting = EvidenceDeleting(self.store, self.files, self.moving, self.record, self.clock)
        self.store.add(INCIDENTS, incident(**changes))
        for who in (EMPLOYEE, OTHER_EMPLOYEE, ANALYST, ADMIN):
            assert who.role is not None
            self.store.add(USERS, user(who.uid, who.role, email=who.email))

    @property
    def receiving(self) -> Receiving:
        return Receiving(self.store, self.files, self.moving, self.inspect, self.arrival, self.clock)

    @property
    def incident(self) -> Incident:
        found = self.store.get(INCIDENTS, "abc")
        assert found is not None
        return found

    def send(self, data: bytes = b"some bytes", who: Identity = EMPLOYEE, key: str | None = None) -> Evidence:
        """Upload a file through the platform."""
        what = EvidenceAnnouncement(file_name="a.txt", size=len(data), content_type="text/plain")
        taken = self.uploading.upload(who, "abc", what, Bytes(data), key)
        return self.evidence(taken.content.evidence.id)

    def announce(self, size: int = 5, who: Identity = EMPLOYEE) -> Evidence:
        """Start a session."""
        taken = self.uploading.announce(who, "abc", EvidenceAnnouncement(file_name="a.txt", size=size))
        return self.evidence(taken.content.evidence.id)

    def come(self, evidence: Evidence, data: bytes) -> Stored:
        """What a session does at its end."""
        return self.files.put(Bucket.QUARANTINE, evidence.object_name, [data])

    def received(self, data: bytes = b"some bytes") -> Evidence:
        """Evidence that went the whole way."""
        evidence = self.send(data)
        assert evidence.pinned is not None
        self.receiving.receive(evidence.pinned)
        return self.evidence(evidence.id)

    def evidence(self, evidence_id: str) -> Evidence:
        found = self.store.get(evidence_of("abc"), evidence_id)
        assert found is not None
        return found

    def status(self, evidence: Evidence) -> EvidenceStatus:
        return self.evidence(evidence.id).status

    def buckets(self) -> set[Bucket]:
        """Where bytes are."""
        return {bucket for bucket, _ in self.files.objects}

    def audit(self) -> list[AuditEntry]:
        found = [one for one in self.store.all(AUDIT) if one.target.kind == "evidence"]
        return sorted(found, key=lambda one: one.id)

    def actions(self) -> list[str]:
        return [one.action.removeprefix("evidence:") for one in self.audit()]

    def timeline(self) -> list[TimelineEntry]:
        return sorted(self.store.all(timeline_of("abc")), key=lambda one: one.id)

    def changes(self) -> list[tuple[Any, Any]]:
        """Of the status, as the timeline tells them."""
        return [(change.old, change.new) for entry in self.timeline() for change in entry.changes]
