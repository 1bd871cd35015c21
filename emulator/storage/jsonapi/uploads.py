"""Uploads: in one request, with metadata in two parts, and resumable.

Source: "Uploads and downloads" of the Cloud Storage documentation.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from aiohttp import web

from emulator.storage.backend import Backend
from emulator.storage.conditions import Conditions, number
from emulator.storage.database import Resource
from emulator.storage.errors import InvalidError, NotFoundError
from emulator.storage.exchange.call import Call
from emulator.storage.exchange.multipart import read_upload
from emulator.storage.jsonapi.answers import json_answer
from emulator.storage.objects import Target
from emulator.storage.resources import check_name, linked
from emulator.storage.uploads import Upload

_CONTENT_RANGE: Final = re.compile(r"bytes (?:(\d{1,19})-(\d{1,19}|\*)|\*)/(\d{1,19}|\*)")
_CANCELLED: Final = 499
_INCOMPLETE: Final = 308


async def insert(backend: Backend, call: Call) -> web.StreamResponse:
    """`objects.insert`: `uploadType` says in which way."""
    kind = call.query.get("uploadType")
    if kind == "resumable":
        return await _begin(backend, call)
    if kind not in {"media", "multipart"}:
        raise InvalidError("uploadType must be media, multipart or resumable.")
    staged = backend.contents.stage()
    try:
        metadata: dict[str, Any] = {}
        content_type = call.headers.get("Content-Type")
        if kind == "multipart":
            metadata, content_type = await read_upload(content_type or "", call.chunks(), staged.write)
        else:
            async for chunk in call.chunks():
                staged.write(chunk)
        properties = _properties(call, metadata, content_type)
        resource = await backend.run(backend.objects.put, _target(call, metadata), staged, properties)
    except BaseException:
        staged.discard()
        raise
    return json_answer(linked(resource, call.base_url))


def _target(call: Call, metadata: dict[str, Any]) -> Target:
    name = call.query.get("name") or metadata.get("name")
    if not isinstance(name, str):
        raise InvalidError("Required parameter: name")
    return Target(call.params["bucket"], check_name(name), Conditions.of(call.query))


def _properties(call: Call, metadata: dict[str, Any], content_type: str | None) -> dict[str, Any]:
    properties = {"contentType": content_type or "application/octet-stream", **metadata}
    if "contentEncoding" in call.query:
        properties["contentEncoding"] = call.query["contentEncoding"]
    return properties | checksums(call)


def checksums(call: Call) -> dict[str, str]:
    """What the headers of a request say of the whole content."""
    names = {"crc32c": "crc32c", "md5": "md5Hash"}
    pairs = [part.strip().partition("=") for part in call.headers.get("X-Goog-Hash", "").split(",")]
    return {names[name]: value for name, _, value in pairs if name in names}


async def _begin(backend: Backend, call: Call) -> web.Response:
    metadata = await call.json()
    goal = _target(call, metadata)
    content_type = call.headers.get("X-Upload-Content-Type")
    upload = Upload(
        bucket=goal.bucket,
        name=goal.name,
        properties=_properties(call, metadata, content_type),
        conditions=goal.conditions.as_dict(),
        total=number(call.headers, "X-Upload-Content-Length"),
    )
    key = await begin(backend, upload)
    location = f"{call.base_url}/upload/storage/v1/b/{goal.bucket}/o?uploadType=resumable&upload_id={key}"
    return web.Response(headers={"Location": location, "X-GUploader-UploadID": key})


async def begin(backend: Backend, upload: Upload) -> str:
    """Begin a resumable upload, unless it is clear already that it cannot become an object; its id."""

    def work() -> str:
        goal = Target(upload.bucket, upload.name, upload.wanted())
        backend.objects.check_upload(goal, upload.properties, upload.total or 0)
        return backend.uploads.begin(upload)

    return await backend.run(work)


class _Range(NamedTuple):
    """What a chunk says of itself: `start` is None when only the state is asked for."""

    start: int | None
    end: int | None  # the last byte; None: as many as come
    total: int | None
    last: bool


async def resume(backend: Backend, call: Call) -> web.StreamResponse:
    """A chunk of a resumable upload, or the question how far it has got; 308 until it is complete."""
    resource, arrived = await _advance(backend, call)
    if resource is not None:
        return json_answer(linked(resource, call.base_url))
    headers = {"Range": f"bytes=0-{arrived - 1}"} if arrived else {}
    return web.Response(status=_INCOMPLETE, reason="Resume Incomplete", headers=headers)


async def resume_xml(backend: Backend, call: Call) -> web.StreamResponse:
    """The same for the XML API, which at the end says nothing but the checksums."""
    resource, arrived = await _advance(backend, call)
    if resource is None:
        headers = {"Range": f"bytes=0-{arrived - 1}"} if arrived else {}
        return web.Response(status=_INCOMPLETE, reason="Resume Incomplete", headers=headers)
    sums = f"crc32c={resource['crc32c']},md5={resource['md5Hash']}"
    return web.Response(headers={"ETag": f'"{resource["etag"]}"', "X-Goog-Hash": sums,
                                 "X-Goog-Generation": resource["generation"]})  # fmt: skip


async def _advance(backend: Backend, call: Call) -> tuple[Resource | None, int]:
    """The object if the upload is complete, or how much of it has arrived."""
    key = call.query.get("upload_id", "")
    async with backend.transfers.lock(key):
        upload = await _upload(backend, key)
        if upload.resource is not None:
            return upload.resource, 0
        chunk = _content_range(call.headers.get("Content-Range"))
        total = chunk.total if chunk.total is not None else upload.total
        arrived = await backend.transfers.size(key)
        if chunk.start is not None:
            bound = None if chunk.end is None else chunk.end + 1
            most = min((limit for limit in (bound, total, upload.most) if limit is not None), default=None)
            arrived = await backend.transfers.receive(key, chunk.start, call.chunks(), most)
            if bound is not None and arrived < bound:
                raise InvalidError("Fewer bytes arrived than the Content-Range says.")
        if total is None and not chunk.last:
            return None, arrived
        if total is not None and arrived < total:
            return None, arrived
        return await _finish(backend, upload, checksums(call)), arrived


async def _finish(backend: Backend, upload: Upload, sums: dict[str, str]) -> Resource:
    staged = await backend.transfers.staged(upload.id)
    goal = Target(upload.bucket, upload.name, upload.wanted())

    def work() -> Resource:
        def finish(connection: Any, resource: Resource) -> None:
            backend.uploads.finish(upload, connection, resource)

        return backend.objects.put(goal, staged, {**upload.properties, **sums}, finish)

    resource = await backend.run(work)
    backend.transfers.end(upload.id)
    return resource


async def _upload(backend: Backend, key: str) -> Upload:
    try:
        return await backend.run(backend.uploads.get, key)
    except NotFoundError:
        backend.transfers.end(key)
        raise


async def cancel(backend: Backend, call: Call) -> web.Response:
    """End a resumable upload without an object."""
    key = call.query.get("upload_id", "")
    async with backend.transfers.lock(key):
        await _upload(backend, key)
        await backend.run(backend.uploads.cancel, key)
        backend.transfers.discard(key)
    return web.Response(status=_CANCELLED, reason="Client Closed Request")


def _content_range(header: str | None) -> _Range:
    """Of a request; without one it holds the whole content."""
    if header is None:
        return _Range(0, None, None, last=True)
    match = _CONTENT_RANGE.fullmatch(header.strip())
    if match is None:
        raise InvalidError("Invalid Content-Range.")
    start, end, total = match.groups()
    whole = None if total == "*" else int(total)
    if start is None:
        return _Range(None, None, whole, last=False)
    if end == "*":
        return _Range(int(start), None, whole, last=True)
    return _Range(int(start), int(end), whole, last=False)
