"""The rules as an app meets them: a part of the matrix with the official web SDK in Node.js."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.rules.personas import PERSONAS, PROJECT, Persona
from tests.rules.place import ROOT, place
from tests.rules.table import allows

JS = ROOT / "tests" / "js"
NODE = shutil.which("node")
PATIENCE = 300.0  # seconds; reached only by a failure

# What the SDK does, and the line of the table that it stands under.
READS = [
    (operation, line, target)
    for line, target, operations in (
        ("get", "users/{me}", ("get", "listen to a document")),
        ("get", "users/somebody", ("get", "listen to a document")),
        ("get", "applications/of-somebody", ("get",)),
        ("get", "incidents/of-{me}", ("get",)),
        ("get", "audit/{me}", ("get", "listen to a document")),
        ("list", "users", ("list", "count")),
        ("list", "users/{me}/sessions", ("list",)),
        ("list", "applications where applicant_id == {me}", ("list", "listen to a query")),
        ("list", "applications", ("list", "listen to a query")),
        ("list", "incidents where reporter_id == {me}", ("list", "count")),
        ("list", "incidents", ("list", "listen to a query")),
        ("list", "incidents where confidential == false", ("list", "listen to a query")),
        ("list", "incidents where access_ids array-contains {me}", ("list", "listen to a query")),
        ("get", "incidents/confidential-of-somebody", ("get", "listen to a document")),
        ("get", "incidents/naming-{me}", ("get", "listen to a document")),
        ("list", "incidents/of-{me}/messages where internal == false", ("list", "listen to a query")),
        ("list", "incidents/of-{me}/messages", ("list", "listen to a query")),
        ("list", "incidents/of-{me}/timeline where internal == false", ("list", "listen to a query")),
        ("list", "incidents/of-{me}/evidence", ("list", "listen to a query")),
        ("list", "users/{me}/notifications", ("list", "listen to a query")),
        ("list", "**/incidents", ("list", "listen to a query")),
        ("list", "outbox", ("list", "listen to a query")),
    )
    for operation in operations
]
WRITES = [
    *(("create", target) for target in ("incidents", "applications", "audit", "users/{me}/sessions")),
    *(("set", target) for target in ("users/{me}", "users/absent", "revocations/{me}", "elsewhere/{me}")),
    *(("update", target) for target in ("users/{me}", "incidents/of-{me}", "applications/of-{me}")),
    *(("delete", target) for target in ("users/{me}", "incidents/of-{me}", "users/{me}/sessions/1")),
]

pytestmark = [
    pytest.mark.skipif(
        NODE is None or not (JS / "node_modules" / "firebase").is_dir(),
        reason="needs Node.js: install Node 20 or newer, then run: npm ci --prefix tests/js",
    ),
    pytest.mark.slow,
]


def test_the_web_sdk_is_allowed_and_refused_what_the_table_says(tmp_path: Path) -> None:
    with place(tmp_path) as one:
        before = one.everything()
        host, port = one.addresses["firestore"].split(":")
        personas = [{"token": persona.token(), "asks": _asks(persona)} for persona in PERSONAS]
        outcomes = _run({"host": host, "port": int(port), "projectId": PROJECT, "personas": personas})
        assert one.everything() == before
    for persona, allowed in zip(PERSONAS, outcomes, strict=True):
        wanted = [allows(persona.name, line, target) for _, line, target in READS] + [False] * len(WRITES)
        names = [f"{operation} {target}" for operation, *_, target in (*READS, *WRITES)]
        assert dict(zip(names, allowed, strict=True)) == dict(zip(names, wanted, strict=True)), persona.name


def _asks(persona: Persona) -> list[dict[str, Any]]:
    asks = []
    for operation, *_, target in (*READS, *WRITES):
        path, _, condition = target.format(me=persona.uid).partition(" where ")
        asks.append({"operation": operation, "target": path, "filter": _filter(condition)})
    return asks


def _filter(condition: str) -> list[str | bool] | None:
    values = {"true": True, "false": False}
    return [values.get(part, part) for part in condition.split(" ")] if condition else None


def _run(settings: dict[str, Any]) -> list[list[bool]]:
    done = subprocess.run(  # noqa: S603  # our own program
        [str(NODE), str(JS / "rules_matrix.js")],
        input=json.dumps(settings),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    outcomes: list[list[bool]] = json.loads(done.stdout)
    return outcomes
