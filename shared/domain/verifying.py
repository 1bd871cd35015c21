"""Verifying an exported audit trail, line by line, without a database: what is broken, and where first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from shared.domain.audit import AuditEntry
from shared.domain.sealing import GENESIS, Seal, SealedEntry, entry_hash, head_after, seal_id

SignatureCheck = Callable[[str, bytes, bytes], bool]
"""(key id, payload, signature in base64) → whether the signature is that key's."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing that is broken: an entry's or a seal's id, and what is wrong with it."""

    kind: str
    id: str
    problem: str


@dataclass(slots=True)
class Verdict:
    """What was proven. `finding` None: nothing was changed, removed, reordered or put in."""

    finding: Finding | None = None
    seals: int = 0
    sealed: int = 0
    unsealed: int = 0
    unsealed_since: str | None = None
    first_sequence: int | None = None
    head: str | None = None
    last_sealed_at: str | None = None
    key_id: str | None = None


class _BrokenError(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.problem)
        self.finding = finding


def verify(
    lines: Iterable[Mapping[str, Any]], check: SignatureCheck, known_head: str | None = None, *, whole: bool = False
) -> Verdict:
    """Verify the lines of an export: entries `{"entry": …}` in the order of the chain, each seal `{"seal": …}` behind
    its entries, what is not sealed yet at the end.

    `known_head` is a head that was noted at another time: it has to be in the chain, or its end was cut off. With
    `whole` the chain has to begin with its first seal.
    """
    verification = _Verification(check, whole)
    try:
        for line in lines:
            verification.take(line)
        verification.end(known_head)
    except _BrokenError as broken:
        verification.verdict.finding = broken.finding
    return verification.verdict


@dataclass(slots=True)
class _Verification:
    check: SignatureCheck
    whole: bool
    verdict: Verdict = field(default_factory=Verdict)
    last: Seal | None = None
    heads: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    waiting: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def take(self, line: Mapping[str, Any]) -> None:
        if "entry" in line:
            self._entry(line["entry"])
        elif "seal" in line:
            self._seal(line["seal"])

    def end(self, known_head: str | None) -> None:
        last = self.last
        times: list[datetime] = []
        for entry_id, entry in self.waiting.items():
            recorded_at = AuditEntry.model_validate(entry).recorded_at
            if recorded_at is None:
                raise _broken("entry", entry_id, "was put in: it was never recorded")
            if last is not None and recorded_at <= last.closed_until:
                raise _broken("entry", entry_id, "was put in: it lies in what is sealed, and no seal holds it")
            times.append(recorded_at)
        self.verdict.unsealed = len(times)
        self.verdict.unsealed_since = min(times).isoformat() if times else None
        if known_head is not None and known_head not in self.heads:
            raise _broken("head", known_head, "is not in the chain: its end was cut off, or it is another chain")

    def _entry(self, entry: Any) -> None:
        entry_id = str(entry.get("id")) if isinstance(entry, Mapping) else "?"
        try:
            AuditEntry.model_validate(entry)
        except ValidationError:
            raise _broken("entry", entry_id, "was changed: it is no entry any more") from None
        if entry_id in self.seen:
            raise _broken("entry", entry_id, "is there twice")
        self.seen.add(entry_id)
        self.waiting[entry_id] = entry

    def _seal(self, raw: Any) -> None:
        seal = self._read(raw)
        self._check_link(seal)
        for problem in _entry_problems(seal.entries, self.waiting):
            raise _BrokenError(problem)
        if seal.count != len(seal.entries) or head_after(seal.previous, seal.entries) != seal.head:
            raise _broken("seal", seal.id, "was changed: its head does not follow from its entries")
        for sealed in seal.entries:
            del self.waiting[sealed.id]
        self._accept(seal)

    def _read(self, raw: Any) -> Seal:
        try:
            return Seal.model_validate(raw)
        except ValidationError:
            name = str(raw.get("id")) if isinstance(raw, Mapping) else "?"
            raise _broken("seal", name, "was changed: it is no seal any more") from None

    def _check_link(self, seal: Seal) -> None:
        if seal.id != seal_id(seal.sequence):
            raise _broken("seal", seal.id, f"was changed: it calls itself seal {seal.sequence}")
        if not self.check(seal.key_id, seal.payload, seal.signature.encode()):
            raise _broken("seal", seal.id, "is not signed by the key it names")
        if self.last is None:
            if self.whole and seal.sequence != 1:
                raise _broken("seal", seal_id(1), f"was removed: the first one there is seal {seal.sequence}")
            if seal.sequence == 1 and seal.previous != GENESIS:
                raise _broken("seal", seal.id, "is the first one and follows something")
            self.heads.add(seal.previous)  # an earlier verification ended there
            return
        if seal.sequence != self.last.sequence + 1:
            raise _broken("seal", seal.id, f"does not follow seal {self.last.sequence}: seals are missing or reordered")
        if seal.previous != self.last.head:
            raise _broken("seal", seal.id, "does not follow the head of the seal before")

    def _accept(self, seal: Seal) -> None:
        self.last = seal
        self.heads.add(seal.head)
        verdict = self.verdict
        verdict.first_sequence = verdict.first_sequence or seal.sequence
        verdict.seals += 1
        verdict.sealed += seal.count
        verdict.head = seal.head
        verdict.key_id = seal.key_id
        verdict.last_sealed_at = seal.sealed_at.isoformat()


def _entry_problems(sealed: list[SealedEntry], waiting: Mapping[str, Mapping[str, Any]]) -> Iterator[Finding]:
    """What differs between what a seal lists and what is there, in the order of the chain."""
    order = iter(waiting)
    for listed in sealed:
        entry = waiting.get(listed.id)
        if entry is None:
            yield Finding("entry", listed.id, "was removed")
        elif next((one for one in order if one == listed.id), None) is None:
            yield Finding("entry", listed.id, "was reordered")
        elif entry_hash(entry) != listed.hash:
            yield Finding("entry", listed.id, "was changed")


def _broken(kind: str, name: str, problem: str) -> _BrokenError:
    return _BrokenError(Finding(kind, name, problem))
