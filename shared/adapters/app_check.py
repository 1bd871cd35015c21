"""App Check tokens, checked as https://firebase.google.com/docs/app-check/custom-resource-backend says.

firebase-admin's own check fetches Google's keys again for every token with an invented key id, and from one fixed
address; here both are as with ID tokens.
"""

from __future__ import annotations

from shared.adapters.signed_tokens import KeysById, SignedTokens, parts, time_of
from shared.domain.errors import NotAuthenticatedError
from shared.ports.clock import Clock

_ISSUER = "https://firebaseappcheck.googleapis.com/"


class FirebaseAppVerifier:
    """Checks the tokens of the project's own apps. `project` is the id, which the audience names beside its number."""

    def __init__(self, project: str, keys: KeysById, clock: Clock) -> None:
        self._audience = f"projects/{project}"
        self._tokens = SignedTokens(keys, clock)
        self._clock = clock

    def verify(self, token: str) -> str:
        claims = self._tokens.claims(token)
        if parts(token)[0].get("typ") != "JWT":
            raise NotAuthenticatedError("malformed")
        audience = claims.get("aud")
        issuer = claims.get("iss")
        if not isinstance(audience, list) or self._audience not in audience:
            raise NotAuthenticatedError("wrong project")
        if not isinstance(issuer, str) or not issuer.startswith(_ISSUER):
            raise NotAuthenticatedError("wrong issuer")
        if time_of(claims.get("exp")) <= self._clock.now():
            raise NotAuthenticatedError("expired")
        app_id = claims.get("sub")
        if not isinstance(app_id, str) or not app_id:
            raise NotAuthenticatedError("malformed")
        return app_id
