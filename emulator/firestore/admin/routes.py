"""What Firestore offers under `/emulator/v1`; paths and bodies are the official emulator's where it has them."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from aiohttp import web

from emulator.control.routes import Control, problem
from emulator.denials import Denials
from emulator.firestore.admin import clearing, transfer
from emulator.firestore.engine import Engine
from emulator.firestore.errors import FirestoreError
from emulator.firestore.names import parse_database

_DATABASE: Final = "/emulator/v1/projects/{project}/databases/{database}"


def add_routes(control: Control, engine: Engine, denials: Denials) -> None:
    """Offer them."""
    control.add("GET", "/emulator/v1/usage", partial(_usage, engine))
    control.add("POST", "/emulator/v1/usage:reset", partial(_reset_usage, engine))
    control.add("GET", "/emulator/v1/denials", partial(_denials, denials))
    control.add("DELETE", f"{_DATABASE}/documents", partial(_clear, engine))
    control.add("POST", "/emulator/v1/projects/{project}:export", partial(_transfer, engine, transfer.export))
    control.add("POST", "/emulator/v1/projects/{project}:import", partial(_transfer, engine, transfer.load))


async def _usage(engine: Engine, _: web.Request) -> web.StreamResponse:
    """What Google would bill since the last reset: reads, writes, deletes, index entries, bytes."""
    return web.json_response(engine.meter.usage())


async def _reset_usage(engine: Engine, _: web.Request) -> web.StreamResponse:
    """Count from zero again; answers with the counts until now."""
    return web.json_response(engine.meter.reset())


async def _denials(denials: Denials, _: web.Request) -> web.StreamResponse:
    """The last requests that security rules refused, and why."""
    latest = [{**denial._asdict(), "time": denial.time.isoformat()} for denial in denials.latest()]
    return web.json_response({"denials": latest})


async def _clear(engine: Engine, request: web.Request) -> web.StreamResponse:
    """Delete every document of a database."""
    match = request.match_info
    await clearing.clear(engine, f"projects/{match['project']}/databases/{match['database']}")
    return web.json_response({})


async def _transfer(
    engine: Engine, work: Callable[[Engine, str, Path], Awaitable[int]], request: web.Request
) -> web.StreamResponse:
    """Export or import a database: `{"export_directory": "/folder", "export_name": "name", "database": …}`.

    The database is named as `projects/P/databases/D`, the name is of a folder in that folder; both may be left out.
    """
    try:
        body: Any = await request.json()
        folder = Path(body["export_directory"]) / body.get("export_name", "")
        project = request.match_info["project"]
        database = parse_database(body.get("database") or f"projects/{project}/databases/(default)")
    except (json.JSONDecodeError, UnicodeDecodeError, TypeError, KeyError, AttributeError):
        return problem(HTTPStatus.BAD_REQUEST, 'The body must be JSON such as {"export_directory": "/folder"}.')
    except FirestoreError as error:
        return problem(HTTPStatus.BAD_REQUEST, error.message)
    if not folder.is_absolute():
        return problem(HTTPStatus.BAD_REQUEST, "export_directory must be an absolute path.")
    try:
        total = await work(engine, database, folder)
    except FirestoreError as error:
        return problem(HTTPStatus.BAD_REQUEST, error.message)
    except OSError as error:
        return problem(HTTPStatus.BAD_REQUEST, f"{error.filename or folder}: {error.strerror}")
    return web.json_response({"database": database, "export_directory": str(folder), "documents": total})
