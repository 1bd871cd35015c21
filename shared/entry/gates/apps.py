"""App Check: whether the request comes from an app of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from flask import Request

from shared.domain.errors import NotAuthenticatedError, UnavailableError
from shared.entry import logs
from shared.ports.identity import AppVerifier

HEADER = "X-Firebase-AppCheck"
Mode = Literal["off", "monitor", "enforce"]


class AppGate:
    """Checks the App Check token: not at all, for the log only, or for good."""

    def __init__(self, mode: Mode, verifier: Callable[[], AppVerifier]) -> None:
        self._mode = mode
        self._verifier = verifier

    def check(self, request: Request) -> None:
        """Let the request pass.

        Raises:
            NotAuthenticatedError: App Check is enforced and the token is missing or does not hold.
            UnavailableError: App Check is enforced and the keys to check the token with cannot be had.
        """
        if self._mode == "off":
            return
        try:
            self._verify(request.headers.get(HEADER, "").strip())
        except (NotAuthenticatedError, UnavailableError) as error:
            if self._mode == "enforce":
                error.code = "app_check_failed"
                raise
            logs.logger().warning("App Check would refuse this request", reason=getattr(error, "reason", "unavailable"))

    def _verify(self, token: str) -> None:
        if not token:
            raise NotAuthenticatedError("no app check token")
        self._verifier().verify(token)
