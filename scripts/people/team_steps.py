"""What the file asks for, for each person: worked out first, then done."""

from __future__ import annotations

from dataclasses import dataclass

from scripts.people.standing import Standing, provisioned_uid
from scripts.people.team_file import Member
from shared.domain.audit import Actor
from shared.domain.permissions import Role
from shared.domain.team import TeamAction
from shared.services.accounts.provisioning import AccountProvisioning, NewPerson
from shared.services.accounts.team import TeamManagement


@dataclass(frozen=True, slots=True)
class Steps:
    """What one person needs. `refused` says why nothing can be done; `note` what was found instead of work."""

    member: Member
    uid: str | None = None
    create: bool = False
    add: bool = False
    promote: bool = False
    note: str | None = None
    refused: str | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """The steps in the words of the report."""
        done = {"created": self.create, "added": self.add, "promoted": self.promote}
        return (*([self.note] if self.note else []), *(word for word, holds in done.items() if holds))

    @property
    def changes(self) -> bool:
        """Whether anything is to be done."""
        return self.create or self.add or self.promote


def steps_for(member: Member, found: Standing) -> Steps:
    """What the person needs to be on the team as the file says. Nobody loses a role."""
    account, user = found.account, found.user
    if account is not None and (account.disabled or (user is not None and user.disabled)):
        return Steps(member, refused="the account is disabled: enable it first")
    needs_role = user is None or user.role is Role.EMPLOYEE
    if needs_role and not found.proven:
        return Steps(member, refused="the address is not verified, so the account may be a stranger's")
    if user is None:
        return Steps(member, create=True, promote=member.lead)
    promote = member.lead and not user.is_lead
    if needs_role:
        return Steps(member, user.uid, add=True, promote=promote)
    note = "already admin" if user.role is Role.ADMIN else "already there"
    return Steps(member, user.uid, promote=promote, note=note)


def do(steps: Steps, by: Actor, reason: str, provisioning: AccountProvisioning, team: TeamManagement) -> None:
    """Do them. Each can be repeated.

    Raises:
        SecuraError: a step failed; running the command again goes on there.
    """
    uid = steps.uid
    member = steps.member
    if steps.create:
        person = NewPerson(
            email=member.email, display_name=member.name, department=member.department, role=Role.SECURITY_TEAM
        )
        uid = provisioning.provision(by, person, None, reason, provisioned_uid(member.email)).uid
    if uid is None:
        raise ValueError("Somebody who is not created has to be there")
    if steps.add:
        team.act(by, uid, TeamAction.ADD, reason)
    if steps.promote:
        team.act(by, uid, TeamAction.PROMOTE, reason)
