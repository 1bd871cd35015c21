"""Filters of the list of incidents that people keep by a name, for themselves or for the whole team."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.domain.base import Line, Model, UtcDatetime
from shared.domain.errors import ConflictError, InvalidInputError, NotFoundError
from shared.domain.people import Identity
from shared.domain.permissions import Permission
from shared.domain.search import folded
from shared.ports.clock import Clock, Ids
from shared.ports.store import Kind, Store, Work
from shared.services.incidents.asking import IncidentQuery

MAX_FILTERS = 50
"""Of one person."""
MAX_SHARED = 200
"""That are shared, of all people together."""
_MISSING = "There is no such filter"

FilterName = Annotated[Line, Field(min_length=1, max_length=100, examples=["Open phishing, last week"])]


class FilterRequest(Model):
    """A filter to keep: its query has the names of the parameters of GET /api/incidents."""

    name: FilterName
    query: IncidentQuery = Field(examples=[{"status": "triage", "category": "phishing_social", "last_days": 7}])
    shared: bool = Field(default=False, description="Shown to the whole security team; only the team shares")


class SavedFilter(Model):
    """The document `incident_filters/{id}`."""

    id: str
    owner_id: str
    name: FilterName
    query: dict[str, str | bool | int] = Field(description="Parameters of GET /api/incidents, ready to be sent")
    shared: bool
    created_at: UtcDatetime
    updated_at: UtcDatetime


class SavedFilters(Model):
    """One's own filters, then those that others of the team share; each part by name."""

    items: list[SavedFilter]


INCIDENT_FILTERS = Kind("incident_filters", SavedFilter)


class IncidentFilters:
    """Keeps, lists and removes filters. A shared one is shown to the team, and changed by its owner only."""

    def __init__(self, store: Store, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids

    def all(self, who: Identity) -> SavedFilters:
        """What the caller keeps and, for the team, what others share."""

        def body(work: Work) -> list[SavedFilter]:
            others: list[SavedFilter] = []
            if who.can(Permission.INCIDENT_READ_ALL):
                others = [one for one in _shared(work) if one.owner_id != who.uid]
            return [*sorted(_own(work, who), key=_by_name), *sorted(others, key=_by_name)]

        return SavedFilters(items=self._store.run(body))

    def add(self, who: Identity, wanted: FilterRequest) -> tuple[SavedFilter, bool]:
        """The filter, and whether this call made it: the very same again is answered as it is.

        Raises:
            InvalidInputError: the query is not usable, or somebody outside the team shares it.
            ConflictError: the caller has another one of the name, or as many as can be kept.
        """
        made = self._made(self._ids.new(), who, wanted)

        def body(work: Work) -> SavedFilter:
            own = _own(work, who)
            same = _named(own, wanted.name)
            if same is not None:
                if (same.query, same.shared) == (made.query, made.shared):
                    return same
                raise _taken()
            if len(own) >= MAX_FILTERS:
                raise ConflictError(f"You keep {MAX_FILTERS} filters already: remove one first")
            _check_room(work, None, made)
            work.create(INCIDENT_FILTERS, made)
            return made

        kept = self._store.run(body)
        return kept, kept is made

    def replace(self, who: Identity, filter_id: str, wanted: FilterRequest) -> SavedFilter:
        """The filter with another name, query and sharing.

        Raises:
            NotFoundError: there is none, or it is somebody else's.
            InvalidInputError: the query is not usable, or somebody outside the team shares it.
            ConflictError: the caller has another one of the name, or no more can be shared.
        """
        made = self._made(filter_id, who, wanted)

        def body(work: Work) -> SavedFilter:
            there = _existing(work, who, filter_id)
            same = _named(_own(work, who), wanted.name)
            if same is not None and same.id != filter_id:
                raise _taken()
            _check_room(work, there, made)
            kept = made.model_copy(update={"created_at": there.created_at})
            work.put(INCIDENT_FILTERS, kept)
            return kept

        return self._store.run(body)

    def remove(self, who: Identity, filter_id: str) -> None:
        """Remove a filter of one's own.

        Raises:
            NotFoundError: there is none, or it is somebody else's.
        """

        def body(work: Work) -> None:
            work.delete(INCIDENT_FILTERS, _existing(work, who, filter_id).id)

        self._store.run(body)

    def _made(self, filter_id: str, who: Identity, wanted: FilterRequest) -> SavedFilter:
        now = self._clock.now()
        wanted.query.as_filter(who, now)  # whatever could not be looked for is told now, not when it is used
        if wanted.shared and not who.can(Permission.INCIDENT_READ_ALL):
            raise InvalidInputError("The filter cannot be shared", {"shared": "only the security team shares filters"})
        return SavedFilter(
            id=filter_id,
            owner_id=who.uid,
            name=wanted.name,
            query=wanted.query.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=True),
            shared=wanted.shared,
            created_at=now,
            updated_at=now,
        )


def _own(work: Work, who: Identity) -> list[SavedFilter]:
    return work.find(INCIDENT_FILTERS, MAX_FILTERS, owner_id=who.uid)


def _shared(work: Work) -> list[SavedFilter]:
    return work.find(INCIDENT_FILTERS, MAX_SHARED, shared=True)


def _existing(work: Work, who: Identity, filter_id: str) -> SavedFilter:
    there = work.get(INCIDENT_FILTERS, filter_id)
    if there is None or there.owner_id != who.uid:
        raise NotFoundError(_MISSING)
    return there


def _check_room(work: Work, before: SavedFilter | None, after: SavedFilter) -> None:
    newly = after.shared and (before is None or not before.shared)
    if newly and len(_shared(work)) >= MAX_SHARED:
        raise ConflictError(f"{MAX_SHARED} filters are shared already: keep it for yourself, or ask for one to go")


def _named(own: list[SavedFilter], name: str) -> SavedFilter | None:
    return next((one for one in own if folded(one.name) == folded(name)), None)


def _taken() -> ConflictError:
    return ConflictError("You keep another filter of this name: change that one, or take another name")


def _by_name(one: SavedFilter) -> str:
    return folded(one.name)
