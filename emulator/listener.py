"""An HTTP application on a port, as the services that speak HTTP need it."""

from __future__ import annotations

from aiohttp import web


class Listener:
    """Serves one application. There is no access log: addresses would carry keys, codes and people's searches."""

    def __init__(self, app: web.Application, *, patience: float = 5.0, auto_decompress: bool = True) -> None:
        """`patience`: seconds that running requests have to end in when it stops."""
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=patience, auto_decompress=auto_decompress)

    async def start(self, host: str, port: int) -> int:
        """Begin to listen; the port, which is a free one where 0 was asked for.

        Raises:
            OSError: the port is taken.
        """
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Answer what was asked, then close."""
        await self._runner.cleanup()
