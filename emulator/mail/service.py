"""The mail outbox: an HTTP server that takes, keeps and shows mail."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from emulator.environment import Environment
from emulator.faults.http import faults_of, sendgrid_error
from emulator.listener import Listener
from emulator.mail.pages.views import Views
from emulator.mail.reading_api import ReadingApi
from emulator.mail.sendgrid_api import LARGEST, SendgridApi
from emulator.mail.store import Store

_OWN: Final = ("/api/", "/list", "/messages/")  # for people and tests; SendGrid has none of these


class MailService:
    """SendGrid's mail-send API and an outbox behind it."""

    name = "mail"

    def __init__(self, environment: Environment) -> None:
        self._config = environment.config
        self._clock = environment.clock
        self._faults = environment.faults
        self._port = environment.config.ports.mail

    @property
    def address(self) -> str:
        """host:port where it listens; known once started."""
        return f"{self._config.host}:{self._port}"

    async def start(self) -> None:
        """Open the database and listen."""
        self._store = Store(self._config.data / "mail.sqlite3")
        self._listener = Listener(self._app())
        try:
            self._port = await self._listener.start(self._config.host, self._port)
        except OSError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Answer what was asked, then close."""
        await self._listener.stop()
        self._store.close()

    def _app(self) -> web.Application:
        faults = faults_of(self.name, self._faults, sendgrid_error, spared=_OWN)
        app = web.Application(client_max_size=LARGEST, middlewares=[faults])
        sending, reading, views = SendgridApi(self._store, self._clock), ReadingApi(self._store), Views(self._store)
        app.add_routes(
            [
                web.post("/v3/mail/send", sending.send),
                web.get("/api/messages", reading.list),
                web.delete("/api/messages", reading.clear),
                web.get("/api/messages/{id}", reading.get),
                web.get("/", views.mailbox),
                web.get("/list", views.list),
                web.get("/messages/{id}", views.mailbox),
                web.get("/messages/{id}/html", views.content),
                web.get(r"/messages/{id}/attachments/{index:\d{1,4}}", views.attachment),
            ]
        )
        return app


def create(environment: Environment) -> MailService:
    """The service, not started. Mail raises no events."""
    return MailService(environment)
