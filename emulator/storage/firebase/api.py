"""What the handlers of Firebase's API work on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from aiohttp import web

from emulator.rules.requests import Method
from emulator.storage.backend import Backend
from emulator.storage.database import Resource
from emulator.storage.errors import InvalidError, RangeError, StorageError
from emulator.storage.exchange.call import Call
from emulator.storage.firebase.callers import Caller, caller_of
from emulator.storage.firebase.guard import Guard
from emulator.storage.objects import Authorize, Target
from emulator.storage.resources import check_bucket_name, check_name


@dataclass(frozen=True, slots=True)
class Api:
    """The stores, and who may use them how."""

    backend: Backend
    guard: Guard
    project: str

    def caller(self, call: Call) -> Caller:
        """Who calls. Raises UnauthenticatedError.

        Firebase's test library names the bucket as the project it makes tokens for.
        """
        projects = (self.project, call.params["bucket"])
        return caller_of(call.headers.get("Authorization"), self.backend.clock.now(), projects)

    def target(self, caller: Caller, method: Method, names: tuple[str, str], params: Mapping[str, str]) -> Target:
        """An object, to be written if the rules allow it."""
        bucket, name = check_bucket_name(names[0]), check_name(names[1])
        return Target(bucket, name, authorize=self._authorize(caller, method, (bucket, *name.split("/")), params))

    def _authorize(self, caller: Caller, method: Method, path: tuple[str, ...], params: Mapping[str, str]) -> Authorize:
        def authorize(before: Resource | None, after: Resource | None) -> None:
            self.guard.check(caller, method, path, (before, after), params)

        return authorize


def named(call: Call) -> tuple[str, str]:
    """Bucket and object that an upload is for: the object in the query or in the path."""
    name = call.query.get("name") or call.params.get("object")
    if not name:
        raise InvalidError("Required parameter: name")
    return call.params["bucket"], name


def refusal(error: StorageError) -> web.Response:
    """An error as the SDKs understand it: by its status."""
    if error.status == HTTPStatus.NOT_MODIFIED:
        return web.Response(status=error.status)
    message = "Not Found." if error.status == HTTPStatus.NOT_FOUND else error.message
    headers = {"Content-Range": f"bytes */{error.size}"} if isinstance(error, RangeError) else {}
    body: dict[str, Any] = {"error": {"code": int(error.status), "message": message}}
    return web.json_response(body, status=error.status, headers={"X-Goog-Upload-Status": "final", **headers})
