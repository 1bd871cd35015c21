"""Sends the requests to the operations as they are deployed, and judges the answers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import import_module
from io import BytesIO
from random import Random
from typing import Any

from flask import Flask, Request
from werkzeug.test import EnvironBuilder

from scripts.fuzzing.people import PERSONAS, Persona, header
from scripts.fuzzing.requests import Generator
from shared.entry.endpoint import Endpoint, Operation

# Allowed ones wait for the end of a second, or read everything there is: a few are enough.
_SLOW = {"DELETE /api/auth/sessions", "POST /api/auth/admin/manage-security-team", "GET /api/auth/account"}
_FEW = 0.02
_OFTEN = 0.4
_LAST = "DELETE /api/auth/account"


@dataclass(slots=True)
class Outcome:
    """What became of one operation's requests."""

    name: str
    statuses: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def endpoints() -> Iterator[tuple[Endpoint, Operation]]:
    """Every operation; those that end accounts last."""
    import main

    found = [
        (endpoint, operation)
        for path in main.FUNCTIONS.values()
        if path.startswith("functions.http.")
        for endpoint in [import_module(path).ENDPOINT]
        for operation in endpoint.operations
    ]
    return iter(sorted(found, key=lambda pair: _name(pair[1]) == _LAST))


def _name(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


def fuzz(endpoint: Endpoint, operation: Operation, generator: Generator, count: int) -> Outcome:
    """So many requests to the operation."""
    outcome = Outcome(_name(operation))
    app = Flask("fuzz")
    with app.app_context():
        for _ in range(count):
            _one(endpoint, operation, generator, outcome)
    return outcome


def _one(endpoint: Endpoint, operation: Operation, generator: Generator, outcome: Outcome) -> None:
    chance = generator.chance
    persona = _somebody(operation, outcome.name, chance)
    authorization, own = header(persona, chance)
    body, content_type = generator.body(operation)
    headers = generator.headers()
    if authorization is not None:
        headers["Authorization"] = authorization.encode("utf-8").decode("latin-1")
    headers = {name: value.encode("utf-8", "replace").decode("latin-1") for name, value in headers.items()}
    builder = EnvironBuilder(
        path=generator.path(operation),
        method=operation.method,
        query_string=generator.query(operation),
        input_stream=BytesIO(body),
        content_length=len(body),
        headers=list(headers.items()),
        content_type=content_type or None,
    )
    response = endpoint(Request(builder.get_environ()))
    outcome.statuses[response.status_code] += 1
    fault = _fault(operation, persona, response, own=own)
    if fault is not None:
        sent = f"{builder.path}?{builder.query_string} as {persona.name}: {body[:300]!r} {headers}"
        outcome.faults.append(f"{fault}: {sent}"[:1500])


def _somebody(operation: Operation, name: str, chance: Random) -> Persona:
    """Anybody; often somebody who may, so that requests get through to the use case."""
    able = [one for one in PERSONAS if _may(operation, one)]
    if name in _SLOW:
        return chance.choice(able if chance.random() < _FEW else [one for one in PERSONAS if one not in able])
    return chance.choice(able if chance.random() < _OFTEN else PERSONAS)


def _fault(operation: Operation, persona: Persona, response: Any, *, own: bool) -> str | None:
    status = response.status_code
    if status >= 500:
        return f"status {status}"
    if status < 400:
        allowed = operation.permission is None or (own and _may(operation, persona))
        return None if allowed else f"a right too many (status {status})"
    if operation.page and response.mimetype == "text/html":
        return None
    problem = json.loads(response.get_data())
    if response.content_type != "application/problem+json" or problem["status"] != status or not problem["request_id"]:
        return f"status {status} is no problem document"
    return None


def _may(operation: Operation, persona: Persona) -> bool:
    if operation.permission is None:
        return True
    if persona.name == "unverified" and not operation.verified:
        return True
    return persona.may(operation.permission, sensitive=operation.sensitive)
