"""Objects by their paths.

Source: "XML API reference: object operations" and "Request headers" of the Cloud Storage documentation.
"""

from __future__ import annotations

import base64
import binascii
from http import HTTPStatus
from typing import Any, Final
from xml.sax.saxutils import escape

from aiohttp import web

from emulator.storage.backend import Backend
from emulator.storage.conditions import Conditions, number
from emulator.storage.database import Resource
from emulator.storage.errors import (
    BucketNotFoundError,
    ConditionNotMetError,
    ConflictError,
    ExpiredError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    StorageError,
    UnsupportedError,
)
from emulator.storage.exchange.call import Call
from emulator.storage.exchange.routes import Routes
from emulator.storage.jsonapi import objects, uploads
from emulator.storage.objects import Target
from emulator.storage.resources import check_name
from emulator.storage.uploads import Upload
from emulator.storage.xmlapi import signed_urls

_PROPERTIES: Final = {
    "Cache-Control": "cacheControl",
    "Content-Disposition": "contentDisposition",
    "Content-Encoding": "contentEncoding",
    "Content-Language": "contentLanguage",
    "Content-Type": "contentType",
    "X-Goog-Custom-Time": "customTime",
    "X-Goog-Storage-Class": "storageClass",
}
_CODES: Final[tuple[tuple[type[StorageError], str], ...]] = (
    (ExpiredError, "ExpiredToken"),
    (ForbiddenError, "AccessDenied"),
    (BucketNotFoundError, "NoSuchBucket"),
    (NotFoundError, "NoSuchKey"),
    (ConditionNotMetError, "PreconditionFailed"),
    (ConflictError, "Conflict"),
    (UnsupportedError, "NotImplemented"),
    (InvalidError, "InvalidArgument"),
)
_META: Final = "x-goog-meta-"


async def _get(backend: Backend, call: Call) -> web.StreamResponse:
    return await objects.download(backend, call)


async def _put(backend: Backend, call: Call) -> web.StreamResponse:
    if "upload_id" in call.query:
        return await uploads.resume_xml(backend, call)
    sizes = signed_urls.length_range(call.headers)
    staged = backend.contents.stage()
    try:
        async for chunk in call.chunks():
            staged.write(chunk)
            _check_size(staged.size, sizes, whole=False)
        _check_size(staged.size, sizes, whole=True)
        properties = _properties(call) | uploads.checksums(call) | _content_md5(call)
        resource = await backend.run(backend.objects.put, _target(call), staged, properties)
    except BaseException:
        staged.discard()
        raise
    return web.Response(headers=_written(resource))


def _check_size(size: int, sizes: tuple[int, int] | None, *, whole: bool) -> None:
    if sizes is None:
        return
    if size > sizes[1]:
        raise InvalidError("EntityTooLarge: the content is larger than x-goog-content-length-range allows.")
    if whole and size < sizes[0]:
        raise InvalidError("EntityTooSmall: the content is smaller than x-goog-content-length-range allows.")


async def _post(backend: Backend, call: Call) -> web.StreamResponse:
    """Begin a resumable upload; its address lets in whoever knows it, for a week."""
    if call.headers.get("X-Goog-Resumable") != "start":
        raise InvalidError("A POST to an object must have the header x-goog-resumable: start.")
    sizes = signed_urls.length_range(call.headers)
    goal = _target(call)
    upload = Upload(
        bucket=goal.bucket,
        name=goal.name,
        properties=_properties(call),
        conditions=goal.conditions.as_dict(),
        total=number(call.headers, "X-Upload-Content-Length"),
        most=None if sizes is None else sizes[1],
    )
    _check_size(upload.total or 0, sizes, whole=False)
    key = await uploads.begin(backend, upload)
    location = f"{call.base_url}{call.path}?upload_id={key}"
    return web.Response(
        status=HTTPStatus.CREATED, headers={"Location": location, "X-GUploader-UploadID": key}
    )  # fmt: skip


async def _delete(backend: Backend, call: Call) -> web.StreamResponse:
    if "upload_id" in call.query:
        return await uploads.cancel(backend, call)
    await backend.run(backend.objects.delete, _target(call), call.number("generation"))
    return web.Response(status=HTTPStatus.NO_CONTENT)


_ROUTES: Final[Routes[Backend]] = Routes([
    ("GET", "/{bucket}/{object*}", _get),
    ("PUT", "/{bucket}/{object*}", _put),
    ("POST", "/{bucket}/{object*}", _post),
    ("DELETE", "/{bucket}/{object*}", _delete),
])  # fmt: skip


async def serve(backend: Backend, call: Call) -> web.StreamResponse:
    """Answer a call."""
    try:
        if "upload_id" not in call.query:  # a resumable upload was let in when it began
            signed_urls.check(call.query, call.headers, backend.clock.now())
        answer = await _ROUTES.handle(backend, call, call.path)
        if answer is None:
            raise UnsupportedError("The local Cloud Storage has no such call.")
    except StorageError as error:
        return _refusal(error)
    return answer


def _refusal(error: StorageError) -> web.Response:
    if error.status == HTTPStatus.NOT_MODIFIED:
        return web.Response(status=error.status)
    code = next((code for kind, code in _CODES if isinstance(error, kind)), "InvalidRequest")
    body = f"<Error><Code>{code}</Code><Message>{escape(error.message)}</Message></Error>"
    text = f"<?xml version='1.0' encoding='UTF-8'?>{body}"
    return web.Response(status=error.status, text=text, content_type="application/xml", charset="utf-8")


def _target(call: Call) -> Target:
    headers = call.headers
    conditions = Conditions(
        generation_match=number(headers, "X-Goog-If-Generation-Match"),
        metageneration_match=number(headers, "X-Goog-If-Metageneration-Match"),
    )
    return Target(call.params["bucket"], check_name(call.params["object"]), conditions)


def _properties(call: Call) -> dict[str, Any]:
    properties: dict[str, Any] = {
        name: call.headers[header] for header, name in _PROPERTIES.items() if header in call.headers
    }
    properties.setdefault("contentType", "application/octet-stream")
    metadata = {
        name.lower().removeprefix(_META): value
        for name, value in call.headers.items()
        if name.lower().startswith(_META)
    }
    return properties | ({"metadata": metadata} if metadata else {})


def _content_md5(call: Call) -> dict[str, str]:
    text = call.headers.get("Content-MD5")
    if text is None:
        return {}
    try:
        digest = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise InvalidError("The Content-MD5 is malformed.") from None
    return {"md5Hash": base64.b64encode(digest).decode()}


def _written(resource: Resource) -> dict[str, str]:
    return {
        "ETag": f'"{resource["etag"]}"',
        "X-Goog-Generation": resource["generation"],
        "X-Goog-Metageneration": resource["metageneration"],
        "X-Goog-Hash": f"crc32c={resource['crc32c']},md5={resource['md5Hash']}",
        "X-Goog-Stored-Content-Length": resource["size"],
    }
