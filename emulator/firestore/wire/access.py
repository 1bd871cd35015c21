"""Who may call: administrators. What a user's token allows is for the security rules to say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from emulator.firestore.errors import Code, FirestoreError

_OWNER: Final = "owner"


def check_access(metadata: Iterable[tuple[str, str | bytes]] | None) -> None:
    """Let server clients pass: they send `Bearer owner`, or no authorization at all, to an emulator.

    Raises:
        FirestoreError: PERMISSION_DENIED for any other token, which is a user's.
    """
    for name, value in metadata or ():
        if name.lower() != "authorization":
            continue
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        scheme, _, token = text.partition(" ")
        if scheme.lower() != "bearer" or token.strip() != _OWNER:
            raise FirestoreError(
                Code.PERMISSION_DENIED,
                "Missing or insufficient permissions. This server does not evaluate security rules yet, "
                "so calls with a user's token are denied.",
            )
