"""Reading, describing, listing and deleting objects."""

from __future__ import annotations

from typing import Any, BinaryIO

from aiohttp import web

from emulator.rules.requests import ANY_DEPTH, Segment
from emulator.rules.values import UNKNOWN
from emulator.storage import listing
from emulator.storage.database import Resource
from emulator.storage.errors import ForbiddenError, InvalidError, NotFoundError
from emulator.storage.exchange.call import Call
from emulator.storage.exchange.download import send
from emulator.storage.firebase import metadata
from emulator.storage.firebase.api import Api
from emulator.storage.objects import Target
from emulator.storage.resources import check_name


async def get(api: Api, call: Call) -> web.StreamResponse:
    """An object's metadata, or its content with `alt=media`; a download token stands for what rules would allow."""
    caller = api.caller(call)
    bucket, name = call.params["bucket"], check_name(call.params["object"])
    given = call.query.get("token")

    def read() -> Resource:
        found = api.backend.objects.find(bucket, name)
        if found is None or given is None or given not in metadata.tokens(found):
            api.guard.check(caller, "get", (bucket, *name.split("/")), (found, None), call.query)
        if found is None:
            raise NotFoundError("No such object.")
        return found

    def content() -> tuple[Resource, BinaryIO]:
        found = read()
        return found, api.backend.objects.open(found)

    def description() -> Resource:
        found = read()
        if metadata.tokens(found):
            return found
        # What came by another way than Firebase's gets its token when an app first asks, as in production.
        return api.backend.objects.patch(Target(bucket, name), metadata.with_tokens([metadata.new_token()]))

    if call.query.get("alt") == "media":
        return await send(call, *await api.backend.run(content))
    return web.json_response(metadata.shown(await api.backend.run(description)))


async def patch(api: Api, call: Call) -> web.StreamResponse:
    """Change the metadata that an app may set."""
    body = await call.json()
    changes = metadata.settable(body)
    target = api.target(api.caller(call), "update", (call.params["bucket"], call.params["object"]), call.query)

    def work() -> Resource:
        if "metadata" in body and body["metadata"] is None:
            found = api.backend.objects.find(target.bucket, target.name) or {}
            changes["metadata"] = {name: None for name in found.get("metadata", {}) if name != metadata.TOKENS}
        return api.backend.objects.patch(target, changes)

    return web.json_response(metadata.shown(await api.backend.run(work)))


async def delete(api: Api, call: Call) -> web.StreamResponse:
    """Delete an object."""
    target = api.target(api.caller(call), "delete", (call.params["bucket"], call.params["object"]), call.query)
    await api.backend.run(api.backend.objects.delete, target)
    return web.Response(status=204)


async def list_objects(api: Api, call: Call) -> web.StreamResponse:
    """The names below a prefix; folders fold at the delimiter."""
    caller = api.caller(call)
    query = listing.Query(
        bucket=call.params["bucket"],
        prefix=call.query.get("prefix", ""),
        delimiter=call.query.get("delimiter", ""),
        most=max(1, min(call.number("maxResults") or listing.MOST, listing.MOST)),
        token=call.query.get("pageToken", ""),
    )
    # Rules have to cover every name that could be listed: one segment below the folder, or any number of them.
    folder = query.prefix.split("/")[:-1]
    below: tuple[Segment, ...] = (UNKNOWN,) if query.delimiter == "/" else (ANY_DEPTH, UNKNOWN)

    def work() -> listing.Page:
        api.guard.check(caller, "list", (query.bucket, *folder, *below), (None, None), call.query)
        api.backend.buckets.get(query.bucket)
        return listing.listed(api.backend.database, query)

    page = await api.backend.run(work)
    body: dict[str, Any] = {
        "prefixes": [prefix for prefix in page.prefixes if _nameable(prefix.removesuffix("/"))],
        "items": [{"name": one["name"], "bucket": one["bucket"]} for one in page.items if _nameable(one["name"])],
    }
    return web.json_response(body | ({"nextPageToken": page.token} if page.token else {}))


def _nameable(name: str) -> bool:
    """Whether apps can name it: other tools make objects with empty segments, which production leaves out as well."""
    return all(name.split("/"))


async def change_tokens(api: Api, call: Call) -> web.StreamResponse:
    """Make a download token or revoke one, which only an administrator may; an object never is without one."""
    if not api.caller(call).privileged:
        raise ForbiddenError("Missing admin credentials.")
    revoked = call.query.get("delete_token")
    if revoked is None and call.query.get("create_token") != "true":
        raise InvalidError("create_token must be true.")
    bucket, name = call.params["bucket"], check_name(call.params["object"])

    def work() -> Resource:
        found = api.backend.objects.find(bucket, name)
        if found is None:
            raise NotFoundError("No such object.")
        kept = [token for token in metadata.tokens(found) if token != revoked]
        if revoked is None or not kept:
            kept.append(metadata.new_token())
        return api.backend.objects.patch(Target(bucket, name), metadata.with_tokens(kept))

    return web.json_response(metadata.shown(await api.backend.run(work)))
