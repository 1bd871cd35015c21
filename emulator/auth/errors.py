"""Refusals, in the shapes of Identity Toolkit and of Google's newer APIs."""

from __future__ import annotations

from typing import Any


class AuthError(Exception):
    """A refusal. `message` is the code that the SDKs map to their own errors, such as EMAIL_EXISTS.

    With a canonical `status` (INVALID_ARGUMENT, NOT_FOUND, ...) the body is that of Google's newer APIs.
    """

    def __init__(self, message: str, http_status: int = 400, status: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.http_status = http_status
        self.status = status

    def body(self) -> dict[str, Any]:
        """The JSON body."""
        error: dict[str, Any] = {"code": self.http_status, "message": self.message}
        reason = {401: "unauthorized", 403: "forbidden", 404: "notFound"}.get(self.http_status, "invalid")
        error["errors"] = [{"message": self.message, "domain": "global", "reason": reason}]
        if self.status is not None:
            error["status"] = self.status
        return {"error": error}


class UnsupportedError(AuthError):
    """Something that production has and this emulator has not."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not supported by this emulator.", 501, "UNIMPLEMENTED")


def require(condition: object, message: str) -> None:
    """Refuse with `message` unless the condition holds.

    Raises:
        AuthError: it does not.
    """
    if not condition:
        raise AuthError(message)
