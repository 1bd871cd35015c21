"""Listeners: followed where getting or listing is allowed, refused elsewhere, and ended when a person is kept out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.rules.listening import listening
from tests.rules.personas import NOW, PERSONAS, Persona, at
from tests.rules.place import Place, place
from tests.rules.table import DOCUMENTS, QUERIES, allows

BY_NAME = {persona.name: persona for persona in PERSONAS}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(tmp_path_factory.mktemp("listening")) as running:
        yield running


@pytest.mark.parametrize("persona", PERSONAS, ids=lambda persona: persona.name)
def test_what_may_be_read_may_be_followed_and_nothing_else(filled: Place, persona: Persona) -> None:
    targets = [("get", target) for target in DOCUMENTS] + [("list", target) for target in QUERIES]
    named = [target.format(me=persona.uid) for _, target in targets]
    with listening(filled, persona.token(), named) as stream:
        stream.until_told(len(targets))
    wanted = {number for number, target in enumerate(targets) if allows(persona.name, *target)}
    assert {targets[number] for number in stream.followed} == {targets[number] for number in wanted}
    assert stream.followed | stream.refused == set(range(len(targets)))


CHANGES: dict[str, dict[str, Any]] = {
    "disabled": {"disabled": True},
    "sessions ended": {"sessions_valid_from": at(NOW)},
    "second factor asked for": {"second_factor_required": True},
    "demoted": {"role": "employee"},
}


@pytest.mark.parametrize("change", CHANGES)
def test_whoever_is_kept_out_hears_no_more_and_cannot_begin_anew(filled: Place, change: str) -> None:
    admin = BY_NAME["admin"]
    document = filled.admin.document(f"users/{admin.uid}")
    before = document.get().to_dict()
    assert before is not None
    try:
        with listening(filled, admin.token(), ["applications"]) as stream:
            stream.until_told(1)
            assert stream.followed == {0}
            document.update(CHANGES[change])
            filled.admin.document("applications/later").set({"applicant_id": "somebody"})
            stream.until_refused()
        with listening(filled, admin.token(), ["applications"]) as again:
            again.until_told(1)
        assert again.refused == {0}
    finally:
        document.set(before)
        filled.admin.document("applications/later").delete()


def test_ones_own_document_tells_of_being_disabled_by_ending(filled: Place) -> None:
    employee = BY_NAME["employee"]
    document = filled.admin.document(f"users/{employee.uid}")
    with listening(filled, employee.token(), [f"users/{employee.uid}"]) as stream:
        stream.until_told(1)
        document.update({"disabled": True})
        try:
            stream.until_refused()
        finally:
            document.update({"disabled": False})


def test_a_promotion_opens_what_was_closed_at_once(filled: Place) -> None:
    person = BY_NAME["demoted"]
    document = filled.admin.document(f"users/{person.uid}")
    with listening(filled, person.token(), ["incidents where confidential == false"]) as refused:
        refused.until_told(1)
    document.update({"role": "security_team"})
    try:
        with listening(filled, person.token(), ["incidents where confidential == false"]) as stream:
            stream.until_told(1)
    finally:
        document.update({"role": "employee"})
    assert refused.refused == {0}
    assert stream.followed == {0}
