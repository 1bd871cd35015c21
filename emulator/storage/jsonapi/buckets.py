"""Calls on buckets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from emulator.storage.backend import Backend
from emulator.storage.conditions import Conditions
from emulator.storage.database import Resource
from emulator.storage.errors import InvalidError
from emulator.storage.exchange.call import Call
from emulator.storage.jsonapi.answers import json_answer, nothing
from emulator.storage.listing import MOST


def _linked(bucket: Mapping[str, Any], call: Call) -> Resource:
    return {**bucket, "selfLink": f"{call.base_url}/storage/v1/b/{bucket['name']}"}


async def list_buckets(backend: Backend, call: Call) -> web.Response:
    """`buckets.list`."""
    most = max(1, min(call.number("maxResults") or MOST, MOST))
    token = call.query.get("pageToken", "")
    found, more = await backend.run(backend.buckets.page, call.query.get("prefix", ""), token, most)
    body: dict[str, Any] = {"kind": "storage#buckets", "items": [_linked(bucket, call) for bucket in found]}
    return json_answer(body | ({"nextPageToken": more} if more else {}))


async def insert(backend: Backend, call: Call) -> web.Response:
    """`buckets.insert`."""
    return json_answer(_linked(await backend.run(backend.buckets.create, await call.json()), call))


async def get(backend: Backend, call: Call) -> web.Response:
    """`buckets.get`."""
    bucket = await backend.run(backend.buckets.get, call.params["bucket"])
    Conditions.of(call.query).check_read({**bucket, "generation": "0"})
    return json_answer(_linked(bucket, call))


async def patch(backend: Backend, call: Call) -> web.Response:
    """`buckets.patch` and `buckets.update`."""
    changes, conditions = await call.json(), Conditions.of(call.query)
    whole = call.method == "PUT"
    bucket = await backend.run(backend.buckets.patch, call.params["bucket"], changes, conditions, whole=whole)
    return json_answer(_linked(bucket, call))


async def delete(backend: Backend, call: Call) -> web.Response:
    """`buckets.delete`."""
    name = call.params["bucket"]

    def work() -> None:
        Conditions.of(call.query).check_write({**backend.buckets.get(name), "generation": "0"})
        for gone, generation in backend.buckets.delete(name):
            backend.objects.discard(name, gone, generation)

    await backend.run(work)
    return nothing()


async def get_policy(backend: Backend, call: Call) -> web.Response:
    """`buckets.getIamPolicy`."""
    return json_answer(await backend.run(backend.buckets.policy, call.params["bucket"]))


async def set_policy(backend: Backend, call: Call) -> web.Response:
    """`buckets.setIamPolicy`."""
    return json_answer(await backend.run(backend.buckets.set_policy, call.params["bucket"], await call.json()))


async def test_permissions(backend: Backend, call: Call) -> web.Response:
    """`buckets.testIamPermissions`: a service account may do everything here."""
    await backend.run(backend.buckets.get, call.params["bucket"])
    query = call.request.query_string if call.request is not None else ""
    permissions = parse_qs(query).get("permissions", [])
    return json_answer({"kind": "storage#testIamPermissionsResponse", "permissions": permissions})


async def list_access(backend: Backend, call: Call) -> web.Response:
    """`bucketAccessControls.list` and `defaultObjectAccessControls.list`."""
    bucket = await backend.run(backend.buckets.get, call.params["bucket"])
    which = call.path.rsplit("/", 1)[-1]
    kind = "storage#bucketAccessControls" if which == "acl" else "storage#objectAccessControls"
    return json_answer({"kind": kind, "items": bucket.get(which, [])})


async def add_access(backend: Backend, call: Call) -> web.Response:
    """`bucketAccessControls.insert` and `defaultObjectAccessControls.insert`."""
    entry = await call.json()
    which = call.path.rsplit("/", 1)[-1]

    def work() -> Resource:
        bucket = backend.buckets.get(call.params["bucket"])
        entries = [old for old in bucket.get(which, []) if old["entity"] != entry.get("entity")]
        changed = backend.buckets.patch(bucket["name"], {which: [*entries, entry]}, Conditions())
        added: Resource = changed[which][-1]
        return added

    return json_answer(await backend.run(work))


async def unsupported_lock(_: Backend, call: Call) -> web.Response:
    """`buckets.lockRetentionPolicy`: nothing could ever unlock it again."""
    raise InvalidError(f"Retention policies of {call.params['bucket']} cannot be locked in the local Cloud Storage.")
