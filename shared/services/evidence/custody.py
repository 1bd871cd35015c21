"""The chain of custody: what the sealed audit trail says of one file, verified as it is read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.domain.audit import Actor, AuditEntry, MalformedDocument
from shared.domain.custody import Proof, SealState, needed, prove
from shared.domain.custody_report import CustodyEntry, CustodyFile, CustodyReport, CustodySeal
from shared.domain.evidence import Evidence
from shared.domain.file_names import shown as visible
from shared.domain.paging import Cursor
from shared.domain.people import Identity
from shared.domain.sealing import Seal
from shared.domain.verifying import SignatureCheck
from shared.ports.audit import AuditFilter, AuditLog
from shared.ports.clock import Clock
from shared.ports.store import INCIDENTS, USERS, Store
from shared.ports.subject_keys import SubjectCipher
from shared.services.audit.showing import Sealed, ShownEntry, shown
from shared.services.evidence.recording import EvidenceRecord, target_of
from shared.services.evidence.seeing import handled_evidence

_PAGE = 200
MOST_ENTRIES = 5_000
_PERSONAL = frozenset({"file_name", "description", "observables"})


@dataclass(frozen=True, slots=True)
class Trail:
    """The kept audit trail, what reads its values, and what checks a signature by the public keys of these seals."""

    log: AuditLog
    cipher: SubjectCipher
    check_by: Callable[[Sequence[str]], SignatureCheck]


class EvidenceCustody:
    """Reads chains of custody, for those who handle the incident; that one was read is an entry of it."""

    def __init__(self, store: Store, trail: Trail, record: EvidenceRecord, clock: Clock) -> None:
        self._store = store
        self._trail = trail
        self._record = record
        self._clock = clock

    def report(self, who: Identity, incident_id: str, evidence_id: str) -> CustodyReport:
        """The chain.

        Raises:
            NotFoundError: there is no such evidence that the caller handles.
            UnavailableError: the database or the keys cannot be had.
        """
        evidence = handled_evidence(self._store, who, incident_id, evidence_id)
        incident = self._store.get(INCIDENTS, incident_id)
        self._store.create(*self._record.seen(who, evidence, "evidence:custody_read"))
        entries, malformed = self._entries(evidence)
        proofs = self._proofs(entries)
        readable = shown(self._trail.cipher, entries, Sealed([]))
        people = self._people(readable)
        items = [_item(entry, proofs[entry.id], people) for entry in readable]
        items += [_malformed(one, self._clock.now()) for one in malformed]
        states = [item.state for item in items]
        return CustodyReport(
            file=_file(evidence, incident.reference if incident else incident_id),
            items=items,
            made_at=self._clock.now(),
            made_by=people.get(who.uid) or who.email or who.uid,
            sealed=states.count(SealState.SEALED),
            waiting=states.count(SealState.WAITING),
            broken=states.count(SealState.BROKEN),
            omitted=len(entries) >= MOST_ENTRIES,
        )

    def _entries(self, evidence: Evidence) -> tuple[list[AuditEntry], list[MalformedDocument]]:
        target = target_of(evidence)
        where = AuditFilter(target_kind=target.kind, target_id=target.id)
        whole: list[AuditEntry] = []
        malformed: list[MalformedDocument] = []
        after: Cursor | None = None
        while len(whole) < MOST_ENTRIES and (page := self._trail.log.find(where, _PAGE, after)):
            whole += [entry for entry in page if isinstance(entry, AuditEntry)]
            malformed += [entry for entry in page if isinstance(entry, MalformedDocument)]
            last = page[-1]
            if len(page) < _PAGE or last.recorded_at is None:
                break
            after = Cursor(last.recorded_at, last.id)
        return whole[::-1], malformed

    def _proofs(self, entries: Sequence[AuditEntry]) -> Mapping[str, Proof]:
        seals = list(needed(entries, {entry.id: self._seals(entry) for entry in entries}))
        return prove(entries, seals, self._trail.check_by([seal.public_key for seal in seals]))

    def _seals(self, entry: AuditEntry) -> Iterator[Seal]:
        # A seal that is none any more proves nothing: its entries show as held by none.
        return (seal for seal in self._trail.log.seals(entry.recorded_at) if isinstance(seal, Seal))

    def _people(self, entries: Sequence[ShownEntry]) -> dict[str, str]:
        uids = {entry.actor.id for entry in entries if entry.actor.kind == "user"}
        users = [user for uid in sorted(uids) if (user := self._store.get(USERS, uid)) is not None]
        return {user.uid: f"{user.display_name} <{user.email}>" for user in users}


def _item(entry: ShownEntry, proof: Proof, people: Mapping[str, str]) -> CustodyEntry:
    values = {change.field: _plain(change.new) for change in entry.changes if change.new is not None}
    seal = proof.seal
    return CustodyEntry(
        id=entry.id,
        at=entry.at,
        recorded_at=entry.recorded_at,
        action=entry.action,
        actor=entry.actor,
        person=people.get(entry.actor.id),
        sha256=values.pop("sha256", None),
        details={name: value for name, value in values.items() if name not in _PERSONAL},
        reason=entry.reason,
        hash=proof.hash,
        state=SealState.BROKEN if entry.tampered else proof.state,
        problem="a value in it cannot be read as it was written" if entry.tampered else proof.problem,
        seal=CustodySeal(**{name: getattr(seal, name) for name in CustodySeal.model_fields}) if seal else None,
    )


def _malformed(entry: MalformedDocument, now: datetime) -> CustodyEntry:
    at = entry.recorded_at or now
    return CustodyEntry(
        id=entry.id,
        at=at,
        recorded_at=entry.recorded_at,
        action="?",
        actor=Actor(kind="system", id="?"),
        hash="",
        state=SealState.BROKEN,
        problem="it is no entry of the audit trail any more",
    )


def _plain(text: str) -> str:
    value = json.loads(text)
    return value if isinstance(value, str) else text


def _file(evidence: Evidence, reference: str) -> CustodyFile:
    names = set(CustodyFile.model_fields) - {"incident_reference", "original_name"}
    fields = {name: getattr(evidence, name) for name in names}
    return CustodyFile(**fields, incident_reference=reference, original_name=visible(evidence.original_name))
