"""Who calls: a user by an ID token, an administrator, or somebody unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from emulator.storage.errors import UnauthenticatedError
from emulator.tokens import TokenError, verify

OWNER: Final = frozenset({"Bearer owner", "Firebase owner"})  # as the official emulator has it


@dataclass(frozen=True, slots=True)
class Caller:
    """`auth` is what rules see as `request.auth`; rules do not apply to one who is `privileged`."""

    auth: Mapping[str, Any] | None = None
    privileged: bool = False

    def as_dict(self) -> dict[str, Any]:
        """For keeping it as JSON; `Caller(**as_dict)` is it again."""
        return {"auth": None if self.auth is None else dict(self.auth), "privileged": self.privileged}


def caller_of(authorization: str | None, now: datetime, projects: tuple[str, ...]) -> Caller:
    """From the header of a request; the token must be of one of the projects.

    Raises:
        UnauthenticatedError: it holds something else than a valid token.
    """
    if not authorization:
        return Caller()
    if authorization in OWNER:
        return Caller(privileged=True)
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() not in {"firebase", "bearer"}:
        raise UnauthenticatedError("The Authorization header must hold an ID token.")
    try:
        claims = verify(token.strip(), now)
    except TokenError as error:
        raise UnauthenticatedError(f"Invalid ID token: {error}") from error
    if claims["aud"] not in projects:
        raise UnauthenticatedError("Invalid ID token: it is of another project.")
    return Caller({"uid": claims["sub"], "token": dict(claims)})
