"""Uploads in several requests: what was agreed on at the beginning, and what has arrived.

They outlive the process: a client goes on where the server has got to. A finished one is kept for as long as in
production, so that a client that did not hear of the end learns of it.
Source: "Resumable uploads" of the Cloud Storage documentation.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

from emulator.clock import Clock
from emulator.storage.conditions import Conditions
from emulator.storage.contents import Contents, Staged
from emulator.storage.database import Database, Resource
from emulator.storage.errors import GoneError, InvalidError, NotFoundError

_KEPT: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload. `total` is its length in bytes if declared; `caller` what the API keeps of who began it."""

    bucket: str
    name: str
    properties: Mapping[str, Any]
    conditions: Mapping[str, int | None] = field(default_factory=dict)
    total: int | None = None
    most: int | None = None
    caller: Mapping[str, Any] | None = None
    resource: Resource | None = None  # once it is finished
    id: str = ""

    def wanted(self) -> Conditions:
        """What has to hold for the object."""
        return Conditions(**self.conditions)


class Uploads:
    """The table of uploads. Used from the store's thread."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def begin(self, upload: Upload) -> str:
        """Keep it; its id, which nobody can guess."""
        key = uuid4().hex + uuid4().hex
        with self._database.transaction() as connection:
            text = json.dumps({**asdict(upload), "id": key})
            connection.execute("insert into uploads values (?, ?, ?)", (key, self._clock.now().timestamp(), text))
        return key

    def get(self, key: str) -> Upload:
        """An upload.

        Raises:
            NotFoundError: there is none of that id.
            GoneError: it has been cancelled.
        """
        row = self._database.connection.execute(
            "select json from uploads where id = ? and created >= ?", (key, self._oldest())
        ).fetchone()
        if row is None:
            raise NotFoundError("No such upload.")
        if not row[0]:
            raise GoneError("The upload has been cancelled.")
        return Upload(**json.loads(row[0]))

    def finish(self, upload: Upload, connection: sqlite3.Connection, resource: Resource) -> None:
        """Note the object that it has become, in the transaction that makes it."""
        text = json.dumps({**asdict(upload), "resource": resource})
        connection.execute("update uploads set json = ? where id = ?", (text, upload.id))

    def cancel(self, key: str) -> None:
        """End it without an object."""
        with self._database.transaction() as connection:
            connection.execute("update uploads set json = '' where id = ?", (key,))

    def purge(self) -> None:
        """Forget those whose time is over."""
        with self._database.transaction() as connection:
            connection.execute("delete from uploads where created < ?", (self._oldest(),))

    def _oldest(self) -> float:
        return (self._clock.now() - _KEPT).timestamp()

    def open_ones(self) -> set[str]:
        """The ids of those that go on."""
        rows = self._database.connection.execute("select id, json from uploads where json != ''")
        return {key for key, text in rows if json.loads(text)["resource"] is None}


@dataclass(slots=True)
class _Transfer:
    lock: asyncio.Lock
    staged: Staged | None = None


class Transfers:
    """The contents of running uploads. Used from the event loop."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._running: dict[str, _Transfer] = {}

    async def size(self, key: str) -> int:
        """How many bytes have arrived."""
        return (await self._staged(key)).size

    async def staged(self, key: str) -> Staged:
        """What has arrived."""
        return await self._staged(key)

    def lock(self, key: str) -> asyncio.Lock:
        """Held while one request works on an upload: the next waits for it."""
        return self._running.setdefault(key, _Transfer(asyncio.Lock())).lock

    async def receive(self, key: str, offset: int, chunks: AsyncIterator[bytes], most: int | None = None) -> int:
        """Add bytes that begin at `offset`; those that have arrived already are passed over. How many there are then.

        What arrived stays when the connection breaks.

        Raises:
            InvalidError: bytes before the offset are missing, or there are more than `most`.
        """
        staged = await self._staged(key)
        if offset > staged.size:
            raise InvalidError(f"The offset is {offset}, but {staged.size} bytes have arrived.")
        known = staged.size - offset
        async for chunk in chunks:
            data = chunk[known:]
            known = max(0, known - len(chunk))
            if most is not None and staged.size + len(data) > most:
                raise InvalidError("More bytes arrived than were declared.")
            try:
                staged.write(data)
            except OSError:
                self.end(key)  # how much of it was written, the file says when it is opened again
                raise
        return staged.size

    async def _staged(self, key: str) -> Staged:
        transfer = self._running.setdefault(key, _Transfer(asyncio.Lock()))
        if transfer.staged is None:
            transfer.staged = await asyncio.to_thread(self._contents.stage, key)  # what it holds is read again
        return transfer.staged

    def end(self, key: str) -> None:
        """Forget an upload that has become an object."""
        transfer = self._running.pop(key, None)
        if transfer is not None and transfer.staged is not None:
            transfer.staged.close()

    def discard(self, key: str) -> None:
        """Remove what has arrived."""
        self.end(key)
        self._contents.discard_upload(key)

    def close(self) -> None:
        """Close the files, which stay."""
        for key in list(self._running):
            self.end(key)
