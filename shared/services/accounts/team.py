"""Administrators decide who is on the security team, who leads it, and who may sign in at all."""

from __future__ import annotations

from collections.abc import Callable, Collection

from shared.domain.audit import Actor, AuditEntry, AuditTarget, changes_between
from shared.domain.errors import ConflictError, NotFoundError
from shared.domain.people import Identity, User
from shared.domain.permissions import Role
from shared.domain.team import TeamAction, after_action, with_role
from shared.ports.clock import Clock
from shared.ports.store import AUDIT, OUTBOX, USERS, Store, Work
from shared.services.accounts.administrators import keep_an_admin
from shared.services.accounts.plain import PLAIN_FIELDS
from shared.services.accounts.synchronizing import AccountSync, revoked_in, whole_second
from shared.services.audit import AuditTrail
from shared.services.notifications.notices import Notice, notice_mail

_SAID = {
    TeamAction.ADD: "You are on the security team now.",
    TeamAction.REMOVE: "You are an employee of the platform again, no longer on the security team.",
    TeamAction.PROMOTE: "You lead the security team now.",
    TeamAction.DEMOTE: "You no longer lead the security team; you are still on it.",
    TeamAction.DISABLE: "Your account was disabled: you cannot sign in any more.",
    TeamAction.ENABLE: "Your account was enabled: you can sign in again.",
}


class TeamManagement:
    """Changes a person's role and state: in one transaction with the audit entry, the mail and the end of sessions."""

    def __init__(  # what a change of role touches
        self,
        store: Store,
        sync: AccountSync,
        trail: AuditTrail,
        clock: Clock,
        second_factor_roles: Collection[Role] = (),
    ) -> None:
        self._store = store
        self._sync = sync
        self._trail = trail
        self._clock = clock
        self._second_factor_roles = frozenset(second_factor_roles)

    def act(self, who: Identity | Actor, uid: str, action: TeamAction, reason: str) -> User:
        """The person with the action done; done before, it changes nothing.

        Raises:
            NotFoundError: there is no such person.
            ConflictError: it makes no sense for them, it would leave no administrator, or lock oneself out.
            UnavailableError: a service does not answer. What was written holds; a retry or the trigger does the rest.
        """
        if action is TeamAction.DISABLE and isinstance(who, Identity) and who.uid == uid:
            raise ConflictError("You cannot disable yourself: ask another administrator")
        return self._change(who, uid, reason, lambda user: after_action(user, action), f"team:{action}", _SAID[action])

    def assign(self, who: Identity | Actor, uid: str, role: Role, reason: str) -> User:
        """The person in the role, for the administrators' scripts.

        Raises:
            As `act` does.
        """
        said = f"Your role on the platform is now: {role.replace('_', ' ')}."
        return self._change(who, uid, reason, lambda user: with_role(user, role), "team:role_assigned", said)

    def _change(  # what is done, and what is said of it
        self, who: Identity | Actor, uid: str, reason: str, change: Callable[[User], User], action: str, said: str
    ) -> User:
        def body(work: Work) -> tuple[User, bool]:
            before = work.get(USERS, uid)
            if before is None:
                raise NotFoundError("There is no such user")
            after = self.with_policy(change(before))
            if after == before:
                return before, False
            keep_an_admin(work, before, after)
            entry = self._entry(who, before, after, action, reason)
            return self._write(work, who, before, after, entry, said), _ends_sessions(before, after)

        result, settle = self._store.run(body)
        if settle:
            self._sync.settle(uid)
        else:
            self._sync.follow(uid)
        return result

    def with_policy(self, user: User) -> User:
        """The person, asked for a second factor if their role needs one."""
        required = user.role in self._second_factor_roles
        return user.model_copy(update={"second_factor_required": required})

    def _write(
        self, work: Work, who: Identity | Actor, before: User, after: User, entry: AuditEntry, said: str
    ) -> User:
        now = self._clock.now()
        after = after.model_copy(update={"updated_at": now})
        if _ends_sessions(before, after):
            after = revoked_in(work, after, whole_second(now))
        else:
            work.put(USERS, after)
        work.create(AUDIT, entry)
        notice = Notice(kind="team_change", subject="Your account on Secura changed", paragraphs=[said, _BY])
        work.create(OUTBOX, notice_mail(f"team-{entry.id}", after.email, notice, now))
        return after

    def _entry(self, who: Identity | Actor, before: User, after: User, action: str, reason: str) -> AuditEntry:
        return self._trail.entry(
            who,
            action,
            AuditTarget(kind="user", id=before.uid),
            subject=before.uid,
            changes=changes_between(before, after, PLAIN_FIELDS),
            reason=reason,
        )


def _ends_sessions(before: User, after: User) -> bool:
    return after.role is not before.role or after.disabled is not before.disabled


_BY = "An administrator did this. If you did not expect it, speak to your security team."
