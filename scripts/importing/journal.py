"""What was imported already, beside the file, so that an import can go on where it stopped."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self


class Journal:
    """`FILE.imported.jsonl`: one line for each incident, written as soon as the API has confirmed it."""

    def __init__(self, source: Path) -> None:
        self.path = source.with_name(source.name + ".imported.jsonl")
        self._lock = Lock()
        self.done: dict[str, str] = {}

    def __enter__(self) -> Self:
        if self.path.is_file():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                self._remember(line)
        self._file = self.path.open("a", encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _remember(self, line: str) -> None:
        try:
            entry = json.loads(line)
            self.done[entry["key"]] = entry["incident_id"]
        except (ValueError, KeyError, TypeError):
            # The last line of an import that was cut off: sending that record again finds its incident by the key.
            return

    def add(self, line: int, key: str, incident_id: str) -> None:
        """Note that the line is in."""
        with self._lock:
            self.done[key] = incident_id
            self._file.write(json.dumps({"line": line, "key": key, "incident_id": incident_id}) + "\n")
            self._file.flush()
