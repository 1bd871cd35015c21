"""Verifying some entries of the audit trail by the seals that hold them, without the rest of the trail.

It shows that these entries are as they were when they were sealed, and that each seal's signature and head fit. That no
entry is missing, and that the seals are one chain, is shown by verifying the whole trail: see `verifying`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.audit import AuditEntry
from shared.domain.sealing import Seal, entry_hash, head_after
from shared.domain.verifying import SignatureCheck


class SealState(StrEnum):
    """`waiting`: too new to be sealed. `broken`: the entry or its seal is not as it was written, or no seal holds it
    although it is older than what is sealed.
    """

    SEALED = "sealed"
    WAITING = "waiting"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Proof:
    """What the seals say of one entry; `hash` is the entry's as it is now."""

    hash: str
    state: SealState
    seal: Seal | None = None
    problem: str | None = None


def prove(entries: Sequence[AuditEntry], seals: Iterable[Seal], check: SignatureCheck) -> dict[str, Proof]:
    """A proof for each entry, by its id. `seals` are those that could hold them, in their order."""
    holders: dict[str, tuple[Seal, str]] = {}
    problems: dict[int, str | None] = {}
    closed = None
    wanted = {entry.id for entry in entries}
    for seal in seals:
        problems[seal.sequence] = _problem(seal, check)
        closed = seal.closed_until if closed is None else max(closed, seal.closed_until)
        holders |= {listed.id: (seal, listed.hash) for listed in seal.entries if listed.id in wanted}
    found: dict[str, Proof] = {}
    for entry in entries:
        own = entry_hash(entry.model_dump(mode="json"))
        if entry.id not in holders:
            late = entry.recorded_at is None or (closed is not None and entry.recorded_at <= closed)
            problem = "no seal holds it, although later entries are sealed" if late else None
            found[entry.id] = Proof(own, SealState.BROKEN if late else SealState.WAITING, None, problem)
            continue
        seal, listed_hash = holders[entry.id]
        problem = "it was changed after it was sealed" if own != listed_hash else problems[seal.sequence]
        found[entry.id] = Proof(own, SealState.BROKEN if problem else SealState.SEALED, seal, problem)
    return found


def needed(entries: Sequence[AuditEntry], read: Mapping[str, Iterator[Seal]]) -> Iterator[Seal]:
    """The seals that could hold the entries, each once, in their order, and no more than needed.

    `read` gives for each entry's id the seals from the one on that reaches the entry's time.
    """
    seen: dict[int, Seal] = {}
    held: set[str] = set()
    for entry in entries:
        if entry.id in held or entry.recorded_at is None:
            continue
        for seal in read[entry.id]:
            seen[seal.sequence] = seal
            held |= {listed.id for listed in seal.entries}
            # Behind its closed time a seal holds nothing older.
            if entry.id in held or seal.closed_until > entry.recorded_at:
                break
    yield from (seen[sequence] for sequence in sorted(seen))


def _problem(seal: Seal, check: SignatureCheck) -> str | None:
    if not check(seal.key_id, seal.payload, seal.signature.encode()):
        return f"seal {seal.sequence} is not signed by the key it names"
    if seal.count != len(seal.entries) or head_after(seal.previous, seal.entries) != seal.head:
        return f"the head of seal {seal.sequence} does not follow from its entries"
    return None
