"""Everything the platform keeps about a person, wherever it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from shared.domain.erasure import Erasure
from shared.ports.store import Kind

ERASURES = Kind("erasures", Erasure, "uid")


class PersonalData(Protocol):
    """Collects and erases what is kept about a person beside the user document, the account and the audit trail."""

    def collect(self, uid: str, email: str) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """The documents by the name of their collection, as JSON values, each with its `id`.

        Raises:
            UnavailableError: the database does not answer.
        """
        ...

    def count(self, uid: str, email: str) -> Mapping[str, int]:
        """How many documents of which collection `erase` would remove.

        Raises:
            UnavailableError: the database does not answer.
        """
        ...

    def erase(self, uid: str, email: str) -> None:
        """Remove what is nobody else's. Calling again removes what is left.

        Raises:
            UnavailableError: the database does not answer; call again.
        """
        ...
