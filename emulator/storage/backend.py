"""What the three APIs work on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from emulator.clock import Clock
from emulator.events.triggers import TriggerRegistry
from emulator.storage.buckets import Buckets
from emulator.storage.contents import Contents
from emulator.storage.database import Database
from emulator.storage.objects import Objects
from emulator.storage.uploads import Transfers, Uploads

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Backend:
    """The stores of one folder, and the one thread that works on them: a call is one step, nothing comes between."""

    def __init__(self, folder: Path, registry: TriggerRegistry, clock: Clock) -> None:
        folder.mkdir(exist_ok=True)
        self.clock = clock
        self.database = Database(folder / "storage.sqlite3")
        self.contents = Contents(folder / "contents")
        self.buckets = Buckets(self.database, clock)
        self.objects = Objects(self.database, self.contents, registry, clock)
        self.uploads = Uploads(self.database, clock)
        self.transfers = Transfers(self.contents)
        self.uploads.purge()
        self.objects.purge()
        self.contents.remove_strays(self.objects.keys(), self.uploads.open_ones())
        self._thread = ThreadPoolExecutor(1, "storage")

    async def run(self, work: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Do it on the thread, to its end even if the caller goes away."""
        return await asyncio.shield(
            asyncio.get_running_loop().run_in_executor(self._thread, lambda: work(*args, **kwargs))
        )

    async def close(self) -> None:
        """Finish what runs, which may need the event loop for reading other services, and close the files."""
        await asyncio.to_thread(self._thread.shutdown)
        self.transfers.close()
        self.database.close()
