"""What the official emulator offers to tests: rules set while it runs. @firebase/rules-unit-testing calls it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from aiohttp import web

from emulator.control.routes import Control, problem
from emulator.rules.errors import RulesError
from emulator.storage.backend import Backend
from emulator.storage.errors import InvalidError
from emulator.storage.exchange.call import Call
from emulator.storage.firebase.rules import RulesInForce


async def set_rules(backend: Backend, rules: RulesInForce, call: Call) -> web.Response:
    """`PUT /internal/setRules`: one file for all buckets, or several, each for the bucket that is its `resource`."""
    try:
        sources = _sources(await call.json())
    except InvalidError as error:
        return web.json_response({"message": error.message}, status=400)
    try:
        await backend.run(rules.replace, {bucket: content for bucket, (_, content) in sources.items()})
    except RulesError as error:
        names = ", ".join(name for name, _ in sources.values())
        return web.json_response({"message": f"There was an error updating rules: {names}:{error}"}, status=400)
    return web.json_response({"message": "Rules updated successfully"})


def offer_coverage(control: Control, backend: Backend, rules: RulesInForce) -> None:
    """Routes for what the rules of a bucket (`?bucket=`; those for all buckets without) were asked, as of Firestore's.

    `GET /emulator/v1/storage:ruleCoverage` in JSON, `...:ruleCoverage.html` for people.
    """

    async def serve(request: web.Request) -> web.StreamResponse:
        """How often each expression of a bucket's rules was evaluated, and to what."""
        found = await backend.run(rules.of, request.query.get("bucket", ""))
        if found is None:
            return problem(HTTPStatus.NOT_FOUND, "No storage rules are in force.")
        if request.path.endswith(".html"):
            return web.Response(text=found.coverage.as_html(), content_type="text/html")
        return web.json_response(found.coverage.as_json())

    for ending in ("", ".html"):
        control.add("GET", f"/emulator/v1/storage:ruleCoverage{ending}", serve)


def _sources(body: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Name and content of each file, by bucket."""
    rules = body.get("rules")
    files = rules.get("files") if isinstance(rules, dict) else None
    if not isinstance(files, list) or not files:
        raise InvalidError("Request body must include 'rules.files' array")
    sources: dict[str, tuple[str, str]] = {}
    for file in files:
        members = ("name", "content") if len(files) == 1 else ("name", "content", "resource")
        if not isinstance(file, dict) or not all(isinstance(file.get(member), str) for member in members):
            wanted = " and ".join(f"'{member}'" for member in members)
            raise InvalidError(f"Each member of 'rules.files' array must contain {wanted}")
        sources["" if len(files) == 1 else file["resource"]] = (file["name"], file["content"])
    return sources
