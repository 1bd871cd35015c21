"""The security rules in force: from a file, which is read again when it changes, or set while the server runs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from emulator.rules.compile import compile_rules
from emulator.rules.errors import RulesError

_LOG = logging.getLogger(__name__)
_EVERY_BUCKET: Final = ""


class Rules:
    """A ruleset, and how often each part of it was evaluated."""

    def __init__(self, source: str) -> None:
        """Raises RulesError: the source does not compile."""
        self.ruleset = compile_rules(source)
        self.coverage = self.ruleset.coverage()


class RulesInForce:
    """Rules by bucket. Used from the store's thread."""

    def __init__(self, path: Path | None) -> None:
        """Read the file.

        Raises:
            OSError: it cannot be read, or its rules do not compile.
        """
        self._path = path
        self._read: tuple[int, int] | None = None
        self._file: Rules | None = None
        self._given: Mapping[str, Rules] = {}
        if path is not None:
            try:
                self._follow(path)
            except RulesError as error:
                raise OSError(f"{path}:{error}") from error
            except (OSError, UnicodeDecodeError) as error:
                raise OSError(f"{path} cannot be read: {error}") from error

    def of(self, bucket: str) -> Rules | None:
        """The rules that apply to a bucket; None when there are none, which allows nothing."""
        if self._given:
            return self._given.get(bucket) or self._given.get(_EVERY_BUCKET)
        if self._path is not None:
            try:
                self._follow(self._path)
            except (OSError, RulesError, UnicodeDecodeError) as error:
                _LOG.warning("%s: %s; the rules before are still in force", self._path, error)
        return self._file

    def replace(self, sources: Mapping[str, str]) -> None:
        """Set the rules by bucket, those for every other bucket under "", until the end of the process.

        Raises:
            RulesError: a source does not compile; the old rules stay.
        """
        self._given = {bucket: Rules(source) for bucket, source in sources.items()}

    def _follow(self, path: Path) -> None:
        """Read the file if it has changed."""
        state = path.stat()
        now = (state.st_mtime_ns, state.st_size)
        if now != self._read:
            self._read = now
            self._file = Rules(path.read_text(encoding="utf-8"))
