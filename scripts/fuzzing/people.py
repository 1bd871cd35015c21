"""Who sends the requests, and what they may."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import jwt

from shared.domain.permissions import Permission, Role, allows

PROJECT = "demo-fuzz"


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody with a token. `role` is that of their document (None: they have none), `claim` that of the token.

    `good` False: the token or its owner does not hold, and nothing but public calls may succeed.
    """

    name: str
    role: Role | None
    claim: str | None
    good: bool = True
    sensitive: bool = True
    changes: Mapping[str, Any] = field(default_factory=dict)

    def may(self, permission: Permission, *, sensitive: bool) -> bool:
        """Whether the person may, by the document for sensitive operations and by the token for the others."""
        if not self.good or (sensitive and not self.sensitive):
            return False
        role = self.role if sensitive else next((one for one in Role if one == self.claim), None)
        return role is not None and allows(role, permission)

    def token(self) -> str:
        """An ID token as the embedded Authentication makes them."""
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": f"https://securetoken.google.com/{PROJECT}",
            "aud": PROJECT,
            "sub": self.name,
            "user_id": self.name,
            "email": f"{self.name}@example.org",
            "email_verified": True,
            "iat": now,
            "exp": now + 3600,
            "auth_time": now,
            "firebase": {"sign_in_provider": "password", "identities": {}},
            "role": self.claim,
        }
        claims |= self.changes
        return jwt.encode({name: value for name, value in claims.items() if value is not None}, "", algorithm="none")


_OLD = {"auth_time": int(time.time()) - 86400}
PERSONAS = (
    Persona("kim", Role.EMPLOYEE, "employee"),
    Persona("bo", Role.EMPLOYEE, "employee"),
    Persona("ana", Role.SECURITY_TEAM, "security_team"),
    Persona("adm", Role.ADMIN, "admin"),
    Persona("demoted", Role.EMPLOYEE, "admin"),
    Persona("promoted", Role.ADMIN, "employee"),
    Persona("stray", None, "admin", sensitive=False),
    Persona("disabled", Role.ADMIN, "admin", sensitive=False),
    Persona("unverified", Role.ADMIN, "admin", good=False, changes={"email_verified": False}),
    Persona("revoked", Role.ADMIN, "admin", good=False, changes=_OLD),
    Persona("nobody", None, None, good=False),
    Persona("odd", None, "emperor", good=False),
    Persona("expired", Role.ADMIN, "admin", good=False, changes={"exp": 1, "iat": 0}),
    Persona("other project", Role.ADMIN, "admin", good=False, changes={"aud": "demo-other"}),
    Persona("wrong issuer", Role.ADMIN, "admin", good=False, changes={"iss": "https://accounts.google.com"}),
    Persona("no subject", Role.ADMIN, "admin", good=False, changes={"sub": ""}),
)
PEOPLE = tuple(one for one in PERSONAS if one.role is not None and " " not in one.name)


def header(persona: Persona, chance: Random) -> tuple[str | None, bool]:
    """An Authorization header, and whether it is the persona's own good token."""
    token = persona.token()
    if chance.random() < 0.85:
        return f"Bearer {token}", True
    bad = [
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Basic {token}",
        f"Bearer {token[:-30]}",
        f"Bearer {token}, Bearer {token}",
        "Bearer " + "A" * 5000,
        f"Bearer {token.split('.')[0]}..",
        "Bearer é",
        f"Bearer {jwt.encode({'sub': persona.name}, 'k' * 32, algorithm='HS256')}",
    ]
    return chance.choice(bad), False
