"""Passwords come from the terminal or from standard input. Arguments are seen by everybody on the machine (`ps`)."""

from __future__ import annotations

import getpass
import re
import sys
from collections.abc import Callable, Sequence
from typing import TextIO

from scripts.people.errors import RefusedError
from shared.domain.people import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH
from shared.ports.passwords import PasswordJudge

_LOOKS_LIKE_ONE = re.compile(r"(--?p(ass|w)|-p)", re.IGNORECASE)
_ALLOWED = "--password-stdin"
_TRIES = 3
_LONGEST_LINE = 10_000  # characters; more is no password, and reading it all would be a waste

AskHidden = Callable[[str], str]
Objection = Callable[[str], str | None]


def refuse_in_arguments(arguments: Sequence[str]) -> None:
    """Refuse arguments that look like a password option; what they hold is not repeated.

    Raises:
        RefusedError: one does.
    """
    if any(_LOOKS_LIKE_ONE.match(argument) and argument != _ALLOWED for argument in arguments):
        raise RefusedError(
            "a password is never an argument, which others on this machine can read: leave it out and you are asked, "
            f"or use {_ALLOWED}. One that was typed here should not be used any more"
        )


def policy(judge: PasswordJudge, known: Sequence[str]) -> Objection:
    """The rule for new passwords, as for everybody who registers; `known` is what an attacker knows of the person."""

    def objection(password: str) -> str | None:
        if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
            return f"use {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters"
        if not password.isprintable():
            return "it holds a character that cannot be typed"
        return judge.objection(password, known)

    return objection


def hidden_terminal() -> AskHidden | None:
    """How to ask without showing what is typed; None when nobody sits there."""
    return getpass.getpass if sys.stdin.isatty() else None


def asked(ask: AskHidden | None, objection: Objection) -> str:
    """A good password, typed twice; three tries.

    Raises:
        RefusedError: nobody to ask, or no good one came.
    """
    if ask is None:
        raise RefusedError(f"nobody to ask for the password: give it on standard input with {_ALLOWED}")
    for _ in range(_TRIES):
        try:
            password = ask("New password: ")
            if (why := objection(password)) is not None:
                print(f"Not this one: {why}")
            elif ask("The same again: ") != password:
                print("Not the same")
            else:
                return password
        except EOFError:
            break
    raise RefusedError("no usable password: nothing was changed")


def from_stdin(stream: TextIO, objection: Objection) -> str:
    """The first line of the stream, without its end.

    Raises:
        RefusedError: it is empty or no good.
    """
    try:
        line = stream.readline(_LONGEST_LINE).rstrip("\r\n")
    except UnicodeDecodeError:
        raise RefusedError("the password on standard input is not UTF-8 text") from None
    if not line:
        raise RefusedError("no password on standard input: nothing was changed")
    if (why := objection(line)) is not None:
        raise RefusedError(f"the password on standard input is refused: {why}")
    return line
