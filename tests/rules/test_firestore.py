"""firestore.rules: the whole matrix, what lists hold, and that no expression of the rules went untried."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.emulator.rules.support import firestore, request
from tests.rules.exercised import expressions, unexercised
from tests.rules.matrix import Answer, run
from tests.rules.personas import PERSONAS, PROJECT
from tests.rules.place import ROOT, Place, place
from tests.rules.table import ALLOWED, BELOW_INCIDENTS, BELOW_USERS, CLOSED, DOCUMENTS, EVERYONE, QUERIES, READABLE


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("rules")) as running:
        yield running


@pytest.fixture(scope="module")
def answers(filled: Place) -> list[Answer]:
    """The matrix and the gate belong to one process: both build on this one run, against services of its own."""
    before = filled.everything()
    assert len(before) > 20 * len(PERSONAS)
    answered = run(filled)
    assert filled.everything() == before
    return answered


def test_who_may_do_what_is_what_the_table_says(answers: list[Answer]) -> None:
    assert [str(answer) for answer in answers if answer.allowed is not answer.wanted] == []
    assert {answer.persona for answer in answers if answer.allowed} == EVERYONE


def test_every_expression_of_the_rules_is_exercised(filled: Place, answers: list[Answer]) -> None:
    url = f"http://{filled.addresses['firestore']}/emulator/v1/projects/{PROJECT}:ruleCoverage"
    coverage = requests.get(url, timeout=60).json()
    assert coverage["rules"]["files"][0]["content"] == (ROOT / "firestore.rules").read_text(encoding="utf-8")
    assert expressions(coverage) > 40
    assert unexercised(coverage) == []


@pytest.mark.parametrize("collection", ["applications", "incidents"])
def test_a_list_of_ones_own_holds_only_ones_own(filled: Place, collection: str) -> None:
    (employee,) = (persona for persona in PERSONAS if persona.name == "employee")
    owner = {"applications": "applicant_id", "incidents": "reporter_id"}[collection]
    found = filled.list(employee.token(), f"{collection} where {owner} == {employee.uid}").json()
    held = {one["document"]["name"].rpartition("/")[2] for one in found}
    assert held == {f"of-{employee.uid}"} | (
        {f"confidential-of-{employee.uid}"} if collection == "incidents" else set()
    )


def test_the_table_names_only_what_is_asked() -> None:
    personas = {persona.name for persona in PERSONAS}
    asked = {("get", target) for target in DOCUMENTS} | {("list", target) for target in QUERIES}
    assert ALLOWED.keys() <= asked
    assert all(allowed <= personas for allowed in ALLOWED.values())


# How the code names a collection: a Kind, a client's collection, a constant, a repository, a place of personal data.
_NAMING = re.compile(
    r"""(?:\bKind|\bcollection|\bcollection_group|\bPlace|\bdocument)\(\s*f?"(?!(?:incidents|users)/\{)(?P<called>[a-z_]+)"""
    r"""|f"(?:incidents|users)/\{\w+\}/(?P<below>[a-z_]+)"|_COLLECTION\s*(?::[^=]+)?=\s*"(?P<constant>[a-z_]+)"|super\(\).__init__\(client,\s*"(?P<repository>[a-z_]+)\""""
)


def test_every_collection_that_the_code_writes_is_in_the_matrix() -> None:
    named = {
        next(filter(None, match.groups()))
        for folder in ("shared", "functions", "scripts/people")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for match in _NAMING.finditer(Path(path).read_text(encoding="utf-8"))
    }
    top = {*READABLE, *CLOSED}
    assert named == top | {*BELOW_USERS, *BELOW_INCIDENTS}
    assert top <= {target.partition("/")[0] for target in DOCUMENTS}
    assert top <= set(QUERIES)
    assert {f"users/{{me}}/{name}" for name in BELOW_USERS} <= set(QUERIES)
    assert {f"incidents/of-{{me}}/{name}" for name in BELOW_INCIDENTS} <= set(QUERIES)
    assert {f"**/{name}" for name in (*BELOW_USERS, *BELOW_INCIDENTS)} <= set(QUERIES)


def test_the_page_for_people_names_every_collection() -> None:
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert [
        name
        for name in (*READABLE, *CLOSED, *BELOW_USERS, *BELOW_INCIDENTS)
        if f"`{name}" not in page and f"/{name}" not in page
    ] == []


def test_every_collection_with_an_index_is_in_the_matrix() -> None:
    indexed: Any = re.findall(
        r'"collectionGroup": "([a-z_]+)"', (ROOT / "firestore.indexes.json").read_text(encoding="utf-8")
    )
    assert set(indexed) <= {*READABLE, *CLOSED, *BELOW_USERS, *BELOW_INCIDENTS}


def test_the_gate_names_line_expression_and_what_is_missing() -> None:
    rules = firestore(
        "match /a/{id} { allow get: if id == 'x' || id != 'y';\nallow delete: if id == 'z'; allow create: if false; }"
    )
    coverage = rules.coverage()
    for name in ("x", "w"):
        rules.decide(request(path=f"a/{name}"), coverage=coverage)
    assert [line.partition(": ")[2] for line in unexercised(coverage.as_json())] == [
        "id == 'x' || id != 'y': never false",
        "id != 'y': never false",
        "id == 'z': never evaluated",
        "id: never evaluated",
    ]
