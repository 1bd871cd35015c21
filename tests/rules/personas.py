"""Who asks: people as their documents and their tokens say."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import jwt

from shared.domain.people import User
from shared.domain.permissions import Role
from tests.builders import user

PROJECT: Final = "demo-rules"
NOW: Final = int(time.time())
SIGNED_IN: Final = NOW - 600
"""`auth_time` of the tokens: whole seconds, as in production."""
OTHER: Final = "somebody"
"""An employee who asks nothing, and whose things the others try to reach."""
STRANGER: Final = "stranger"
"""Nobody who asks: has reported what names others."""


def at(seconds: float) -> datetime:
    """The time of these seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True)
class Persona:
    """One who asks. `document` is what stands in `users/{uid}`, or None; a claim that is None is left out.

    Without `claims` nobody is signed in.
    """

    name: str
    document: Mapping[str, Any] | None
    claims: Mapping[str, Any] | None = field(default_factory=dict)

    @property
    def uid(self) -> str:
        """The name without spaces."""
        return self.name.replace(" ", "-")

    def token(self) -> str | None:
        """An ID token as the Auth emulator mints it."""
        return None if self.claims is None else token(self.uid, **self.claims)


def token(uid: str, **claims: Any) -> str:
    """An ID token of a verified person; a claim that is None is left out."""
    standard: dict[str, Any] = {
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "sub": uid,
        "user_id": uid,
        "iat": NOW,
        "exp": NOW + 3600,
        "auth_time": SIGNED_IN,
        "email_verified": True,
        "firebase": {"sign_in_provider": "password", "identities": {}},
    }
    given = {name: value for name, value in (standard | claims).items() if value is not None}
    return jwt.encode(given, "", algorithm="none")


def stored(person: User) -> dict[str, Any]:
    """The document as the functions write it."""
    return person.model_dump(mode="python", exclude={"uid"})


def _document(role: Any = Role.EMPLOYEE, *, without: str = "", **changes: Any) -> dict[str, Any]:
    full = stored(user("x")) | {"role": role} | changes
    return {name: value for name, value in full.items() if name != without}


_TOTP: Final = {"firebase": {"sign_in_provider": "password", "identities": {}, "sign_in_second_factor": "totp"}}

PERSONAS: Final = [
    # People of the platform.
    Persona("employee", _document()),
    Persona("security team", _document(Role.SECURITY_TEAM), {"role": "security_team"}),
    Persona("team lead", _document(Role.SECURITY_TEAM, is_lead=True), {"role": "security_team"}),
    Persona("admin", _document(Role.ADMIN), {"role": "admin"}),
    Persona("with second factor", _document(Role.ADMIN, second_factor_required=True), _TOTP),
    Persona("signed in again", _document(sessions_valid_from=at(SIGNED_IN))),
    # A change of role counts at once, in both directions: the claim is that of before.
    Persona("demoted", _document(Role.EMPLOYEE), {"role": "admin"}),
    Persona("promoted", _document(Role.ADMIN), {"role": "employee"}),
    # Those who are kept out, though they have the highest role where they have one.
    Persona("anonymous", None, None),
    Persona("without document", None, {"role": "admin"}),
    Persona("unverified", _document(Role.ADMIN), {"role": "admin", "email_verified": False}),
    Persona("verification unknown", _document(Role.ADMIN), {"role": "admin", "email_verified": None}),
    Persona("verification as text", _document(Role.ADMIN), {"role": "admin", "email_verified": "true"}),
    Persona("disabled", _document(Role.ADMIN, disabled=True), {"role": "admin"}),
    Persona("revoked", _document(Role.ADMIN, sessions_valid_from=at(SIGNED_IN + 1)), {"role": "admin"}),
    Persona("revoked within the second", _document(Role.ADMIN, sessions_valid_from=at(SIGNED_IN + 0.5))),
    Persona("session of unknown age", _document(Role.ADMIN, sessions_valid_from=at(SIGNED_IN)), {"auth_time": None}),
    Persona("without second factor", _document(Role.ADMIN, second_factor_required=True), {"role": "admin"}),
    # Documents that no function wrote.
    Persona("unknown role", _document("owner"), {"role": "admin"}),
    Persona("role as list", _document(["admin"]), {"role": "admin"}),
    Persona("role missing", _document(without="role"), {"role": "admin"}),
    Persona("disabled missing", _document(Role.ADMIN, without="disabled")),
    Persona("disabled as text", _document(Role.ADMIN, disabled="false")),
    Persona("revocation missing", _document(Role.ADMIN, without="sessions_valid_from")),
    Persona("revocation as text", _document(Role.ADMIN, sessions_valid_from="1970-01-01T00:00:00Z")),
    Persona("second factor missing", _document(Role.ADMIN, without="second_factor_required")),
    Persona("empty document", {}, {"role": "admin"}),
]
