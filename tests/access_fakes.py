"""Fakes of the gate's ports, held to the same contract as the real adapters by tests/contract; a gate made of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from shared.domain.access import (
    KEPT,
    AccessAlert,
    AccessAttempts,
    AccessFilter,
    RefusalCounts,
    attempts_id,
    window_of,
)
from shared.domain.errors import NotAuthenticatedError, UnavailableError
from shared.domain.limits import LimitTable
from shared.domain.paging import Cursor
from shared.domain.permissions import Role
from shared.domain.sessions import Session
from shared.entry.gate import Gatekeeper
from shared.entry.gates.apps import AppGate, Mode
from shared.entry.gates.documents import DocumentGate
from shared.entry.gates.limits import LimitGate
from shared.entry.gates.origin import Origins
from shared.entry.gates.standing import StandingGate
from shared.ports.access import RefusedRequests
from shared.ports.clock import Clock
from shared.ports.identity import TokenVerifier
from shared.ports.revocations import REVOCATIONS
from shared.services.access.limiting import RateLimiter
from shared.services.access.monitoring import AccessMonitor
from shared.services.access.noting import SessionNotes
from shared.services.access.revoked import RevokedSessions
from shared.settings import Settings
from tests.fakes import FakeClock, FakeStore, FakeUsers


class _Fallible:
    """`down` makes every call fail; `calls` counts those that were made."""

    def __init__(self) -> None:
        self.down = False
        self.calls = 0

    def _called(self) -> None:
        self.calls += 1
        if self.down:
            raise UnavailableError("The database does not answer")


class FakeCounters(_Fallible):
    def __init__(self) -> None:
        super().__init__()
        self.totals: dict[str, int] = {}
        self.expiries: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def add(self, key: str, amount: int, expires_at: datetime) -> int:
        with self._lock:
            self._called()
            self.totals[key] = self.totals.get(key, 0) + amount
            self.expiries[key] = expires_at
            return self.totals[key]


class FakeRevocations(_Fallible):
    def __init__(self, store: FakeStore, clock: Clock) -> None:
        super().__init__()
        self._store = store
        self._clock = clock

    def recent(self) -> Mapping[str, datetime]:
        self._called()
        now = self._clock.now()
        return {one.uid: one.valid_from for one in self._store.all(REVOCATIONS) if one.expires_at > now}


class FakeSessions(_Fallible):
    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[str, dict[str, Session]] = {}

    def seen(self, uid: str, session: Session) -> None:
        self._called()
        self.kept.setdefault(uid, {})[session.id] = session

    def list(self, uid: str) -> list[Session]:
        self._called()
        return sorted(self.kept.get(uid, {}).values(), key=lambda one: one.last_seen_at, reverse=True)[:100]

    def forget_all(self, uid: str) -> None:
        self._called()
        self.kept.pop(uid, None)


class FakeAccess(_Fallible):
    def __init__(self) -> None:
        super().__init__()
        self.attempts: dict[str, AccessAttempts] = {}
        self.alerts: dict[str, AccessAlert] = {}

    def count(self, refused: RefusedRequests) -> int:
        self._called()
        key = attempts_id(refused.kind, refused.subject, refused.at)
        before = self.attempts.get(key)
        counts = (before.counts if before else RefusalCounts()).model_dump()
        for refusal, number in refused.counts.items():
            counts[str(refusal)] += number
        start = window_of(refused.at)
        fresh = AccessAttempts(
            id=key,
            kind=refused.kind,
            subject=refused.subject,
            window_start=start,
            last_at=refused.at,
            last_path=refused.path,
            expires_at=start + KEPT,
        )
        changes = {"last_at": refused.at, "last_path": refused.path, "counts": RefusalCounts(**counts)}
        after = (before or fresh).model_copy(update={**changes, "total": sum(counts.values())})
        self.attempts[key] = after
        return after.total

    def alert(self, alert: AccessAlert) -> bool:
        self._called()
        if alert.id in self.alerts:
            return False
        self.alerts[alert.id] = alert
        marks = {"alerted": True, "alerted_at": alert.raised_at}
        self.attempts[alert.id] = self.attempts[alert.id].model_copy(update=marks)
        return True

    def find(self, where: AccessFilter, limit: int, after: Cursor | None = None) -> list[AccessAttempts]:
        self._called()

        def fits(one: AccessAttempts) -> bool:
            return (
                where.kind in {None, one.kind}
                and where.subject in {None, one.subject}
                and (where.since is None or one.window_start >= where.since)
                and (where.until is None or one.window_start < where.until)
                and (one.alerted or not where.alerts_only)
            )

        found = sorted(filter(fits, self.attempts.values()), key=lambda one: (one.window_start, one.id), reverse=True)
        if after is not None:
            found = [one for one in found if (one.window_start, one.id) < (after.created_at, after.id)]
        return found[:limit]


class FakeAppVerifier:
    """Takes `app:<id>` for a token; `down` makes it fail."""

    def __init__(self) -> None:
        self.down = False

    def verify(self, token: str) -> str:
        if self.down:
            raise UnavailableError("The keys cannot be had")
        kind, _, app_id = token.partition(":")
        if kind != "app" or not app_id:
            raise NotAuthenticatedError("malformed")
        return app_id


_FASTLY = Settings.read({"GOOGLE_CLOUD_PROJECT": "demo-test"}).trusted_proxies


@dataclass
class FakeWorld:
    """Everything a gate needs, of fakes, and the gate."""

    verifier: Callable[[], TokenVerifier]
    mode: Mode = "off"
    table: LimitTable = field(default_factory=LimitTable)
    factor_roles: Collection[Role] = ()
    users: FakeUsers = field(default_factory=FakeUsers)
    clock: FakeClock = field(default_factory=FakeClock)
    counters: FakeCounters = field(default_factory=FakeCounters)
    sessions: FakeSessions = field(default_factory=FakeSessions)
    access: FakeAccess = field(default_factory=FakeAccess)
    store: FakeStore = field(default_factory=FakeStore)

    def __post_init__(self) -> None:
        self.revocations = FakeRevocations(self.store, self.clock)
        limiter = RateLimiter(self.counters, self.clock)
        revoked = RevokedSessions(self.revocations, self.clock)
        notes = SessionNotes(self.sessions, self.clock)
        monitor = AccessMonitor(self.access, self.clock, threshold=20)
        self.gate = Gatekeeper(
            origins=Origins(_FASTLY),
            apps=AppGate(self.mode, FakeAppVerifier),
            limits=LimitGate(self.table, lambda: limiter),
            verifier=self.verifier,
            revoked=lambda: revoked,
            standing=StandingGate(self.clock.now, self.factor_roles),
            documents=DocumentGate(lambda: self.users),
            sessions=lambda: notes,
            monitor=lambda: monitor,
        )
