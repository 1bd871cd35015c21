"""Where people's sessions are kept."""

from __future__ import annotations

from typing import Protocol

from shared.domain.sessions import Session


class Sessions(Protocol):
    """The collections `users/{uid}/sessions`.

    Raises (each method):
        UnavailableError: the database does not answer.
    """

    def seen(self, uid: str, session: Session) -> None:
        """Keep the session, or what is new of it; it is not read."""
        ...

    def list(self, uid: str) -> list[Session]:
        """The person's sessions, at most 100, the last one seen first."""
        ...

    def forget_all(self, uid: str) -> None:
        """Remove every one."""
        ...
