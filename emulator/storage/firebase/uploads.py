"""Uploads of apps: in one request, or resumable by commands.

Rules are asked when a resumable upload begins, with the size and type that it declares, and again at its end with what
came. The address of an upload is its key: who has it goes on in the name of who began it.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from aiohttp import web

from emulator.storage.conditions import number
from emulator.storage.database import Resource
from emulator.storage.errors import GoneError, InvalidError, StorageError
from emulator.storage.exchange.call import Call
from emulator.storage.exchange.multipart import read_upload
from emulator.storage.firebase import metadata
from emulator.storage.firebase.api import Api, named
from emulator.storage.firebase.callers import Caller
from emulator.storage.firebase.objects import change_tokens
from emulator.storage.uploads import Upload

_GRANULARITY: Final = 256 << 10  # bytes, of which chunks are multiples


async def post(api: Api, call: Call) -> web.StreamResponse:
    """Everything that is posted: uploads in each protocol, and changes of download tokens."""
    if "create_token" in call.query or "delete_token" in call.query:
        return await change_tokens(api, call)
    command = {word.strip() for word in call.headers.get("X-Goog-Upload-Command", "").lower().split(",") if word}
    if "upload_id" in call.query:
        return await _go_on(api, call, command)
    protocol = call.headers.get("X-Goog-Upload-Protocol", "raw").lower()
    if protocol == "resumable":
        if command != {"start"}:
            raise InvalidError("A resumable upload begins with the command start.")
        return await _begin(api, call)
    if protocol not in {"multipart", "raw"}:
        raise InvalidError("X-Goog-Upload-Protocol must be multipart, raw or resumable.")
    return await _at_once(api, call, parts=protocol == "multipart")


async def _at_once(api: Api, call: Call, *, parts: bool) -> web.StreamResponse:
    names = named(call)
    target = api.target(api.caller(call), "create", names, call.query)
    body: dict[str, Any] = {}
    content_type = call.headers.get("Content-Type")
    staged = api.backend.contents.stage()
    try:
        if parts:
            body, content_type = await read_upload(content_type or "", call.chunks(), staged.write)
        else:
            async for chunk in call.chunks():
                staged.write(chunk)
        properties = metadata.for_upload(body, target.name, content_type)
        resource = await api.backend.run(api.backend.objects.put, target, staged, properties)
    except BaseException:
        staged.discard()
        raise
    return _final(resource)


async def _begin(api: Api, call: Call) -> web.StreamResponse:
    caller = api.caller(call)
    bucket, name = named(call)
    target = api.target(caller, "create", (bucket, name), call.query)
    content_type = call.headers.get("X-Goog-Upload-Header-Content-Type")
    upload = Upload(
        bucket=bucket,
        name=name,
        properties=metadata.for_upload(await call.json(), name, content_type),
        total=number(call.headers, "X-Goog-Upload-Header-Content-Length"),
        caller=caller.as_dict(),
    )

    def work() -> str:
        if upload.total is not None:
            api.backend.objects.check_upload(target, upload.properties, upload.total)
        return api.backend.uploads.begin(upload)

    key = await api.backend.run(work)
    query = f"name={quote(name, safe='')}&upload_id={key}&upload_protocol=resumable"
    return web.Response(
        headers={
            "X-Goog-Upload-Status": "active",
            "X-Goog-Upload-URL": f"{call.base_url}/v0/b/{bucket}/o?{query}",
            "X-Goog-Upload-Control-URL": f"{call.base_url}/v0/b/{bucket}/o?{query}",
            "X-Goog-Upload-Chunk-Granularity": str(_GRANULARITY),
            "X-GUploader-UploadID": key,
        }
    )


async def _go_on(api: Api, call: Call, command: set[str]) -> web.StreamResponse:
    if not command or command - {"upload", "finalize", "query", "cancel"}:
        raise InvalidError("X-Goog-Upload-Command must be upload, finalize, query or cancel.")
    key, transfers = call.query["upload_id"], api.backend.transfers
    async with transfers.lock(key):
        try:
            upload = await api.backend.run(api.backend.uploads.get, key)
        except GoneError:
            if command != {"query"}:
                raise
            return web.Response(headers={"X-Goog-Upload-Status": "cancelled"})
        if upload.resource is not None:
            return _final(upload.resource)
        if command == {"cancel"}:
            await _cancel(api, key)
            return web.Response(headers={"X-Goog-Upload-Status": "cancelled"})
        arrived = await transfers.size(key)
        if "upload" in command:
            offset = number(call.headers, "X-Goog-Upload-Offset") or 0
            arrived = await transfers.receive(key, offset, call.chunks(), upload.total)
        if "finalize" in command:
            return _final(await _finish(api, upload, arrived))
    return web.Response(headers={"X-Goog-Upload-Status": "active", "X-Goog-Upload-Size-Received": str(arrived)})


async def _finish(api: Api, upload: Upload, arrived: int) -> Resource:
    if upload.total is not None and arrived < upload.total:
        raise InvalidError(f"{upload.total} bytes were declared, but {arrived} have arrived.")
    caller = Caller(**(upload.caller or {}))
    target = api.target(caller, "create", (upload.bucket, upload.name), {"name": upload.name})
    staged = await api.backend.transfers.staged(upload.id)

    def work() -> Resource:
        def finish(connection: Any, resource: Resource) -> None:
            api.backend.uploads.finish(upload, connection, resource)

        return api.backend.objects.put(target, staged, upload.properties, finish)

    try:
        resource = await api.backend.run(work)
    except StorageError:
        await _cancel(api, upload.id)  # what was refused leaves nothing
        raise
    api.backend.transfers.end(upload.id)
    return resource


async def _cancel(api: Api, key: str) -> None:
    await api.backend.run(api.backend.uploads.cancel, key)
    api.backend.transfers.discard(key)


def _final(resource: Resource) -> web.Response:
    headers = {"X-Goog-Upload-Status": "final", "X-Goog-Upload-Size-Received": resource["size"]}
    return web.json_response(metadata.shown(resource), headers=headers)
