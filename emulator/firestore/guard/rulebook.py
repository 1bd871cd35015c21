"""Which rules are in force: those of a file, followed as it changes, or those that a project was given since."""

from __future__ import annotations

import sys
from pathlib import Path

from emulator.rules.compile import compile_rules
from emulator.rules.errors import RulesError
from emulator.rules.ruleset import Ruleset


class InForce:
    """Rules, and what of them has been evaluated since they came into force."""

    def __init__(self, ruleset: Ruleset) -> None:
        self.ruleset = ruleset
        self.coverage = ruleset.coverage()


class RuleBook:
    """The rules of each project. Without a file, and until it is given some, a project has none."""

    def __init__(self, path: Path | None) -> None:
        """Read the file.

        Raises:
            OSError: it cannot be read, or its rules cannot be compiled.
        """
        self._path = path
        self._given: dict[str, InForce] = {}
        self._file: InForce | None = None
        self._read_at: tuple[int, int] | None = None
        if path is not None:
            try:
                self._file = self._read(path)
            except RulesError as error:
                raise OSError(f"{path}:{error}") from error

    def of(self, project: str) -> InForce | None:
        """The rules in force for a project; None: everybody may do everything, as in the official emulator."""
        given = self._given.get(project)
        if given is not None:
            return given
        if self._path is not None:
            self._follow(self._path)
        return self._file

    def give(self, project: str, source: str) -> InForce:
        """Put rules in force for a project, until the end of the process.

        Raises:
            RulesError: they cannot be compiled; those in force stay.
        """
        self._given[project] = InForce(compile_rules(source))
        return self._given[project]

    def _follow(self, path: Path) -> None:
        """Read the file again if it has changed; rules that are broken do not come into force."""
        try:
            stat = path.stat()
            if (stat.st_mtime_ns, stat.st_size) != self._read_at:
                self._file = self._read(path)
        except (OSError, RulesError) as error:
            self._say(f"{path}: {error}; the rules before are still in force")

    def _read(self, path: Path) -> InForce:
        stat = path.stat()
        self._read_at = (stat.st_mtime_ns, stat.st_size)
        return InForce(compile_rules(path.read_text(encoding="utf-8")))

    @staticmethod
    def _say(text: str) -> None:
        print(f"firestore: {text}", file=sys.stderr, flush=True)  # noqa: T201  # the program's own channel
