"""Who calls, and whether the security rules apply to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from emulator.clock import Clock
from emulator.firestore.errors import Code, FirestoreError
from emulator.tokens import TokenError, verify


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who calls: `uid` and `token` (the claims) are None for one who is not signed in."""

    uid: str | None = None
    token: Mapping[str, Any] | None = None
    privileged: bool = False  # a service account: the rules do not apply
    system: bool = False  # Firestore itself

    def principal(self, project: str) -> tuple[str, str]:
        """Type and id for events with authentication context.

        The words are those of the CloudEvents extension "Auth Context" (cloudevents/extensions/authcontext.md).
        """
        if self.system:
            return "system", ""
        if self.privileged:
            return "service_account", f"firebase-adminsdk@{project}.iam.gserviceaccount.com"
        return ("unauthenticated", "") if self.uid is None else ("app_user", self.uid)


OWNER: Final = Caller(privileged=True)
SYSTEM: Final = Caller(privileged=True, system=True)
ANONYMOUS: Final = Caller()
_OWNER_TOKEN: Final = "owner"  # noqa: S105  # what the official emulators take for an administrator


def identify(headers: Mapping[str, str], clock: Clock, *, rpc: bool) -> Caller:
    """The caller of a request, from its headers by lower-case name.

    `Bearer owner` is an administrator, any other token a user's. Some server libraries send nothing at all to an
    emulator: a gRPC call (`rpc`) without a token is an administrator's unless its library is one for web and mobile
    apps, which name themselves `fire/` in `x-goog-api-client`.

    Raises:
        FirestoreError: UNAUTHENTICATED.
    """
    authorization = headers.get("authorization", "")
    if not authorization:
        return OWNER if rpc and " fire/" not in headers.get("x-goog-api-client", "") else ANONYMOUS
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() not in {"bearer", "firebase"} or not token:
        raise FirestoreError(Code.UNAUTHENTICATED, "The authorization header must be a bearer token.")
    if token == _OWNER_TOKEN:
        return OWNER
    try:
        claims = verify(token, clock.now())
    except TokenError as error:
        raise FirestoreError(Code.UNAUTHENTICATED, f"Request had invalid authentication credentials. {error}") from None
    return Caller(str(claims["sub"]), claims)
