"""Assigning incidents to people: by name, or by a rule that chooses somebody."""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.assignment import AssignmentMode, AssignmentRequest, AssignmentRule, assignees_after, least_loaded
from shared.domain.errors import ConflictError, InvalidInputError, NotFoundError
from shared.domain.incident import Incident
from shared.domain.links import is_connected, next_version
from shared.domain.people import Identity, User
from shared.domain.permissions import Role
from shared.domain.taxonomy import Status
from shared.domain.timeline import TimelineKind
from shared.domain.visibility import may_work_on, user_may_see
from shared.ports.clock import Clock
from shared.ports.repositories import Users
from shared.ports.store import INCIDENTS, USERS, Store, Work
from shared.ports.workload import Workload
from shared.services.incidents.access import check_count, withdrawal
from shared.services.incidents.conflicts import explained
from shared.services.incidents.others import MISSING, workable
from shared.services.incidents.recording import IncidentRecord
from shared.services.on_call.rota import is_available, on_call_now


class _StaleError(Exception):
    def __init__(self, incident: Incident) -> None:
        super().__init__()
        self.incident = incident


class IncidentAssigning:
    """Assigns; whoever is assigned already stays so, and nothing is written."""

    def __init__(self, store: Store, users: Users, workload: Workload, record: IncidentRecord, clock: Clock) -> None:
        self._store = store
        self._users = users
        self._workload = workload
        self._record = record
        self._clock = clock

    def assign(
        self, who: Identity, incident_id: str, request: AssignmentRequest, expected_version: int | None = None
    ) -> Incident:
        """The incident with its new assignees.

        Raises:
            NotFoundError: there is none that the caller works on.
            InvalidInputError: the assignee is nobody of the team, or may not see it.
            ConflictError: the rule finds nobody, it was merged, or it has no room for more.
            VersionConflictError: it is not at the expected version any more.
        """
        # The rule counts, which no transaction can: whom it finds is looked at again within one.
        name = request.assignee_id or self._chosen(who, incident_id, request)

        def body(work: Work) -> Incident:
            before = workable(work, who, incident_id)
            if expected_version is not None and before.version != expected_version:
                raise _StaleError(before)
            if before.merged_into is not None:
                raise ConflictError("It was merged into another incident: assign that one")
            return self._assigned(work, who, before, name, request)

        try:
            return self._store.run(body)
        except _StaleError as stale:
            raise explained(self._store, who, stale.incident, expected_version or 0) from None

    def _assigned(self, work: Work, who: Identity, before: Incident, name: str, request: AssignmentRequest) -> Incident:
        user = _named(work, name)
        granted = before
        if request.mode is AssignmentMode.REMOVE:
            # Whoever left the team, or is gone, can still be taken off.
            uid = user.uid if user else name
        else:
            user = _assignable(user)
            uid = user.uid
            granted = self._with_access(before, user, request)
        assignees = assignees_after(before.assignee_ids, uid, request.mode)
        if assignees == before.assignee_ids and granted is before:
            return before
        if granted is before:
            after = next_version(before, self._clock.now(), assignee_ids=assignees)
        else:
            after = granted.model_copy(update={"assignee_ids": assignees})
        self._keep(work, who, (before, granted, after), request.note)
        return after

    def _with_access(self, incident: Incident, user: User, request: AssignmentRequest) -> Incident:
        """The incident as the assignee may see it; the same object where they do already."""
        if user_may_see(user, incident):
            return incident
        if not request.grant_access:
            reason = "may not see this confidential incident: send grant_access true to name them in access_ids"
            raise InvalidInputError("The assignee may not see it", {_field(request): reason})
        if is_connected(incident):
            raise ConflictError(
                "It is linked or merged with others, whose readers would be told of it: "
                "remove the links and undo the merges first"
            )
        now = self._clock.now()
        named = [*incident.access_ids, user.uid]
        check_count(named)
        after = next_version(incident, now, access_ids=named)
        return after.model_copy(update={"withdrawal": withdrawal(incident, after, now)})

    def _keep(self, work: Work, who: Identity, states: tuple[Incident, Incident, Incident], note: str | None) -> None:
        before, granted, after = states
        work.put(INCIDENTS, after)
        documents = []
        if granted is not before:
            documents += self._record.changed(who, before, granted, TimelineKind.ACCESS)
            # Both entries are of the one new version.
            granted = granted.model_copy(update={"version": before.version})
        if granted.assignee_ids != after.assignee_ids:
            # What is said at a handover is among those who handle it.
            internal = note is not None
            documents += self._record.changed(who, granted, after, TimelineKind.ASSIGNED, note=note, internal=internal)
        for kind, document in documents:
            work.create(kind, document)

    def _chosen(self, who: Identity, incident_id: str, request: AssignmentRequest) -> str:
        """The uid of whom the rule chooses."""
        incident = self._store.get(INCIDENTS, incident_id)
        if incident is None or not may_work_on(who, incident):
            raise NotFoundError(MISSING)
        if request.rule is AssignmentRule.ON_CALL:
            duty = on_call_now(self._store, self._clock.now())
            if duty is None:
                raise ConflictError("Nobody is on call: set a rota, or name somebody")
            return duty.uid
        team = [user for user in self._users.with_role(Role.SECURITY_TEAM) if not user.disabled]
        if not request.grant_access:
            team = [user for user in team if user_may_see(user, incident)]
        if request.rule is AssignmentRule.SKILL:
            team = _skilled(team, incident)
        uid = self._least_loaded(team, incident)
        if uid is None:
            raise ConflictError("Nobody of the security team could be assigned: name somebody")
        return uid

    def _least_loaded(self, team: Sequence[User], incident: Incident) -> str | None:
        load = dict(self._workload.open_incidents([user.uid for user in team]))
        # Without this one, so that the same rule chooses the same person again when it is asked again.
        if incident.status is not Status.CLOSED:
            load = {uid: count - (uid in incident.assignee_ids) for uid, count in load.items()}
        return least_loaded(load)


def _named(work: Work, name: str) -> User | None:
    if "@" not in name:
        return work.get(USERS, name)
    # Addresses are kept in lower case.
    return next(iter(work.find(USERS, 1, email=name.lower())), None)


def _assignable(user: User | None) -> User:
    if user is None or not is_available(user):
        reason = "names nobody of the security team who could work on it"
        raise InvalidInputError("The assignee is not on the security team", {"assignee_id": reason})
    return user


def _skilled(team: Sequence[User], incident: Incident) -> list[User]:
    if incident.category is None:
        raise ConflictError("It has no category yet that a skill could fit: choose a category, or name somebody")
    found = [user for user in team if incident.category in user.skills]
    if not found:
        raise ConflictError(f"Nobody of the security team has the skill {incident.category}: name somebody")
    return found


def _field(request: AssignmentRequest) -> str:
    return "rule" if request.rule is not None else "assignee_id"
