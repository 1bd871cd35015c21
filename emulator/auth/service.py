"""The Auth service: an HTTP server around the methods."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from emulator.auth import action_page, cors
from emulator.auth.body import Body
from emulator.auth.call import Call
from emulator.auth.errors import AuthError
from emulator.auth.passwords import Passwords
from emulator.auth.routes import route
from emulator.auth.store import Store
from emulator.environment import Environment
from emulator.faults.calls import Fault
from emulator.faults.http import faults_of, google_error
from emulator.listener import Listener

_LARGEST = 10 * 2**20  # bytes; a thousand imported accounts


class AuthService:
    """Firebase Authentication for one machine."""

    name = "auth"

    def __init__(self, environment: Environment) -> None:
        self._config = environment.config
        self._clock = environment.clock
        self._faults = environment.faults
        self._port = environment.config.ports.auth

    @property
    def address(self) -> str:
        """host:port where it listens; known once started."""
        return f"{self._config.host}:{self._port}"

    async def start(self) -> None:
        """Open the database and listen."""
        self._store = Store(self._config.data / "auth.sqlite3")
        self._passwords = Passwords()
        faults = faults_of(self.name, self._faults, _refused, spared=("/emulator/",))
        app = web.Application(client_max_size=_LARGEST, middlewares=[faults])
        app.router.add_route("*", "/emulator/action", self._action)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._listener = Listener(app)
        try:
            self._port = await self._listener.start(self._config.host, self._port)
        except OSError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Answer what was asked, then close."""
        await self._listener.stop()
        self._passwords.close()
        self._store.close()

    async def _serve(self, request: web.Request) -> web.Response:
        if request.method == "OPTIONS":
            return web.Response(status=204, headers=cors.headers(request.headers, request.path))
        answer, status = await self._answer(request)
        return web.json_response(answer, status=status, headers=cors.headers(request.headers, request.path))

    async def _answer(self, request: web.Request) -> tuple[dict[str, Any], int]:
        if request.path == "/":
            return {"authEmulator": {"ready": True}}, 200
        try:
            key = request.query.get("key") or request.headers.get("X-Goog-Api-Key")
            authorization = request.headers.get("Authorization")
            found = route(request.method, request.path, self._config.project, authorization, key)
            return await found.method(self._call(found.project, await _body(request), admin=found.admin)), 200
        except AuthError as error:
            return error.body(), error.http_status

    async def _action(self, request: web.Request) -> web.Response:
        if request.method not in {"GET", "POST"}:
            raise web.HTTPMethodNotAllowed(request.method, ["GET", "POST"])
        fields = dict(request.query)
        if request.method == "POST":
            fields |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        call = self._call(self._config.project, Body(dict(fields)), admin=False)
        return await action_page.respond(call, submitted=request.method == "POST")

    def _call(self, project: str, body: Body, *, admin: bool) -> Call:
        origin = f"http://{self.address}"
        return Call(project, body, admin, origin, self._store, self._passwords, self._clock)


def _refused(request: web.Request, fault: Fault) -> web.Response:
    response = google_error(request, fault)
    response.headers.update(cors.headers(request.headers, request.path))  # without them a page could not read it
    return response


async def _body(request: web.Request) -> Body:
    """The parameters: of the address for GET, else of the JSON or form in the body."""
    if request.method == "GET":
        return Body(dict(request.query))
    try:
        if request.content_type == "application/x-www-form-urlencoded":
            return Body({name: value for name, value in (await request.post()).items() if isinstance(value, str)})
        return Body.parse(await request.read())
    except web.HTTPRequestEntityTooLarge as error:
        raise AuthError("Request payload size exceeds the limit.", 413, "INVALID_ARGUMENT") from error
    except (UnicodeDecodeError, LookupError) as error:
        raise AuthError("Invalid form data received.", status="INVALID_ARGUMENT") from error


def create(environment: Environment) -> AuthService:
    """The service, not started. Accounts raise no events: Firebase has no such triggers of the second generation."""
    return AuthService(environment)
