"""What every embedded service is."""

from __future__ import annotations

from typing import Protocol


class Service(Protocol):
    """A server that can be started and stopped once."""

    name: str

    @property
    def address(self) -> str:
        """host:port where it listens; known once started."""
        ...

    async def start(self) -> None:
        """Begin to listen.

        Raises:
            OSError: the port is taken, or the data folder cannot be written.
        """
        ...

    async def stop(self) -> None:
        """Finish what was begun and stop listening."""
        ...
