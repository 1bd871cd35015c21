"""Which project a script works on: the embedded services of this machine, or a real one."""

from __future__ import annotations

import re
import shlex
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.people.errors import RefusedError

EMULATORS = ("FIRESTORE_EMULATOR_HOST", "FIREBASE_AUTH_EMULATOR_HOST")
_PROJECT = "GOOGLE_CLOUD_PROJECT"
_FROM_ENV_FILE = (_PROJECT, *EMULATORS)
# Google Cloud, "Creating and managing projects": 6 to 30 lower-case letters, digits and hyphens, a letter first.
_PROJECT_ID = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]", re.ASCII)
_ANSWER_WITHIN = 3.0  # seconds; they are on this machine, or near


@dataclass(frozen=True, slots=True)
class Target:
    """The project, and the variables by which Google's libraries find it."""

    project: str
    embedded: bool
    variables: Mapping[str, str]

    def __str__(self) -> str:
        if self.embedded:
            return f"{self.project} (embedded services, Firestore at {self.variables[EMULATORS[0]]})"
        return f"{self.project} (a real project)"


def choose(given: str | None, environment: Mapping[str, str], data: Path) -> Target:
    """The project that was named: by `--project`, by the official variables, or by the data folder of scripts/local.

    A name by `--project` is a real project unless the variables say that it is the embedded services'. Half a set of
    emulator variables is refused: it would change people here and accounts there.

    Raises:
        RefusedError: none is named, or two contradict each other.
    """
    named = given or environment.get(_PROJECT) or environment.get("GCLOUD_PROJECT")
    present = [name for name in EMULATORS if environment.get(name)]
    if len(present) == 1:
        (missing,) = set(EMULATORS) - set(present)
        raise RefusedError(f"{present[0]} is set and {missing} is not: set both for the embedded services, or neither")
    if present:
        return _embedded(environment, given, named)
    if given is None and (data / "env").is_file():
        return _embedded(read_env(data / "env"), None, None)
    if named is None:
        raise RefusedError("no project: start scripts/local first, or name a real project with --project ID")
    if not _PROJECT_ID.fullmatch(named):
        raise RefusedError("--project: a project's id has 6 to 30 lower-case letters, digits and hyphens")
    return Target(named, embedded=False, variables={_PROJECT: named})


def _embedded(variables: Mapping[str, str], given: str | None, named: str | None) -> Target:
    theirs = variables.get(_PROJECT) or named
    if not theirs or not all(variables.get(name) for name in EMULATORS):
        raise RefusedError(f"the embedded services need {', '.join(_FROM_ENV_FILE)}: start scripts/local again")
    if given is not None and given != theirs:
        raise RefusedError(f"--project {given}, but the variables name embedded services: unset {', '.join(EMULATORS)}")
    return Target(theirs, embedded=True, variables={_PROJECT: theirs, **{name: variables[name] for name in EMULATORS}})


def read_env(path: Path) -> dict[str, str]:
    """The variables of a file of `export NAME=value` lines, or a dotenv file; comments and other lines are left out.

    Raises:
        RefusedError: it cannot be read.
    """
    variables: dict[str, str] = {}
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            name, equals, value = line.strip().removeprefix("export ").partition("=")
            if equals and not name.startswith("#"):
                variables[name.strip()] = "".join(shlex.split(value, comments=True)[:1])
    except (OSError, ValueError) as error:
        raise RefusedError(f"{path}: {getattr(error, 'strerror', None) or 'not a file of variables'}") from error
    return variables


def check_answering(target: Target) -> None:
    """Find out early that embedded services are not running: their clients would wait for them for minutes.

    Raises:
        RefusedError: they do not answer.
    """
    for name in EMULATORS:
        address = target.variables[name]
        host, _, port = address.rpartition(":")
        try:
            with socket.create_connection((host.strip("[]"), int(port)), _ANSWER_WITHIN):
                pass
        except (OSError, ValueError, OverflowError) as error:
            raise RefusedError(
                f"nothing answers at {address} ({name}): start scripts/local, or name a real project with --project ID"
            ) from error
