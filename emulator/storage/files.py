"""The contents of objects on disk."""

from __future__ import annotations

import os
from pathlib import Path

from gcp_storage_emulator.storage import _FileStore  # the library has no public name for what it stores files with


class AtomicFiles(_FileStore):  # type: ignore[misc]  # the library ships no types
    """The library's files, but one that is written is there whole or not at all."""

    def __init__(self, root: Path) -> None:
        super().__init__(use_memory=False, root=root)
        self.root = root

    def write_bytes(self, rel: str, content: bytes) -> None:
        """Write a file, in the place of the one that was there."""
        path = self.root / rel
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f"{path.name}.partial")
        partial.write_bytes(content)
        partial.replace(path)

    def append(self, rel: str, content: bytes) -> None:
        """Add to the end of a file."""
        path = self.root / rel
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.write(content)

    def size(self, rel: str) -> int:
        """Bytes in the file; 0 when there is none."""
        try:
            return (self.root / rel).stat().st_size
        except FileNotFoundError:
            return 0

    def discard(self, rel: str) -> None:
        """Remove the file if it is there."""
        (self.root / rel).unlink(missing_ok=True)

    def names(self) -> set[str]:
        """Every file, by its path from the root."""
        return {
            os.path.relpath(os.path.join(folder, name), self.root)  # noqa: PTH118  # os.walk is several times faster
            for folder, _, names in os.walk(self.root)
            for name in names
        }
