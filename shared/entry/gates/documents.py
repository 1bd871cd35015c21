"""Sensitive operations: the person's document counts, not what the token says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from shared.domain.errors import NotAuthenticatedError
from shared.domain.people import Identity, User
from shared.ports.repositories import Users


class DocumentGate:
    """Reads the document of who is asking."""

    def __init__(self, users: Callable[[], Users]) -> None:
        self._users = users

    def current(self, identity: Identity) -> tuple[Identity, User]:
        """The identity with the role of the document, and the document.

        Raises:
            NotAuthenticatedError: there is no such person, or they are disabled, or the session was ended.
            UnavailableError: the database does not answer: then nobody passes.
        """
        user = self._users().get(identity.uid)
        if user is None:
            raise NotAuthenticatedError("unknown user")
        if user.disabled:
            raise NotAuthenticatedError("disabled")
        valid_from = user.sessions_valid_from
        if valid_from is not None and (identity.signed_in_at is None or identity.signed_in_at < valid_from):
            raise NotAuthenticatedError("revoked")
        return replace(identity, role=user.role), user
