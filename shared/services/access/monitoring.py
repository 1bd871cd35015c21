"""Counting refused requests for each person and address, and raising an alert when they are many.

What an attack costs is bounded: below the threshold each refusal is one commit, so that the alert comes at once; beyond
it an instance writes at most once in ten seconds for each subject, with what came together since; and it writes at most
600 times a minute in all, whatever the number of subjects, and drops what is beyond. The last ten seconds of a burst
may so be missing in the counts; an alert never is, unless the budget was spent.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from shared.domain.access import KEPT, AccessAlert, Refusal, SubjectKind, attempts_id, window_of
from shared.domain.errors import UnavailableError
from shared.ports.access import Access, RefusedRequests
from shared.ports.clock import Clock

_PACE = timedelta(seconds=10)
_BUDGET = 600  # commits a minute
_MOST = 10_000  # subjects remembered


@dataclass(slots=True)
class _Subject:
    total: int = 0  # of all instances, when it was last heard of
    pending: dict[Refusal, int] = field(default_factory=dict)
    written_at: datetime | None = None
    alerted: bool = False


class AccessMonitor:
    """Takes note of refusals. Thread-safe; a failure is logged and no more."""

    def __init__(self, access: Access, clock: Clock, threshold: int, capacity: int = _MOST) -> None:
        self._capacity = capacity
        self._access = access
        self._clock = clock
        self._threshold = threshold
        self._lock = threading.Lock()
        self._subjects: OrderedDict[str, _Subject] = OrderedDict()
        self._minute = 0
        self._spent = 0

    def refused(self, kind: SubjectKind, subject: str, refusal: Refusal, path: str) -> None:
        """Count one refused request; `path` is the route's template."""
        now = self._clock.now()
        key = attempts_id(kind, subject, now)
        with self._lock:
            known = self._subject(key)
            known.pending[refusal] = known.pending.get(refusal, 0) + 1
            if not self._due(known, now):
                return
            counts, known.pending = known.pending, {}
            known.written_at = now
        try:
            total = self._access.count(RefusedRequests(kind, subject, counts, now, path))
            with self._lock:
                known.total = max(known.total, total)
                first = total >= self._threshold and not known.alerted
                known.alerted = known.alerted or first
            if first:
                self._alert(kind, subject, total, path, now)
        except UnavailableError:
            with self._lock:
                known.alerted = False  # whichever of the two failed: the next refusal tries again
            structlog.get_logger().warning("refused requests could not be counted")

    def _subject(self, key: str) -> _Subject:
        known = self._subjects.setdefault(key, _Subject())
        self._subjects.move_to_end(key)
        if len(self._subjects) > self._capacity:
            self._subjects.popitem(last=False)
        return known

    def _due(self, known: _Subject, now: datetime) -> bool:
        if known.alerted and known.written_at is not None and now < known.written_at + _PACE:
            return False
        minute = int(now.timestamp() // 60)
        if minute != self._minute:
            self._minute, self._spent = minute, 0
        if self._spent >= _BUDGET:
            return False
        self._spent += 1
        return True

    def _alert(self, kind: SubjectKind, subject: str, total: int, path: str, now: datetime) -> None:
        # A fixed id: of the instances that come past the threshold one makes the alert, also when another died at it.
        alert = AccessAlert(
            id=attempts_id(kind, subject, now),
            kind=kind,
            subject=subject,
            window_start=window_of(now),
            total=total,
            last_path=path,
            raised_at=now,
            expires_at=now + KEPT,
        )
        if self._access.alert(alert):
            digest = hashlib.sha256(subject.encode()).hexdigest()[:16]
            structlog.get_logger().warning(
                "many requests were refused", alert=alert.id, kind=str(kind), subject_hash=digest, total=total
            )
