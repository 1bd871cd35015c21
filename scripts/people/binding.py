"""Binding the process to a project: the variables that `shared.bootstrap` builds from, set before it is imported."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scripts.backend.keys import platform_keys
from scripts.people.errors import RefusedError
from scripts.people.target import EMULATORS, Target, check_answering, read_env

MASTER_KEY = "SECURA_AUDIT_MASTER_KEY"
"""The key that audit entries' personal values are encrypted under. The signing key is not needed: nothing is sealed."""


def variables_for(target: Target, environment: Mapping[str, str], data: Path, root: Path) -> dict[str, str]:
    """What to set: where the project is, the settings its functions run with, and the key of the audit trail.

    The settings are read from the files that the functions are deployed with (`.env`, `.env.PROJECT`), or that
    scripts/local takes (`.env.local`), so that a person made here is asked for a second factor like everybody.

    Raises:
        RefusedError: something is missing, or does not answer.
    """
    files = [".env.local"] if target.embedded else [".env", f".env.{target.project}"]
    settings: dict[str, str] = {}
    for path in (root / name for name in files):
        if path.is_file():
            settings |= {name: value for name, value in read_env(path).items() if name.startswith("SECURA_")}
    settings |= {name: value for name, value in environment.items() if name.startswith("SECURA_") and value}
    if target.embedded:
        check_answering(target)
        key = _local_key(target, data) or settings.get(MASTER_KEY)
    else:
        key = _secret(target.project, settings)
    if not key:
        raise RefusedError(
            f"{MASTER_KEY} is missing: it is in the data folder of scripts/local (--data), or in the variable"
        )
    return {**settings, **target.variables, MASTER_KEY: key}


def _local_key(target: Target, data: Path) -> str | None:
    """The key in the data folder, if it is that of the services the process is bound to."""
    if not (data / "env").is_file():
        return None
    theirs = read_env(data / "env")
    if any(theirs.get(name) != target.variables[name] for name in EMULATORS):
        return None
    try:
        return platform_keys(data)[MASTER_KEY]
    except OSError as error:
        raise RefusedError(f"{error.filename or data}: {error.strerror or error}") from error


def _secret(project: str, settings: Mapping[str, str]) -> str:
    from scripts.people.secret_manager import DEFAULT_URL, URL_VARIABLE, authorized_session, read_secret

    session = authorized_session()  # needed in any case, and its absence is better said before anything is done
    return settings.get(MASTER_KEY) or read_secret(
        session, project, MASTER_KEY, settings.get(URL_VARIABLE, DEFAULT_URL)
    )
