"""`scripts/reset_mfa --email ADDRESS`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from pydantic import TypeAdapter, ValidationError

from scripts.people import command, confirming
from scripts.people.errors import RefusedError
from scripts.people.standing import standing
from shared.domain.audit import Actor
from shared.domain.people import PlainEmail

PROGRAM = "reset_mfa"
ACTOR = Actor(kind="script", id=PROGRAM)


def run(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 done, 1 failed on the way, 2 refused or could not start."""
    return command.guarded(PROGRAM, lambda: _run(command.parse(_parser(), arguments)))


def _parser() -> argparse.ArgumentParser:
    parser = command.parser(
        PROGRAM,
        "Remove the second factors of somebody who lost theirs, and end all their sessions.",
        "Make sure first that it is really them who ask: this is what an attacker with their password would ask for.",
    )
    parser.add_argument("--email", required=True, help="whose")
    return parser


def _run(options: argparse.Namespace) -> int:
    try:
        email: str = TypeAdapter(PlainEmail).validate_python(options.email)
    except ValidationError:
        raise RefusedError("--email: that is no e-mail address") from None
    target = command.bind(options)
    from shared import bootstrap

    found = standing(bootstrap.accounts(), bootstrap.store(), email)
    if found.account is None or found.user is None:
        raise RefusedError(f"{email} is not known on {target.project}")
    factors = found.account.second_factors
    if not factors:
        confirming.show(target, [f"{email} has no second factor: nothing to do"])
        return command.DONE
    plan = [
        f"{email} ({found.user.role}): {len(factors)} second factor(s) removed ({', '.join(factors)})",
        "All their sessions end, and they get a mail about it",
    ]
    confirming.show(target, plan)
    reason = confirming.confirmed(target, options)
    removed = bootstrap.second_factor_reset().reset(ACTOR, found.user.uid, reason)
    print(f"{email}: {removed} second factor(s) removed, all sessions ended")
    return command.DONE


if __name__ == "__main__":
    sys.exit(run())
