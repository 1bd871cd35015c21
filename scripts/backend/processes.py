"""The functions' processes: started when needed, replaced when the code changes, started anew when they die."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGTERM

from scripts.backend.manifest import Function

_PAUSE_AFTER_FAILURE = 1.0  # seconds in which a function that could not start is not tried again


class StartError(Exception):
    """A function could not be started; its output says why."""


@dataclass(eq=False, slots=True)
class Instance:
    """One process of a function, and how many requests it is answering."""

    function: Function
    socket_path: str
    pid: int = 0
    busy: int = 0
    retiring: bool = False
    ended: bool = False


class Zygote:
    """The process that forks the functions, seen from here."""

    def __init__(self, source: Path) -> None:
        self._source = source
        self._forked: asyncio.Future[int]
        self._ends: dict[int, asyncio.Future[int]] = {}
        self._lock = asyncio.Lock()

    async def start(self) -> None:
        """Start it; it is usable once its libraries are loaded."""
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-P", "-m", "scripts.backend.zygote", str(theirs.fileno())]
        self._process = subprocess.Popen(  # noqa: ASYNC220  # starting takes no time
            command,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(self._source_root())},
        )
        theirs.close()
        ours.setblocking(False)
        self._control = ours
        self._up = asyncio.get_running_loop().create_future()
        self._reader = asyncio.create_task(self._read())

    @staticmethod
    def _source_root() -> Path:
        return Path(__file__).parents[2]

    async def ready(self) -> None:
        """Wait until it can fork."""
        await self._up

    async def fork(self, request: Mapping[str, object], output: int, ready: int) -> tuple[int, asyncio.Future[int]]:
        """Have a child forked; its process id, and its exit status once it has ended."""
        await self._up
        async with self._lock:
            message = json.dumps({**request, "source": str(self._source)}).encode()
            socket.send_fds(self._control, [message], [output, ready])
            # One request at a time: a stream socket keeps no borders between messages.
            self._forked = asyncio.get_running_loop().create_future()
            pid = await self._forked
        return pid, self._ends[pid]

    async def _read(self) -> None:
        loop = asyncio.get_running_loop()
        buffer = b""
        while chunk := await loop.sock_recv(self._control, 65536):
            *lines, buffer = (buffer + chunk).split(b"\n")
            for line in lines:
                self._hear(json.loads(line))
        if not self._up.done():
            self._up.set_exception(StartError("the functions host could not start"))

    def _hear(self, message: dict[str, object]) -> None:
        if "up" in message:
            self._up.set_result(None)
        elif "started" in message:
            pid = int(str(message["started"]))
            self._ends[pid] = asyncio.get_running_loop().create_future()
            self._forked.set_result(pid)
        elif (ended := self._ends.pop(int(str(message["ended"])), None)) is not None:
            ended.set_result(int(str(message["status"])))

    async def ended(self) -> object:
        """Wait until it ends, which it should not while we use it."""
        return await asyncio.shield(self._reader)

    def stop(self) -> None:
        """End it; it ends its children."""
        self._reader.cancel()
        self._control.close()
        self._process.terminate()  # it may still be loading libraries, and would notice the closed socket only then
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Processes:
    """For each function the instance that takes requests now."""

    def __init__(
        self,
        zygote: Zygote,
        functions: list[Function],
        environment: Mapping[str, str],
        sockets: Path,
        on_output: Callable[[str, str], None],
    ) -> None:
        self._zygote = zygote
        self._environment = environment
        self._sockets = sockets
        self._on_output = on_output
        self._functions = {function.id: function for function in functions}
        self._instances: dict[str, asyncio.Task[Instance]] = {}
        self._count = 0
        self._readers: set[asyncio.Task[None]] = set()

    def __contains__(self, function_id: str) -> bool:
        return function_id in self._functions

    def region_of(self, function_id: str) -> str | None:
        """Where the function is deployed; None when there is no such function."""
        function = self._functions.get(function_id)
        return function.region if function else None

    @asynccontextmanager
    async def instance(self, function_id: str) -> AsyncIterator[Instance]:
        """An instance to send one request to; starts one when there is none.

        Raises:
            StartError: the function cannot be started.
        """
        while (instance := await self._current(function_id)).retiring:
            self._forget(instance)
        instance.busy += 1
        try:
            yield instance
        finally:
            instance.busy -= 1
            if instance.retiring and not instance.busy:
                _end(instance)

    async def start_all(self) -> list[str]:
        """Start every function; the ids of those that cannot be started."""
        results = await asyncio.gather(*map(self._current, self._functions), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException) and not isinstance(result, StartError):
                raise result
        return [name for name, result in zip(self._functions, results, strict=True) if isinstance(result, StartError)]

    def retire_all(self) -> None:
        """Let every instance finish its requests and end; the next request meets a new one with the code of then."""
        tasks, self._instances = self._instances, {}
        for task in tasks.values():
            task.add_done_callback(_retire)

    def retire(self, instance: Instance) -> None:
        """Give the instance no more requests."""
        instance.retiring = True
        self._forget(instance)

    async def close(self) -> None:
        """Listen to the instances no longer."""
        for task in self._readers:
            task.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)

    async def call(self, path: str) -> bool:
        """Run `module:function` in a child that has the shared libraries; whether it ended well."""
        read_end, write_end = os.pipe()
        ready_read, ready_write = os.pipe()
        request = {"call": path, "env": dict(self._environment)}
        _, ended = await self._zygote.fork(request, write_end, ready_write)
        for descriptor in (write_end, ready_read, ready_write):
            os.close(descriptor)
        await self._relay(path.partition(":")[0], read_end)
        return await ended == 0

    def _current(self, function_id: str) -> asyncio.Task[Instance]:
        if function_id not in self._instances:
            self._instances[function_id] = asyncio.create_task(self._start(self._functions[function_id]))
        return self._instances[function_id]

    def _forget(self, instance: Instance) -> None:
        task = self._instances.get(instance.function.id)
        if task is not None and task.done() and not task.exception() and task.result() is instance:
            del self._instances[instance.function.id]

    async def _start(self, function: Function) -> Instance:
        try:
            return await self._fork(function)
        except StartError:
            # What fails at once would be tried at every request: a short pause keeps the machine usable.
            asyncio.get_running_loop().call_later(_PAUSE_AFTER_FAILURE, self._instances.pop, function.id, None)
            raise

    async def _fork(self, function: Function) -> Instance:
        self._count += 1
        instance = Instance(function, str(self._sockets / f"{self._count}.sock"))
        read_end, write_end = os.pipe()
        ready_read, ready_write = os.pipe()
        request = {
            "function": function.id,
            "kind": function.kind,
            "socket": instance.socket_path,
            "env": {
                **self._environment,
                "FUNCTION_TARGET": function.id,
                "FUNCTION_SIGNATURE_TYPE": function.kind,
                "K_SERVICE": function.id.replace("_", "-"),
            },
        }
        instance.pid, ended = await self._zygote.fork(request, write_end, ready_write)
        os.close(write_end)
        os.close(ready_write)
        self._keep(self._relay(function.id, read_end))
        self._keep(self._watch(instance, ended))
        if not [line async for line in _lines(ready_read)]:
            raise StartError(f"{function.id} could not be started: its output says why")
        return instance

    def _keep(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._readers.add(task)
        task.add_done_callback(self._readers.discard)

    async def _relay(self, name: str, descriptor: int) -> None:
        async for line in _lines(descriptor):
            self._on_output(name, line)

    async def _watch(self, instance: Instance, ended: asyncio.Future[int]) -> None:
        await ended
        instance.retiring = instance.ended = True
        self._forget(instance)
        _remove(instance.socket_path)


def _retire(task: asyncio.Task[Instance]) -> None:
    if task.cancelled() or task.exception():
        return
    instance = task.result()
    instance.retiring = True
    if not instance.busy:
        _end(instance)


def _end(instance: Instance) -> None:
    if not instance.ended:
        with contextlib.suppress(ProcessLookupError):  # it is gone, and the word of it still on its way
            os.kill(instance.pid, SIGTERM)


def _remove(path: str) -> None:
    Path(path).unlink(missing_ok=True)


async def _lines(descriptor: int) -> AsyncIterator[str]:
    """The lines of a pipe until its other end is closed."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 20)
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    try:
        while True:
            try:
                line = await reader.readline()
            except ValueError:
                continue  # a line beyond the limit was discarded
            if not line:
                return
            yield line.decode(errors="replace").rstrip("\n")
    finally:
        transport.close()
