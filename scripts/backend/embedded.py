"""The embedded services, as one process of their own."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path


class EmbeddedError(Exception):
    """They could not be started; the text is one line for the user."""


class Embedded:
    """`python -m emulator`, which ends with us: it watches its standard input."""

    def __init__(
        self,
        root: Path,
        project: str,
        data: Path,
        ports: Mapping[str, int],
        functions_url: str,
        files: Mapping[str, Path],
    ) -> None:
        """`files`: security rules and indexes by the name of their option."""
        self._command = [
            sys.executable,
            "-P",
            "-m",
            "emulator",
            f"--project={project}",
            f"--data={data}",
            f"--functions-url={functions_url}",
            f"--manifest={root / 'functions.yaml'}",
            "--exit-with-parent",
            *(f"--{name}-port={port}" for name, port in ports.items()),
            *(f"--{name}={path}" for name, path in files.items()),
        ]
        self._root = root

    async def start(self) -> dict[str, str]:
        """The address (host:port) of each service, once all listen.

        Raises:
            EmbeddedError: they do not come up.
        """
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(self._root)},
        )
        assert self._process.stdout is not None  # noqa: S101  # we asked for the pipe
        line = await self._process.stdout.readline()
        if not line:
            _, said = await self._process.communicate()
            lines = said.decode(errors="replace").strip().splitlines()
            raise EmbeddedError(lines[-1] if lines else "the embedded services ended at once")
        addresses: dict[str, str] = json.loads(line)["ready"]
        self._relay = asyncio.create_task(self._pass_on_errors())
        return addresses

    async def ended(self) -> int:
        """Wait until they end, which they should not; the exit status."""
        return await self._process.wait()

    async def stop(self) -> None:
        """End them and wait."""
        if not hasattr(self, "_process"):
            return  # stopped before they were started
        if self._process.returncode is None:
            self._process.terminate()
            try:
                await asyncio.wait_for(self._process.wait(), 5)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()
        if hasattr(self, "_relay"):
            await self._relay

    async def _pass_on_errors(self) -> None:
        assert self._process.stderr is not None  # noqa: S101  # we asked for the pipe
        async for line in self._process.stderr:
            sys.stderr.write(line.decode(errors="replace"))
