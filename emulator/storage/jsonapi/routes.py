"""The table of the JSON API's calls."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from emulator.storage.backend import Backend
from emulator.storage.errors import StorageError, UnsupportedError
from emulator.storage.exchange.call import Call
from emulator.storage.exchange.routes import Routes
from emulator.storage.jsonapi import batch, buckets, objects, uploads
from emulator.storage.jsonapi.answers import refusal

_OBJECT: Final = "/b/{bucket}/o/{object*}"
_ROUTES: Final[Routes[Backend]] = Routes([
    ("GET", "/b", buckets.list_buckets),
    ("POST", "/b", buckets.insert),
    ("GET", "/b/{bucket}", buckets.get),
    ("PATCH", "/b/{bucket}", buckets.patch),
    ("PUT", "/b/{bucket}", buckets.patch),
    ("DELETE", "/b/{bucket}", buckets.delete),
    ("GET", "/b/{bucket}/iam", buckets.get_policy),
    ("PUT", "/b/{bucket}/iam", buckets.set_policy),
    ("GET", "/b/{bucket}/iam/testPermissions", buckets.test_permissions),
    ("GET", "/b/{bucket}/acl", buckets.list_access),
    ("POST", "/b/{bucket}/acl", buckets.add_access),
    ("GET", "/b/{bucket}/defaultObjectAcl", buckets.list_access),
    ("POST", "/b/{bucket}/defaultObjectAcl", buckets.add_access),
    ("POST", "/b/{bucket}/lockRetentionPolicy", buckets.unsupported_lock),
    ("GET", "/b/{bucket}/o", objects.list_objects),
    ("POST", "/b/{bucket}/o", uploads.insert),  # some clients leave the prefix /upload out
    ("POST", "/b/{bucket}/o/watch", objects.watch),
    ("GET", f"{_OBJECT}/acl", objects.list_access),
    ("POST", f"{_OBJECT}/acl", objects.add_access),
    ("POST", f"{_OBJECT}/copyTo/b/{{to_bucket}}/o/{{to_object*}}", objects.copy),
    ("POST", f"{_OBJECT}/rewriteTo/b/{{to_bucket}}/o/{{to_object*}}", objects.rewrite),
    ("POST", f"{_OBJECT}/moveTo/o/{{to_object*}}", objects.move),
    ("POST", f"{_OBJECT}/compose", objects.compose),
    ("POST", f"{_OBJECT}/restore", objects.restore),
    ("GET", _OBJECT, objects.get),
    ("PATCH", _OBJECT, objects.patch),
    ("PUT", _OBJECT, objects.patch),
    ("DELETE", _OBJECT, objects.delete),
])  # fmt: skip
_UPLOADS: Final[Routes[Backend]] = Routes([
    ("POST", "/b/{bucket}/o", uploads.insert),
    ("PUT", "/b/{bucket}/o", uploads.resume),
    ("DELETE", "/b/{bucket}/o", uploads.cancel),
])  # fmt: skip
_DOWNLOADS: Final[Routes[Backend]] = Routes([("GET", _OBJECT, objects.download)])
_PREFIXES: Final = (
    ("/upload/storage/v1", _UPLOADS),
    ("/resumable/upload/storage/v1", _UPLOADS),
    ("/download/storage/v1", _DOWNLOADS),
    ("/storage/v1", _ROUTES),
    ("/upload", _UPLOADS),  # clients that take the emulator's address for the whole prefix
    ("/download", _DOWNLOADS),
    ("", _ROUTES),
)


_FIRST: Final = ("/storage/v1/", "/upload/", "/download/", "/resumable/upload/", "/batch/", "/b/")


def takes(path: str) -> bool:
    """Whether a path is one of the JSON API's; others name a bucket and an object, as in the XML API."""
    return path in {"/b", "/batch"} or path.startswith(_FIRST)


async def serve(backend: Backend, call: Call) -> web.StreamResponse:
    """Answer a call."""
    try:
        answer = await _answer(backend, call)
    except StorageError as error:
        return refusal(error)
    return answer


async def _answer(backend: Backend, call: Call) -> web.StreamResponse:
    if call.path in {"/batch", "/batch/storage/v1"} and call.method == "POST":
        return await batch.serve(_ROUTES, backend, call)
    for prefix, routes in _PREFIXES:
        if call.path.startswith(f"{prefix}/b/") or call.path == f"{prefix}/b":
            answer = await routes.handle(backend, call, call.path.removeprefix(prefix))
            if answer is not None:
                return answer
            break
    raise UnsupportedError("The local Cloud Storage has no such call.")
