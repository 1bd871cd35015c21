"""Refusing tokens of sessions that were ended, without a read for each request."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

import structlog

from shared.domain.errors import NotAuthenticatedError, UnavailableError
from shared.domain.people import Identity
from shared.ports.clock import Clock
from shared.ports.revocations import Revocations

MAX_AGE = timedelta(seconds=15)
"""How long a revocation takes, at most, to be known to every instance."""


class RevokedSessions:
    """The recent revocations as this instance knows them. Thread-safe: one thread loads, the others use what is there.

    When the database does not answer, what was known stays in force: a token dies by itself within the hour, and
    sensitive operations read the person's document anyway.
    """

    def __init__(self, revocations: Revocations, clock: Clock) -> None:
        self._revocations = revocations
        self._clock = clock
        self._loading = threading.Lock()
        self._known: Mapping[str, datetime] = {}
        self._loaded_at: datetime | None = None

    def check(self, identity: Identity) -> None:
        """Let those pass whose session goes on.

        Raises:
            NotAuthenticatedError: it was ended.
        """
        self._refresh()
        valid_from = self._known.get(identity.uid)
        if valid_from is not None and (identity.signed_in_at is None or identity.signed_in_at < valid_from):
            raise NotAuthenticatedError("revoked")

    def _refresh(self) -> None:
        if self._fresh():
            return
        first = self._loaded_at is None
        if not self._loading.acquire(blocking=first):
            return
        try:
            if self._fresh():
                return
            try:
                self._known = self._revocations.recent()
            except UnavailableError:
                structlog.get_logger().warning("the revocations could not be loaded; those known before stay in force")
            self._loaded_at = self._clock.now()
        finally:
            self._loading.release()

    def _fresh(self) -> bool:
        return self._loaded_at is not None and self._clock.now() < self._loaded_at + MAX_AGE
