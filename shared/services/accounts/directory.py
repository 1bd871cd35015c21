"""The people of the platform, for administrators."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from shared.domain.audit import AuditTarget
from shared.domain.errors import InvalidInputError
from shared.domain.people import Identity
from shared.domain.team import Person, PersonFilter, PersonPage
from shared.ports.repositories import Users
from shared.ports.store import AUDIT, Store
from shared.services.audit import AuditTrail

_EXPORT_PAGE = 200


class Directory:
    """Lists and exports people. Each page that is read, and each export, is an entry of the audit trail."""

    def __init__(self, users: Users, store: Store, trail: AuditTrail) -> None:
        self._users = users
        self._store = store
        self._trail = trail

    def page(self, who: Identity, where: PersonFilter, limit: int, cursor: str | None) -> PersonPage:
        """One page, by address.

        Raises:
            InvalidInputError: the cursor is not one of ours.
        """
        self._record(who, "user:listed", where)
        found = self._users.find(where, limit + 1, _decoded(cursor) if cursor else None)
        people = [Person.of(user) for user in found[:limit]]
        return PersonPage(items=people, next_cursor=_encoded(people[-1].email) if len(found) > limit else None)

    def export(self, who: Identity, where: PersonFilter) -> Iterator[Person]:
        """Everybody whom the filter lets through, by address; read in pages while it is written out."""
        self._record(who, "user:exported", where)
        return self._everybody(where)

    def _everybody(self, where: PersonFilter) -> Iterator[Person]:
        after = None
        while found := self._users.find(where, _EXPORT_PAGE, after):
            yield from map(Person.of, found)
            after = found[-1].email

    def _record(self, who: Identity, action: str, where: PersonFilter) -> None:
        asked = {name: value for name, value in where.as_dict().items() if value is not None}
        self._store.create(AUDIT, self._trail.looked(who, action, AuditTarget(kind="users", id="*"), asked))


def _encoded(address: str) -> str:
    return base64.urlsafe_b64encode(address.encode()).decode().rstrip("=")


def _decoded(cursor: str) -> str:
    try:
        return base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise InvalidInputError("The cursor is not one this API gave out", {"cursor": "not a cursor"}) from error
