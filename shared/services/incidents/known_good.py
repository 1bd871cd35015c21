"""The organisation's own list of harmless values: who changes it, and how every instance knows it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.ai.observables import canonical, hosts
from shared.domain.audit import AuditTarget, changes_between
from shared.domain.errors import ConflictError, InvalidInputError, NotFoundError
from shared.domain.keyed_paging import Key, page_of
from shared.domain.known_good import (
    MAX_ENTRIES,
    KnownGood,
    KnownGoodAddition,
    KnownGoodEntry,
    KnownGoodPage,
    OwnKnownGood,
    entry_id,
    network_of,
)
from shared.domain.observables import ObservableType
from shared.domain.people import Identity
from shared.ports.clock import Clock
from shared.ports.store import AUDIT, Kind, New, Store, Work
from shared.services.audit import AuditTrail

KNOWN_GOOD = Kind("known_good", KnownGoodEntry)
LIFETIME = timedelta(seconds=60)
"""How long an instance goes by what it read: after it, a change holds everywhere."""
_WIDEST = {4: 8, 6: 16}  # the shortest prefix of a network: more would be a good part of the internet
_PLAIN_FIELDS = frozenset({"id", "type", "created_by", "created_at"})
_MISSING = "There is no such entry"


@dataclass(frozen=True, slots=True)
class _Read:
    known_good: OwnKnownGood
    at: datetime


class KnownGoodLists:
    """The lists as one instance knows them: read in one go, and again after LIFETIME."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._read: _Read | None = None

    def current(self) -> KnownGood:
        """The packaged values and the organisation's own, at most LIFETIME old.

        Raises:
            UnavailableError: the database does not answer.
        """
        with self._lock:
            now = self._clock.now()
            if self._read is None or now - self._read.at >= LIFETIME:
                self._read = _Read(OwnKnownGood(self.entries()), now)
            return self._read.known_good

    def forget(self) -> None:
        """Read again when next asked."""
        with self._lock:
            self._read = None

    def entries(self) -> list[KnownGoodEntry]:
        """The organisation's own entries as they are now."""
        return self._store.run(lambda work: work.find(KNOWN_GOOD, MAX_ENTRIES))


class KnownGoodManaging:
    """Lists, adds and removes entries; every change is in the audit trail, in the same commit."""

    def __init__(self, store: Store, lists: KnownGoodLists, trail: AuditTrail, clock: Clock) -> None:
        self._store = store
        self._lists = lists
        self._trail = trail
        self._clock = clock

    def page(self, limit: int, cursor: str | None) -> KnownGoodPage:
        """One page, by type and value.

        Raises:
            InvalidInputError: the cursor is not one of ours.
        """
        items, following = page_of(self._lists.entries(), _key, limit, cursor)
        return KnownGoodPage(items=items, next_cursor=following)

    def add(self, who: Identity, wanted: KnownGoodAddition) -> tuple[KnownGoodEntry, bool]:
        """The entry, and whether this call made it: one that is there already stays as it is.

        Raises:
            InvalidInputError: the value is none of its type, or would cover a good part of the internet.
            ConflictError: there are MAX_ENTRIES already.
        """
        value = covering(wanted.type, wanted.value)
        entry = KnownGoodEntry(
            id=entry_id(wanted.type, value),
            type=wanted.type,
            value=value,
            note=wanted.note,
            created_by=who.uid,
            created_at=self._clock.now(),
        )
        audit = self._audit(who, "known_good:added", None, entry)

        def body(work: Work) -> KnownGoodEntry:
            there = work.get(KNOWN_GOOD, entry.id)
            if there is not None:
                return there
            if len(work.find(KNOWN_GOOD, MAX_ENTRIES)) >= MAX_ENTRIES:
                raise ConflictError(f"The list holds {MAX_ENTRIES} entries already: remove some, or name a network")
            work.create(KNOWN_GOOD, entry)
            work.create(*audit)
            return entry

        kept = self._store.run(body)
        self._lists.forget()
        return kept, kept is entry

    def remove(self, who: Identity, document_id: str) -> None:
        """Take an entry away.

        Raises:
            NotFoundError: there is none.
        """

        def body(work: Work) -> None:
            there = work.get(KNOWN_GOOD, document_id)
            if there is None:
                raise NotFoundError(_MISSING)
            work.delete(KNOWN_GOOD, document_id)
            work.create(*self._audit(who, "known_good:removed", there, None))

        self._store.run(body)
        self._lists.forget()

    def _audit(self, who: Identity, action: str, before: KnownGoodEntry | None, after: KnownGoodEntry | None) -> New:
        target = AuditTarget(kind="known_good", id=next(one.id for one in (after, before) if one is not None))
        return AUDIT, self._trail.entry(who, action, target, changes=changes_between(before, after, _PLAIN_FIELDS))


def covering(kind: ObservableType, value: str) -> str:
    """The canonical spelling of a value that an entry is for.

    Raises:
        InvalidInputError: it is none of its type, or would cover a good part of the internet.
    """
    found = _network(value) if kind is ObservableType.IP and "/" in value else canonical(kind, value)
    if found is None:
        raise InvalidInputError("The value is not usable", {"value": f"this is no {kind} that can be known good"})
    if kind is ObservableType.DOMAIN and hosts.is_public_suffix(found):
        raise InvalidInputError(
            "The value is not usable", {"value": "everybody may register below this: name a domain"}
        )
    return found


def _network(value: str) -> str | None:
    network = network_of(value.strip())
    if network is None:
        return None
    if network.prefixlen < _WIDEST[network.version]:
        widest = f"at least /{_WIDEST[network.version]}"
        raise InvalidInputError("The value is not usable", {"value": f"the network is too wide: {widest}"})
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def _key(entry: KnownGoodEntry) -> Key:
    return entry.type, entry.value
