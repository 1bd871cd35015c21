"""Nothing is changed before somebody said yes to what will be done, and where."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from pydantic import TypeAdapter, ValidationError

from scripts.people.errors import RefusedError
from scripts.people.target import Target
from shared.domain.team import Reason

Ask = Callable[[str], str]


def terminal() -> Ask | None:
    """How to ask the user; None when nobody sits there."""
    return input if sys.stdin.isatty() and sys.stdout.isatty() else None


def check_yes(target: Target, yes: str | None) -> None:
    """Check `--yes` before anything else is done.

    `yes` is None without the option, empty for a bare `--yes`, else the project's id that it names.

    Raises:
        RefusedError: it names another project, or none where one is needed.
    """
    if yes and yes != target.project:
        raise RefusedError(f"--yes={yes} names another project than {target.project}: nothing was changed")
    if yes == "" and not target.embedded:
        raise RefusedError(f"{target.project} is a real project: --yes={target.project} goes without the question")


def show(target: Target, plan: Sequence[str]) -> None:
    """Say where, and what will be done there."""
    print(f"Project: {target}")
    for line in plan:
        print(f"  {line}")


def confirm(target: Target, yes: str | None, ask: Ask | None) -> None:
    """Ask, once it was shown; on a real project the answer is the project's id.

    Raises:
        RefusedError: not confirmed.
    """
    check_yes(target, yes)
    if yes is not None:
        return
    if ask is None:
        raise RefusedError(f"nobody to ask: give --yes={target.project} to go without the question")
    if target.embedded:
        if _answer(ask, "Go on? [y/N] ").lower() not in {"y", "yes"}:
            raise RefusedError("not confirmed: nothing was changed")
    elif _answer(ask, "Type the project's id to go on: ") != target.project:
        raise RefusedError("that is not the project's id: nothing was changed")


def confirmed(target: Target, options: argparse.Namespace) -> str:
    """The reason, once what was shown is confirmed.

    Raises:
        RefusedError: it is not, or there is no reason.
    """
    ask = terminal()
    reason = reason_of(options.reason, ask)
    confirm(target, options.yes, ask)
    return reason


def reason_of(given: str | None, ask: Ask | None) -> str:
    """Why it is done, for the audit trail: as given, or asked for.

    Raises:
        RefusedError: none is given, or it is not usable.
    """
    if given is None and ask is None:
        raise RefusedError("give --reason: it is kept in the audit trail")
    reason = given if given is not None or ask is None else _answer(ask, "Reason, for the audit trail: ")
    try:
        return str(TypeAdapter(Reason).validate_python(reason))
    except ValidationError:
        raise RefusedError("the reason needs 3 to 500 characters of text") from None


def _answer(ask: Ask, question: str) -> str:
    try:
        return ask(question).strip()
    except EOFError:
        raise RefusedError("no answer: nothing was changed") from None
