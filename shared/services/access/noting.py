"""Noting people's sessions: once an hour for each, on every instance that sees it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime, timedelta

import structlog

from shared.domain.errors import UnavailableError
from shared.domain.people import Identity
from shared.domain.sessions import SESSION_KEPT, Session, session_id
from shared.ports.clock import Clock
from shared.ports.sessions import Sessions

AGAIN = timedelta(hours=1)
_MOST = 10_000  # sessions remembered


class SessionNotes:
    """Keeps a session when this instance sees it for the first time, and again every hour. Thread-safe."""

    def __init__(self, sessions: Sessions, clock: Clock, capacity: int = _MOST) -> None:
        self._capacity = capacity
        self._sessions = sessions
        self._clock = clock
        self._lock = threading.Lock()
        self._noted: OrderedDict[tuple[str, str], datetime] = OrderedDict()

    def note(self, identity: Identity) -> None:
        """Keep the session of this request; a failure is logged and no more."""
        if identity.signed_in_at is None:
            return
        now = self._clock.now()
        if not self._due((identity.uid, session_id(identity.signed_in_at)), now):
            return
        origin = identity.origin
        session = Session(
            id=session_id(identity.signed_in_at),
            signed_in_at=identity.signed_in_at,
            last_seen_at=now,
            address=origin.address,
            user_agent=origin.user_agent,
            second_factor=identity.second_factor,
            expires_at=now + SESSION_KEPT,
        )
        try:
            self._sessions.seen(identity.uid, session)
        except UnavailableError:
            structlog.get_logger().warning("a session could not be noted")

    def _due(self, key: tuple[str, str], now: datetime) -> bool:
        with self._lock:
            last = self._noted.get(key)
            if last is not None and now < last + AGAIN:
                return False
            self._noted[key] = now
            self._noted.move_to_end(key)
            if len(self._noted) > self._capacity:
                self._noted.popitem(last=False)
            return True
