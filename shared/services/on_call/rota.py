"""The on-call rota: reading it, changing it, and who is on call now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

from shared.domain.audit import AuditTarget, changes_between
from shared.domain.base import Model, UtcDatetime
from shared.domain.errors import ForbiddenError, InvalidInputError, NotFoundError, VersionConflictError
from shared.domain.people import Identity, User
from shared.domain.permissions import Permission, Role, allows
from shared.domain.rota import ROTA_ID, Duty, Rota, RotaPlan, duty_at
from shared.ports.clock import Clock
from shared.ports.rota import ROTAS
from shared.ports.store import AUDIT, USERS, Store, Work
from shared.services.audit import AuditTrail


class OnDuty(Model):
    """Somebody is on call from `since` on, until `until`; `override` where it is not their turn by the order."""

    uid: str
    display_name: str
    email: str
    phone: str
    since: UtcDatetime
    until: UtcDatetime
    override: bool


class OnCall(Model):
    """Who is on call now and who comes next; null where there is no rota or nobody who could be."""

    now: OnDuty | None = None
    next: OnDuty | None = None


class StaleRotaError(VersionConflictError):
    """The rota was changed since it was read."""

    def __init__(self, expected: int, actual: int) -> None:
        super().__init__(expected, actual)
        self.args = (f"The rota is at version {actual}, your change was made on version {expected}",)


def is_available(user: User | None) -> bool:
    """Whether somebody can be on call and be assigned: of the team, or an administrator, and not disabled."""
    return user is not None and not user.disabled and allows(user.role, Permission.INCIDENT_UPDATE_ALL)


def on_call_now(source: Store | Work, moment: datetime) -> Duty | None:
    """Who is on call at the moment; None where there is no rota, or nobody in it who could be."""
    rota = source.get(ROTAS, ROTA_ID)
    if rota is None:
        return None

    @cache
    def fit(uid: str) -> bool:
        return is_available(source.get(USERS, uid))

    return duty_at(rota, moment, fit)


class OnCallRota:
    """The one rota of the platform."""

    def __init__(self, store: Store, trail: AuditTrail, clock: Clock) -> None:
        self._store = store
        self._trail = trail
        self._clock = clock

    def on_call(self) -> OnCall:
        """Who is on call now, and who comes next."""
        rota = self._store.get(ROTAS, ROTA_ID)
        if rota is None:
            return OnCall()
        people = {uid: user for uid in _named(rota) if (user := self._available(uid)) is not None}
        now = duty_at(rota, self._clock.now(), people.__contains__)
        following = duty_at(rota, now.until, people.__contains__) if now else None
        return OnCall(now=_shown(now, people), next=_shown(following, people))

    def get(self) -> Rota:
        """The rota.

        Raises:
            NotFoundError: nobody has set one yet.
        """
        rota = self._store.get(ROTAS, ROTA_ID)
        if rota is None:
            raise NotFoundError("There is no rota yet")
        return rota

    def put(self, who: Identity, plan: RotaPlan, expected_version: int | None = None) -> Rota:
        """The rota as the plan says; one that says so already keeps its version.

        Raises:
            ForbiddenError: the caller neither is an administrator nor leads the team.
            InvalidInputError: somebody is named who cannot be on call.
            StaleRotaError: somebody else changed it first.
        """

        def body(work: Work) -> Rota:
            self._check_allowed(work, who)
            before = work.get(ROTAS, ROTA_ID)
            version = before.version if before else 0
            if expected_version is not None and expected_version != version:
                raise StaleRotaError(expected_version, version)
            if before is not None and _plan(before) == _plan(plan):
                return before
            _check_people(work, plan, known=_named(before) if before else ())
            fields = _plan(plan) | {"version": version + 1, "updated_at": self._clock.now(), "updated_by": who.uid}
            after = Rota.model_validate(fields)
            work.put(ROTAS, after)
            changes = changes_between(before, after, RotaPlan.model_fields, ignore={"id", "updated_by"})
            target = AuditTarget(kind="rota", id=ROTA_ID)
            work.create(AUDIT, self._trail.entry(who, "rota:changed", target, changes=changes))
            return after

        return self._store.run(body)

    def _check_allowed(self, work: Work, who: Identity) -> None:
        if who.can(Permission.ROTA_MANAGE):
            return
        user = work.get(USERS, who.uid)
        if user is None or user.disabled or not (user.is_lead and user.role is Role.SECURITY_TEAM):
            raise ForbiddenError("Only administrators and leads of the security team change the rota")

    def _available(self, uid: str) -> User | None:
        user = self._store.get(USERS, uid)
        return user if is_available(user) else None


def _plan(plan: RotaPlan) -> dict[str, Any]:
    return {name: getattr(plan, name) for name in RotaPlan.model_fields}


def _named(plan: RotaPlan) -> list[str]:
    return list(dict.fromkeys([*plan.members, *(one.uid for one in plan.overrides)]))


def _check_people(work: Work, plan: RotaPlan, known: Iterable[str]) -> None:
    """Everybody who is new has to be there. Who was named before stays, and is passed over when they are gone."""
    places = {uid: f"overrides.{place}.uid" for place, uid in enumerate(one.uid for one in plan.overrides)}
    places |= {uid: f"members.{place}" for place, uid in enumerate(plan.members)}
    kept = set(known)
    refused = {
        place: "names nobody of the security team"
        for uid, place in places.items()
        if uid not in kept and not is_available(work.get(USERS, uid))
    }
    if refused:
        raise InvalidInputError("Some people cannot be on call", refused)


def _shown(duty: Duty | None, people: dict[str, User]) -> OnDuty | None:
    if duty is None:
        return None
    user = people[duty.uid]
    return OnDuty(
        uid=user.uid,
        display_name=user.display_name,
        email=user.email,
        phone=user.phone,
        since=duty.since,
        until=duty.until,
        override=duty.override,
    )
