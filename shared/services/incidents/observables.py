"""The observables of an incident: shown with who else has seen them, added and removed by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from shared.ai.observables import Found, canonical, guessed
from shared.domain.audit import FieldChange, as_json
from shared.domain.errors import ConflictError, ForbiddenError, InvalidInputError, NotFoundError
from shared.domain.incident import Incident
from shared.domain.keyed_paging import Key, page_of
from shared.domain.known_good import KnownGood, marked
from shared.domain.observables import MAX_OBSERVABLES, Observable, ObservableSource, ObservableType
from shared.domain.people import Identity
from shared.domain.taxonomy import Tlp
from shared.domain.timeline import TimelineChange, TimelineKind
from shared.domain.visibility import may_see, may_work_on, scopes_for
from shared.ports.clock import Clock
from shared.ports.repositories import Incidents
from shared.ports.sightings import Sightings
from shared.ports.store import New, timeline_of
from shared.services.incidents.observable_views import (
    MAX_OTHERS,
    ObservableAddition,
    ObservablePage,
    SeenIn,
    ShownObservable,
)
from shared.services.incidents.recording import IncidentRecord

_MISSING = "There is no such incident"


class IncidentObservables:
    """Shows them to whoever may see the incident; those who handle it add and remove.

    `read` gives the incident, as reading it does: not found for whom it is not, noted where that is due.
    """

    def __init__(
        self,
        incidents: Incidents,
        read: Callable[[Identity, str], Incident],
        sightings: Sightings,
        known_good: Callable[[], KnownGood],
        record: IncidentRecord,
        clock: Clock,
    ) -> None:
        self._incidents = incidents
        self._read = read
        self._sightings = sightings
        self._known_good = known_good
        self._record = record
        self._clock = clock

    def page(self, who: Identity, incident_id: str, limit: int, cursor: str | None) -> ObservablePage:
        """One page, with what the caller may know of other incidents.

        Raises:
            NotFoundError: there is none that the caller may see.
            InvalidInputError: the cursor is not one of ours.
        """
        items, following = page_of(self.all(who, incident_id), _key, limit, cursor)
        return ObservablePage(items=self._with_sightings(who, incident_id, items), next_cursor=following)

    def all(self, who: Identity, incident_id: str) -> list[Observable]:
        """All of them, by type and value, marked by the lists of what is known good as they are now.

        Raises:
            NotFoundError: there is none that the caller may see.
        """
        return sorted(marked(self._read(who, incident_id).observables, self._known_good()), key=_key)

    def add(self, who: Identity, incident_id: str, wanted: ObservableAddition) -> tuple[Incident, Observable, bool]:
        """The incident, the observable, and whether this call added it: one that is there already stays as it is.

        Raises:
            NotFoundError: there is none that the caller may see.
            ForbiddenError: the caller does not handle it.
            InvalidInputError: the value is none of the type.
            ConflictError: the incident holds MAX_OBSERVABLES already.
        """
        found = named(wanted.value, wanted.type)
        added: Observable | None = None

        def change(incident: Incident) -> Incident:
            nonlocal added
            added = None
            _check(who, incident)
            if any(one.key == found for one in incident.observables):
                return incident
            if len(incident.observables) >= MAX_OBSERVABLES:
                raise ConflictError(f"The incident holds {MAX_OBSERVABLES} observables already: remove some first")
            added = self._made(found, incident, wanted.tlp)
            return self._with(incident, [*incident.observables, added])

        def beside(before: Incident, after: Incident) -> Iterable[New]:
            return self._recorded(who, before, "observable:added", None, after.observables[-1])

        after = self._incidents.update(incident_id, change, beside)
        kept = next(one for one in after.observables if one.key == found)
        return after, marked([kept], self._known_good())[0], added is not None

    def remove(self, who: Identity, incident_id: str, kind: ObservableType, value: str) -> Incident:
        """The incident without it.

        Raises:
            NotFoundError: there is no incident that the caller may see, or it holds no such observable.
            ForbiddenError: the caller does not handle it.
        """
        keys = {(kind, value.strip()), (kind, canonical(kind, value) or "")}

        def change(incident: Incident) -> Incident:
            _check(who, incident)
            left = [one for one in incident.observables if one.key not in keys]
            if len(left) == len(incident.observables):
                raise NotFoundError("The incident holds no such observable")
            return self._with(incident, left)

        def beside(before: Incident, after: Incident) -> Iterable[New]:
            kept = {one.key for one in after.observables}
            for gone in (one for one in before.observables if one.key not in kept):
                yield from self._recorded(who, before, "observable:removed", gone, None)

        return self._incidents.update(incident_id, change, beside)

    def _with_sightings(self, who: Identity, incident_id: str, items: list[Observable]) -> list[ShownObservable]:
        asked = [one.key for one in items if not one.known_good]
        # One more than is shown: the incident itself may be among the newest.
        seen = dict(zip(asked, self._sightings.of(scopes_for(who), asked, MAX_OTHERS + 1), strict=True))
        shown = []
        for one in items:
            sightings = None
            if one.key in seen:
                others = [other for other in seen[one.key].latest if other.incident_id != incident_id]
                sightings = SeenIn(count=seen[one.key].count, others=others[:MAX_OTHERS])
            shown.append(ShownObservable(**one.model_dump(), sightings=sightings))
        return shown

    def _made(self, found: Found, incident: Incident, tlp: Tlp | None) -> Observable:
        return Observable(
            type=found.type,
            value=found.value,
            tlp=tlp or incident.tlp,
            source=ObservableSource.TEAM,
            known_good=self._known_good().covers(found.type, found.value),
            first_seen_at=self._clock.now(),
        )

    def _with(self, incident: Incident, observables: list[Observable]) -> Incident:
        updates = {"observables": observables, "updated_at": self._clock.now(), "version": incident.version + 1}
        return incident.model_copy(update=updates)

    def _recorded(
        self, who: Identity, incident: Incident, action: str, old: Observable | None, new: Observable | None
    ) -> Iterable[New]:
        # The one that changed, and not the whole list before and after, which may be 200 long.
        before, after = (_as_said(one) if one else None for one in (old, new))
        changed = FieldChange(
            field="observables",
            old=as_json(before) if before else None,
            new=as_json(after) if after else None,
            personal=True,
        )
        yield self._record.done(who, incident, action, changes=[changed])
        entry = self._record.entry(
            who,
            incident.id,
            TimelineKind.OBSERVABLES,
            changes=[TimelineChange(field="observables", old=before, new=after)],
        )
        yield timeline_of(incident.id), entry


def named(value: str, kind: ObservableType | None) -> Found:
    """The observable that somebody names, in its canonical spelling.

    Raises:
        InvalidInputError: the value is none of the type.
    """
    if kind is None:
        return guessed(value)
    spelling = canonical(kind, value)
    if spelling is None:
        raise InvalidInputError("The value does not fit its type", {"value": f"this is no {kind}; leave out type"})
    return Found(kind, spelling)


def _check(who: Identity, incident: Incident) -> None:
    if not may_see(who, incident):
        raise NotFoundError(_MISSING)
    if not may_work_on(who, incident):
        raise ForbiddenError("Only the security team may change observables")


def _as_said(one: Observable) -> dict[str, str]:
    return {"type": one.type, "value": one.value, "tlp": one.tlp}


def _key(one: Observable) -> Key:
    return one.type, one.value
