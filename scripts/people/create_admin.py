"""`scripts/create_admin --email ADDRESS --name NAME`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from enum import Enum

from pydantic import ValidationError

from scripts.people import command, confirming, passwords
from scripts.people.errors import RefusedError
from scripts.people.standing import Standing, provisioned_uid, standing
from shared.domain.audit import Actor
from shared.domain.permissions import Role
from shared.services.accounts.provisioning import NewPerson

PROGRAM = "create_admin"
ACTOR = Actor(kind="script", id=PROGRAM)


class Step(Enum):
    """What has to be done; the value says it to the user."""

    CREATE = "{email} has no account: it is made now, with a password of your choice, as an administrator"
    JOIN = "{email} has an account and is not known to the platform: becomes an administrator, and is mailed"
    RAISE = "{email} is known in the role {role}: becomes an administrator; all sessions end"
    FINISH = "{email} is an administrator already; the account is brought along"
    NOTHING = "{email} is an administrator already: nothing to do"


def step_for(found: Standing) -> Step:
    """What making this person an administrator takes.

    Raises:
        RefusedError: it would not be safe, or of no use.
    """
    account, user = found.account, found.user
    if account is None:
        return Step.CREATE
    if account.disabled or (user is not None and user.disabled):
        raise RefusedError(f"{found.email} is disabled: another administrator has to enable the account first")
    if user is not None and user.role is Role.ADMIN:
        return Step.NOTHING if account.role is Role.ADMIN else Step.FINISH
    if not found.proven:
        raise RefusedError(
            f"the address {found.email} is not verified, so the account may be a stranger's: its owner has to verify "
            "it first, by the link in the mail that came with the registration"
        )
    return Step.JOIN if user is None else Step.RAISE


def run(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 failed on the way, 2 refused or could not start."""
    return command.guarded(PROGRAM, lambda: _run(command.parse(_parser(), arguments)))


def _parser() -> argparse.ArgumentParser:
    parser = command.parser(
        PROGRAM,
        "Make an administrator, or make somebody who is known one.",
        "The password is asked for; it is never an argument.",
    )
    parser.add_argument("--email", required=True, help="the address to sign in with")
    parser.add_argument("--name", required=True, help="the person's name")
    parser.add_argument("--department", default="", help="where the person works")
    parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input, one line")
    return parser


def _run(options: argparse.Namespace) -> int:
    person = _person(options)
    target = command.bind(options)
    from shared import bootstrap

    found = standing(bootstrap.accounts(), bootstrap.store(), person.email)
    step = step_for(found)
    said = step.value.format(email=person.email, role=found.user.role if found.user else "")
    if step is Step.NOTHING:
        confirming.show(target, [said])
        return command.DONE
    confirming.show(target, [said, command.second_factor_policy()])
    reason = confirming.confirmed(target, options)
    # Only a new account takes a password: one that is there keeps its own.
    password = _password(options, person) if step is Step.CREATE else None
    done = bootstrap.account_provisioning().provision(
        ACTOR, person, password, reason, provisioned_uid(person.email) if step is Step.CREATE else None
    )
    print(f"{person.email} is an administrator now (uid {done.uid})")
    return command.DONE


def _person(options: argparse.Namespace) -> NewPerson:
    try:
        return NewPerson(email=options.email, display_name=options.name, department=options.department, role=Role.ADMIN)
    except ValidationError as error:
        raise RefusedError(command.problems_of(error)) from None


def _password(options: argparse.Namespace, person: NewPerson) -> str:
    from shared.adapters.zxcvbn_passwords import ZxcvbnJudge

    known = ["secura", person.display_name, person.department, *person.email.split("@")]
    objection = passwords.policy(ZxcvbnJudge(), known)
    if options.password_stdin:
        return passwords.from_stdin(sys.stdin, objection)
    return passwords.asked(passwords.hidden_terminal(), objection)


if __name__ == "__main__":
    sys.exit(run())
