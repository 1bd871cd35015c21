"""Runs the whole matrix: every persona, every target, every operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.people import User
from shared.domain.permissions import Role
from tests.builders import user
from tests.rules.personas import OTHER, PERSONAS, Persona, at, stored
from tests.rules.place import DATABASE, Place, belongings, json_fields
from tests.rules.table import DOCUMENTS, QUERIES, allows

DENIED_HTTP: Final = 403
DENIED: Final = 7  # google.rpc.Code.PERMISSION_DENIED
_OF: Final = {"applications": "applicant_id", "incidents": "reporter_id"}


@dataclass(frozen=True)
class Answer:
    """What came of one operation, and what the table says of it."""

    persona: str
    operation: str
    target: str
    wanted: bool
    allowed: bool

    def __str__(self) -> str:
        return f"{self.persona}: {self.operation} {self.target} was {'allowed' if self.allowed else 'refused'}"


def run(place: Place) -> list[Answer]:
    """All of it. Nothing is changed as long as no write is allowed."""
    return [answer for persona in PERSONAS for answer in (*_reads(place, persona), *_writes(place, persona))]


def _reads(place: Place, persona: Persona) -> Iterator[Answer]:
    token, uid = persona.token(), persona.uid
    for target in DOCUMENTS:
        answer = place.get(token, target.format(me=uid))
        assert answer.status in (200, 404, DENIED_HTTP), answer.data
        yield _answer(persona, "get", target, allowed=answer.status != DENIED_HTTP)
    for target in QUERIES:
        for operation, count in (("list", False), ("count", True)):
            answer = place.list(token, target.format(me=uid), count=count)
            assert answer.status in (200, DENIED_HTTP), f"{target}: {answer.data!r}"
            yield _answer(persona, operation, target, allowed=answer.status == 200)


def _answer(persona: Persona, operation: str, target: str, *, allowed: bool) -> Answer:
    # To count is to list: `count` has no lines of its own in the table.
    wanted = allows(persona.name, "list" if operation == "count" else operation, target)
    return Answer(persona.name, operation, target, wanted, allowed)


def _writes(place: Place, persona: Persona) -> Iterator[Answer]:
    for operation, writes in operations(persona).items():
        codes = place.write(persona.token(), list(writes.values()))
        for target, code in zip(writes, codes, strict=True):
            yield _answer(persona, operation, target, allowed=code != DENIED)
    for target in DOCUMENTS:  # and as most apps write: one at a time, all or nothing
        answer = place.call("PATCH", f"/{target.format(me=persona.uid)}", persona.token(), {"fields": {}})
        yield _answer(persona, "patch", target, allowed=answer.status != DENIED_HTTP)


def operations(persona: Persona) -> dict[str, dict[str, Any]]:
    """Operations with the write that each is, by target; values good and bad."""
    uid = persona.uid
    values: dict[str, Mapping[str, Any]] = {
        "a role": {"role": "admin"},
        "no words but a role's fields": {"is_lead": True, "disabled": False, "second_factor_required": False},
        "sessions revived": {"sessions_valid_from": None},
        "mass assignment": stored(user(uid, Role.ADMIN, is_lead=True)) | _owned(uid) | {"version": 99},
        "a foreign owner": {"uid": OTHER} | _owned(OTHER),
        "wrong types": {"role": 5, "disabled": "no", "applicant_id": [uid], "reporter_id": {"uid": uid}},
    }
    made = {f"{operation} with {what}": _each(persona, operation, given) for what, given in values.items()
            for operation in ("create", "update")}  # fmt: skip
    good = {target: _as_functions_write(target, uid) for target in DOCUMENTS}
    made |= {
        operation: {target: _write(target, uid, operation, given) for target, given in good.items()}
        for operation in ("create", "update", "set")
    }
    transform = {"updateTransforms": [{"fieldPath": "updated_at", "setToServerValue": "REQUEST_TIME"}]}
    made["transform"] = {target: {"update": {"name": _name(target, uid)}, **transform} for target in DOCUMENTS}
    made["delete"] = {target: {"delete": _name(target, uid)} for target in DOCUMENTS}
    return made


def _owned(uid: str) -> dict[str, str]:
    return {"applicant_id": uid, "reporter_id": uid, "status": "approved"}


def _as_functions_write(target: str, uid: str) -> Mapping[str, Any]:
    if target.startswith("users/") and target.count("/") == 1:
        person: User = user(uid, Role.EMPLOYEE, created_at=at(0))
        return stored(person)
    return belongings(uid).get(target.format(me=uid), {"uid": uid})


def _each(persona: Persona, operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
    return {target: _write(target, persona.uid, operation, given) for target in DOCUMENTS}


def _write(target: str, uid: str, operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
    write: dict[str, Any] = {"update": {"name": _name(target, uid), "fields": json_fields(given)}}
    if operation == "create":
        return {**write, "currentDocument": {"exists": False}}
    return {**write, "updateMask": {"fieldPaths": list(given)}} if operation == "update" else write


def _name(target: str, uid: str) -> str:
    return f"{DATABASE}/documents/{target.format(me=uid)}"
