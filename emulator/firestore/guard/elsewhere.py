"""Documents for the rules of other services: `firestore.get()` and `firestore.exists()` in those of Storage."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from emulator.firestore.errors import FirestoreError
from emulator.firestore.guard.resources import resource
from emulator.firestore.meter import Meter
from emulator.firestore.names import DocumentKey, parse_document
from emulator.firestore.storage.records import Record
from emulator.firestore.storage.store import Store

_PATIENCE: Final = 10.0  # seconds


class DocumentsElsewhere:
    """Reads from the threads of other services; see `rules.requests.Documents`."""

    def __init__(self, store: Store, project: str, meter: Meter) -> None:
        """Made in the event loop that the store belongs to; `project` is the one whose databases are read."""
        self._store = store
        self._project = project
        self._meter = meter
        self._loop = asyncio.get_running_loop()

    def get(self, path: tuple[str, ...]) -> Mapping[str, Any] | None:
        """The document as it is; must not be called in the event loop's own thread."""
        try:
            key = parse_document(f"projects/{self._project}/{'/'.join(path)}")
        except FirestoreError:  # no document can have such a name
            return None
        self._meter.read(1, rules=True)
        record = asyncio.run_coroutine_threadsafe(self._read(key), self._loop).result(_PATIENCE)
        return resource(key, record)

    def get_after(self, path: tuple[str, ...]) -> Mapping[str, Any] | None:
        """The same: what is done to files changes no document."""
        return self.get(path)

    async def _read(self, key: DocumentKey) -> Record | None:
        return self._store.get(key, self._store.timeline.read_time())
