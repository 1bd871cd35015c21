"""The folder in which the backend keeps its data: owned by one instance at a time, emptied only when it is ours."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Mapping
from pathlib import Path
from shlex import quote
from typing import IO

_MARKER = ".secura-data"


class DataFolderError(Exception):
    """The folder cannot be used; the text is one line for the user."""


class DataFolder:
    """The folder, locked until `close`."""

    def __init__(self, path: Path, *, fresh: bool) -> None:
        self.path = path.absolute()
        try:
            self._claim(fresh=fresh)
        except OSError as error:
            raise DataFolderError(f"{path}: {error.strerror or error}") from error

    def _claim(self, *, fresh: bool) -> None:
        foreign = self.path.is_dir() and any(self.path.iterdir()) and not (self.path / _MARKER).exists()
        if foreign:
            raise DataFolderError(f"{self.path}: holds other files; give --data a folder of its own")
        self.path.mkdir(parents=True, exist_ok=True)
        self._lock: IO[str] = (self.path / _MARKER).open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise DataFolderError(f"{self.path}: another scripts/local is using it") from None
        if fresh:
            for child in self.path.iterdir():
                if child.is_dir() and not child.is_symlink():
                    shutil.rmtree(child)
                elif child.name != _MARKER:
                    child.unlink()
        (self.path / "logs").mkdir(exist_ok=True)

    def write_env(self, variables: Mapping[str, str]) -> None:
        """Write `env`, to be sourced by a shell."""
        file = self.path / "env"
        file.touch(mode=0o600)
        file.write_text("".join(f"export {name}={quote(value)}\n" for name, value in variables.items()))

    def close(self) -> None:
        """Let another instance have it."""
        self._lock.close()
