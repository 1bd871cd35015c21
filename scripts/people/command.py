"""What the three commands have in common: their options, their start, and how they fail."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

from pydantic import ValidationError

from scripts.people import binding, passwords
from scripts.people.confirming import check_yes
from scripts.people.errors import RefusedError
from scripts.people.target import Target, choose
from shared.domain.errors import SecuraError, TamperedError, TooManyConflictsError, UnavailableError
from shared.settings import SettingsError

ROOT = Path(__file__).parents[2]
DONE, FAILED, REFUSED = 0, 1, 2
_KEYS_TRIED = 3
_INTERRUPTED = 130  # as shells tell of SIGINT
_STATUS = "Exit status: 0 done, 1 something failed on the way (run it again), 2 refused or could not start."


def parser(program: str, description: str, epilog: str = "") -> argparse.ArgumentParser:
    """A parser with the options that every command has."""
    made = argparse.ArgumentParser(
        prog=f"scripts/{program}", description=description, epilog=f"{epilog} {_STATUS}", allow_abbrev=False
    )
    made.add_argument("--project", metavar="ID", help="a real project, with your application-default credentials")
    made.add_argument("--data", type=Path, default=Path(".local"), help="data folder of scripts/local (default .local)")
    made.add_argument("--reason", help="why, for the audit trail; asked for when left out")
    made.add_argument("--yes", metavar="[=ID]", help="do not ask; a real project needs its id: --yes=ID")
    return made


def parse(made: argparse.ArgumentParser, arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options. A bare `--yes` takes nothing from the argument behind it.

    Raises:
        RefusedError: an argument looks like a password.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    passwords.refuse_in_arguments(given)
    return made.parse_args(["--yes=" if argument == "--yes" else argument for argument in given])


def bind(options: argparse.Namespace) -> Target:
    """Choose the project and bind this process to it; from here on `shared.bootstrap` can be used.

    Raises:
        RefusedError: it cannot be.
        SettingsError: the settings are not usable.
    """
    target = choose(options.project, os.environ, options.data)
    check_yes(target, options.yes)
    os.environ.update(target.variables)
    os.environ.update(binding.variables_for(target, os.environ, options.data, ROOT))
    from shared import bootstrap

    _check_key(bootstrap)
    return target


def _check_key(bootstrap: ModuleType) -> None:
    """Find out whether the key is the project's: under another one, what is written now could never be read.

    Raises:
        RefusedError: it is not, or it is none at all.
    """
    from shared.adapters.firestore.conditional import firestore_errors

    try:
        cipher = bootstrap.subject_cipher()
        with firestore_errors():
            some = list(bootstrap.firestore_client().collection("subject_keys").limit(_KEYS_TRIED).stream())
        for snapshot in some:
            cipher.encrypt(snapshot.id, "", "whether the key fits")
    except ValueError as error:
        raise RefusedError(f"{binding.MASTER_KEY} is not usable: {error}") from None
    except TamperedError:
        raise RefusedError(f"{binding.MASTER_KEY} is not the key of this project") from None


def second_factor_policy() -> str:
    """What a person made now is asked for: said before it is confirmed, since a forgotten setting would weaken it."""
    from shared import bootstrap

    roles = sorted(str(role) for role in bootstrap.settings().second_factor_roles)
    named = ", ".join(roles) if roles else "no role (SECURA_SECOND_FACTOR_ROLES is not set)"
    return f"A second factor is required of: {named}"


def guarded(program: str, body: Callable[[], int]) -> int:
    """The exit status of `body`; every expected failure is one line on standard error."""
    try:
        return body()
    except (RefusedError, SettingsError) as error:
        return _failed(program, str(error), REFUSED)
    except (UnavailableError, TooManyConflictsError) as error:
        return _failed(program, f"{error}; run the same command again to complete what was begun", FAILED)
    except SecuraError as error:
        return _failed(program, str(error), FAILED)
    except KeyboardInterrupt:
        return _failed(program, "interrupted; run the same command again to complete what was begun", _INTERRUPTED)


def problems_of(error: ValidationError) -> str:
    """The fields that are not usable, in one line that repeats nothing of their values."""
    return "; ".join(
        f"{'.'.join(map(str, issue['loc']))}: {issue['msg'].removeprefix('Value error, ')}"
        for issue in error.errors(include_input=False, include_context=False, include_url=False)
    )


def _failed(program: str, text: str, status: int) -> int:
    print(f"{program}: {text}", file=sys.stderr)
    return status
