"""The table of the API's calls."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from aiohttp import web

from emulator.storage.errors import ConflictError, StorageError, UnsupportedError
from emulator.storage.exchange.call import Call
from emulator.storage.exchange.routes import Routes
from emulator.storage.firebase import objects, uploads
from emulator.storage.firebase.api import Api, refusal

_OBJECT: Final = "/v0/b/{bucket}/o/{object*}"
_ROUTES: Final[Routes[Api]] = Routes([
    ("GET", "/v0/b/{bucket}/o", objects.list_objects),
    ("POST", "/v0/b/{bucket}/o", uploads.post),
    ("PUT", "/v0/b/{bucket}/o", uploads.post),
    ("GET", _OBJECT, objects.get),
    ("PATCH", _OBJECT, objects.patch),
    ("DELETE", _OBJECT, objects.delete),
    ("POST", _OBJECT, uploads.post),
    ("PUT", _OBJECT, uploads.post),
])  # fmt: skip


async def serve(api: Api, call: Call) -> web.StreamResponse:
    """Answer a call."""
    try:
        await _make_test_bucket(api, call)
        answer = await _ROUTES.handle(api, call, call.path)
        if answer is None:
            raise UnsupportedError("The local Cloud Storage has no such call.")
    except StorageError as error:
        return refusal(error)
    return answer


async def _make_test_bucket(api: Api, call: Call) -> None:
    """Make the bucket that Firebase's test library uses, which is named as its project: nobody else does.

    Only that library signs with `Firebase owner`.
    """
    bucket = call.path.split("/")[3] if call.path.startswith("/v0/b/") else ""
    if bucket != api.project and (not bucket or call.headers.get("Authorization") != "Firebase owner"):
        return
    if not await api.backend.run(api.backend.buckets.exists, bucket):
        with suppress(ConflictError):  # another call may just have made it
            await api.backend.run(api.backend.buckets.create, {"name": bucket})
