"""Calls on objects, except for uploads."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from emulator.storage import listing
from emulator.storage.backend import Backend
from emulator.storage.conditions import Conditions, number
from emulator.storage.database import Resource
from emulator.storage.errors import InvalidError, UnsupportedError
from emulator.storage.exchange.call import Call
from emulator.storage.exchange.download import send
from emulator.storage.jsonapi.answers import json_answer, nothing
from emulator.storage.listing import MOST
from emulator.storage.objects import Target
from emulator.storage.resources import access, linked

_MOST_COMPOSED = 32
_BLOCK = 1 << 20


def target(call: Call) -> Target:
    """The object that a call writes."""
    return Target(call.params["bucket"], call.params["object"], Conditions.of(call.query))


async def list_objects(backend: Backend, call: Call) -> web.Response:
    """`objects.list`."""
    flags = {name for name in ("versions", "softDeleted", "includeTrailingDelimiter") if call.flag(name)}
    query = listing.Query(
        bucket=call.params["bucket"],
        prefix=call.query.get("prefix", ""),
        delimiter=call.query.get("delimiter", ""),
        start=call.query.get("startOffset", ""),
        end=call.query.get("endOffset", ""),
        glob=call.query.get("matchGlob", ""),
        which="soft" if "softDeleted" in flags else "versions" if "versions" in flags else "live",
        trailing="includeTrailingDelimiter" in flags,
        most=max(1, min(call.number("maxResults") or MOST, MOST)),
        token=call.query.get("pageToken", ""),
    )

    def work() -> listing.Page:
        backend.buckets.get(query.bucket)
        if query.which == "soft":
            backend.objects.purge()
        return listing.listed(backend.database, query)

    page = await backend.run(work)
    body: dict[str, Any] = {"kind": "storage#objects", "items": [linked(one, call.base_url) for one in page.items]}
    if page.prefixes:
        body["prefixes"] = page.prefixes
    if page.token:
        body["nextPageToken"] = page.token
    return json_answer(body)


async def get(backend: Backend, call: Call) -> web.StreamResponse:
    """`objects.get`: the resource, or the content with `alt=media`."""
    if call.query.get("alt") == "media":
        return await download(backend, call)
    bucket, name, generation = call.params["bucket"], call.params["object"], call.number("generation")
    if call.flag("softDeleted"):
        if generation is None:
            raise InvalidError("A soft-deleted object needs its generation to be named.")
        resource = await backend.run(backend.objects.soft_deleted, bucket, name, generation)
    else:
        resource = await backend.run(backend.objects.get, bucket, name, generation, Conditions.of(call.query))
    return json_answer(linked(resource, call.base_url))


async def download(backend: Backend, call: Call) -> web.StreamResponse:
    """The content of an object."""

    def work() -> tuple[Resource, Any]:
        names = call.params["bucket"], call.params["object"]
        resource = backend.objects.get(*names, call.number("generation"), Conditions.of(call.query))
        return resource, backend.objects.open(resource)

    return await send(call, *await backend.run(work))


async def patch(backend: Backend, call: Call) -> web.Response:
    """`objects.patch` and `objects.update`."""
    changes, generation = await call.json(), call.number("generation")
    whole = call.method == "PUT"
    resource = await backend.run(backend.objects.patch, target(call), changes, generation, whole=whole)
    return json_answer(linked(resource, call.base_url))


async def delete(backend: Backend, call: Call) -> web.Response:
    """`objects.delete`."""
    await backend.run(backend.objects.delete, target(call), call.number("generation"))
    return nothing()


async def restore(backend: Backend, call: Call) -> web.Response:
    """`objects.restore`."""
    if (generation := call.number("generation")) is None:
        raise InvalidError("Required parameter: generation")
    resource = await backend.run(backend.objects.restore, target(call), generation)
    return json_answer(linked(resource, call.base_url))


async def copy(backend: Backend, call: Call) -> web.Response:
    """`objects.copy`."""
    return json_answer(linked(await _copied(backend, call), call.base_url))


async def rewrite(backend: Backend, call: Call) -> web.Response:
    """`objects.rewrite`, done at once: nothing has to be moved for it."""
    resource = await _copied(backend, call)
    return json_answer({
        "kind": "storage#rewriteResponse",
        "totalBytesRewritten": resource["size"],
        "objectSize": resource["size"],
        "done": True,
        "resource": linked(resource, call.base_url),
    })  # fmt: skip


async def _copied(backend: Backend, call: Call) -> Resource:
    names = call.params
    properties = await call.json()
    source_conditions = Conditions.of(call.query, "ifSource")
    goal = Target(names["to_bucket"], names["to_object"], Conditions.of(call.query))

    def work() -> Resource:
        generation = number(call.query, "sourceGeneration")
        source = backend.objects.get(names["bucket"], names["object"], generation, source_conditions)
        return backend.objects.copy(source, goal, properties or None)

    return await backend.run(work)


async def move(backend: Backend, call: Call) -> web.Response:
    """`objects.move`, within a bucket."""
    names = call.params
    source_conditions = Conditions.of(call.query, "ifSource")
    goal = Target(names["bucket"], names["to_object"], Conditions.of(call.query))

    def work() -> Resource:
        source = backend.objects.get(names["bucket"], names["object"], None, source_conditions)
        resource = backend.objects.copy(source, goal, None)
        if names["to_object"] != names["object"]:
            backend.objects.delete(Target(names["bucket"], names["object"]))
        return resource

    return json_answer(linked(await backend.run(work), call.base_url))


async def compose(backend: Backend, call: Call) -> web.Response:
    """`objects.compose`."""
    body = await call.json()
    wanted, properties = body.get("sourceObjects"), body.get("destination") or {}
    if not isinstance(wanted, list) or not 0 < len(wanted) <= _MOST_COMPOSED or not isinstance(properties, dict):
        raise InvalidError("The number of source components provided must be between 1 and 32.")
    sources = [await backend.run(_component, backend, call.params["bucket"], one) for one in wanted]
    if "contentType" in sources[0]:
        properties = {"contentType": sources[0]["contentType"], **properties}
    staged = backend.contents.stage()
    try:
        for source in sources:
            with await backend.run(backend.objects.open, source) as content:
                while block := await asyncio.to_thread(content.read, _BLOCK):
                    staged.write(block)
        resource = await backend.run(backend.objects.compose, sources, target(call), staged, properties)
    except BaseException:
        staged.discard()
        raise
    return json_answer(linked(resource, call.base_url))


def _component(backend: Backend, bucket: str, wanted: Any) -> Resource:
    if not isinstance(wanted, dict) or not isinstance(wanted.get("name"), str):
        raise InvalidError("A source object needs a name.")
    conditions = wanted.get("objectPreconditions") or {}
    texts = {name: str(value) for name, value in conditions.items()} if isinstance(conditions, dict) else {}
    generation = number({"generation": str(wanted.get("generation") or "")}, "generation")
    return backend.objects.get(bucket, wanted["name"], generation, Conditions.of(texts))


async def list_access(backend: Backend, call: Call) -> web.Response:
    """`objectAccessControls.list`."""
    resource = await backend.run(backend.objects.get, call.params["bucket"], call.params["object"])
    return json_answer({"kind": "storage#objectAccessControls", "items": resource.get("acl", [])})


async def add_access(backend: Backend, call: Call) -> web.Response:
    """`objectAccessControls.insert`."""
    entry = await call.json()
    bucket, name = call.params["bucket"], call.params["object"]
    (added,) = access([entry], bucket, name)

    def work() -> None:
        old = backend.objects.get(bucket, name).get("acl", [])
        entries = [one for one in old if one["entity"] != added["entity"]]
        backend.objects.patch(Target(bucket, name), {"acl": [*entries, added]})

    await backend.run(work)
    return json_answer(added)


async def watch(_: Backend, __: Call) -> web.Response:
    """`objects.watchAll`: notifications go to functions, by their triggers."""
    raise UnsupportedError("The local Cloud Storage has no channels.")
