"""Sealing the audit trail: canonical form, hashes, chain and signed seals, and what verifies them. No I/O.

- An entry's hash is SHA-256 over its canonical form: RFC 8785 (JSON Canonicalization Scheme) of its JSON without
  members that are null, so that a field added later leaves old hashes as they are. All values are texts, lists, objects
  and booleans, for which sorted keys and Python's shortest form are the scheme.
- Link i of the chain is SHA-256(link i-1 || hash i). A seal holds the hashes of some entries in order, the head before
  and the head after them, and an Ed25519 signature over everything but the list, which the head covers.
- Each use of a hash begins with a name of its own (domain separation).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from shared.domain.audit import AuditEntry
from shared.domain.base import Model, UtcDatetime

OVERLAP = timedelta(minutes=10)
"""How late an entry can turn up: it carries the time at which its commit began, and a commit takes minutes at most."""

GENESIS = "0" * 64
"""The head before the first seal."""

_ENTRY = b"secura.audit.entry.v1\0"
_LINK = b"secura.audit.link.v1\0"
_SEAL = b"secura.audit.seal.v1\0"


class SealedEntry(Model):
    """An entry's place in a seal: its id and its hash (64 hexadecimal digits)."""

    id: str
    hash: str


class Seal(Model):
    """The document `audit_seals/{sequence}`; created once, never changed.

    `until` is the latest `recorded_at` looked at so far; `previous` and `head` are links of the chain, `public_key`
    and `signature` are base64. Who verifies knows the public key from elsewhere: here it only tells which one it was.
    """

    id: str
    sequence: int = Field(ge=1)
    previous: str
    entries: list[SealedEntry]
    count: int
    until: UtcDatetime
    sealed_at: UtcDatetime
    head: str
    key_id: str
    public_key: str
    signature: str = ""

    @property
    def closed_until(self) -> datetime:
        """No entry recorded until then is sealed later: neither late nor new."""
        return min(self.until, self.sealed_at - OVERLAP)

    @property
    def payload(self) -> bytes:
        """What is signed."""
        return _SEAL + canonical(self.model_dump(mode="json", exclude={"id", "entries", "signature"}))


def seal_id(sequence: int) -> str:
    """The document's id: in the order of the sequence."""
    return f"{sequence:012d}"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that seals are signed by: its id, and itself in base64."""

    id: str
    text: str


def new_seal(last: Seal | None, entries: Iterable[AuditEntry], sealed_at: UtcDatetime, key: PublicKey) -> Seal:
    """The seal that follows `last`, not signed yet. The entries are in the order they are to be chained in.

    Raises:
        ValueError: there are no entries, or one of them was never recorded.
    """
    sealed: list[SealedEntry] = []
    until = last.until if last else None
    for entry in entries:
        if entry.recorded_at is None:
            raise ValueError("An entry that was never recorded cannot be sealed")
        sealed.append(SealedEntry(id=entry.id, hash=entry_hash(entry.model_dump(mode="json"))))
        until = entry.recorded_at if until is None else max(until, entry.recorded_at)
    if until is None or not sealed:
        raise ValueError("A seal holds at least one entry")
    previous = last.head if last else GENESIS
    sequence = last.sequence + 1 if last else 1
    return Seal(
        id=seal_id(sequence),
        sequence=sequence,
        previous=previous,
        entries=sealed,
        count=len(sealed),
        until=until,
        sealed_at=sealed_at,
        head=head_after(previous, sealed),
        key_id=key.id,
        public_key=key.text,
    )


def entry_hash(entry: Mapping[str, Any]) -> str:
    """The hash of an entry, given as its JSON."""
    return hashlib.sha256(_ENTRY + canonical(entry)).hexdigest()


def head_after(previous: str, entries: Iterable[SealedEntry]) -> str:
    """The chain's head once the entries are linked to it."""
    link = bytes.fromhex(previous)
    for entry in entries:
        link = hashlib.sha256(_LINK + link + bytes.fromhex(entry.hash)).digest()
    return link.hex()


def canonical(value: Any) -> bytes:
    """The canonical form: see the module's own words."""
    return json.dumps(_without_nulls(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_nulls(part) for name, part in value.items() if part is not None}
    if isinstance(value, list):
        return [_without_nulls(part) for part in value]
    return value
