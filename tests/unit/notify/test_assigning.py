from __future__ import annotations

import pytest
from pydantic import ValidationError

from shared.domain.assignment import AssignmentRequest
from shared.domain.errors import ConflictError, InvalidInputError, NotFoundError, VersionConflictError
from shared.domain.incident import MAX_PEOPLE, Link, LinkKind
from shared.domain.permissions import Role
from shared.domain.taxonomy import Category, Outcome, Status
from shared.domain.timeline import TimelineKind
from tests.builders import ADMIN, ANALYST, EMPLOYEE
from tests.unit.notify.support import BO, World


@pytest.fixture
def world():
    return World()


@pytest.mark.parametrize("name", ["bo", "BO@Example.org"])
def test_somebody_is_assigned_once_and_it_stays_new(world, name):
    after = world.assign(assignee_id=name)
    assert (after.assignee_ids, after.version, after.status) == (["bo"], 2, Status.NEW)
    assert world.assign(ADMIN, assignee_id="bo") == after
    (entry,) = world.timeline(TimelineKind.ASSIGNED)
    assert [(one.field, one.old, one.new) for one in entry.changes] == [("assignee_ids", [], ["bo"])]
    assert (entry.internal, entry.note, entry.version, entry.actor_id) == (False, None, 2, "ana")
    (audited,) = world.audit("incident:assigned")
    assert [(one.field, one.new) for one in audited.changes] == [("assignee_ids", '["bo"]')]


def test_a_handover_takes_the_place_of_the_others_and_its_note_is_for_the_team(world):
    world.assign(assignee_id="ana")
    world.assign(assignee_id="adm", mode="add")
    after = world.assign(assignee_id="bo", note="I am on leave from tomorrow.")
    assert (after.assignee_ids, after.version) == (["bo"], 4)
    entry = world.timeline(TimelineKind.ASSIGNED)[-1]
    assert (entry.internal, entry.note) == (True, "I am on leave from tomorrow.")
    assert [(one.old, one.new) for one in entry.changes] == [(["ana", "adm"], ["bo"])]


def test_whoever_left_can_be_taken_off(world):
    world.keep(assignee_ids=["bo", "gone"])
    world.join("bo", Role.EMPLOYEE)
    assert world.assign(assignee_id="bo@example.org", mode="remove").assignee_ids == ["gone"]
    assert world.assign(assignee_id="gone", mode="remove").assignee_ids == []
    assert world.assign(assignee_id="gone", mode="remove").version == 3


@pytest.mark.parametrize("name", ["emp", "off", "nobody", "nobody@example.org", "a/b"])
def test_nobody_else_can_be_assigned_and_the_answer_is_the_same(world, name):
    world.join("off", disabled=True)
    with pytest.raises(InvalidInputError) as refused:
        world.assign(assignee_id=name)
    assert refused.value.fields == {"assignee_id": "names nobody of the security team who could work on it"}
    assert world.incident().version == 1


def test_only_those_who_handle_it_assign(world):
    with pytest.raises(NotFoundError):
        world.assign(EMPLOYEE, assignee_id="bo")
    world.keep(confidential=True, access_ids=["ana"])
    for how in ({"assignee_id": "ana"}, {"rule": "least_loaded"}, {"rule": "on_call"}):
        with pytest.raises(NotFoundError):
            world.assign(BO, **how)


def test_a_confidential_one_goes_to_those_who_see_it_or_get_access(world):
    world.keep(confidential=True, access_ids=["ana"])
    with pytest.raises(InvalidInputError, match="may not see it"):
        world.assign(assignee_id="bo")
    world.set_rota()
    world.join("ana", disabled=True)
    with pytest.raises(InvalidInputError) as refused:
        world.assign(rule="on_call")
    assert set(refused.value.fields) == {"rule"}
    after = world.assign(assignee_id="bo", grant_access=True)
    assert (after.assignee_ids, after.access_ids, after.version) == (["bo"], ["ana", "bo"], 2)
    granted, given = world.timeline()
    assert (granted.kind, granted.internal, granted.version) == (TimelineKind.ACCESS, True, 2)
    assert [(one.field, one.new) for one in granted.changes] == [("access_ids", ["ana", "bo"])]
    assert (given.kind, given.internal, given.version) == (TimelineKind.ASSIGNED, False, 2)
    assert [one.field for one in given.changes] == ["assignee_ids"]
    assert len(world.audit("incident:access_changed")) == len(world.audit("incident:assigned")) == 1
    assert world.assign(assignee_id="bo", grant_access=True).version == 2


def test_access_is_not_widened_where_others_would_be_told(world):
    world.keep(confidential=True, access_ids=["ana"], links=[Link(kind=LinkKind.RELATED, incident_id="xyz")])
    with pytest.raises(ConflictError, match="linked or merged"):
        world.assign(assignee_id="bo", grant_access=True)


def test_a_stale_version_and_a_merged_incident_are_refused(world):
    world.assign(version=1, assignee_id="bo")
    with pytest.raises(VersionConflictError, match="ana changed assignee_ids"):
        world.assign(version=1, assignee_id="ana")
    world.keep(merged_into="xyz", status=Status.CLOSED)
    with pytest.raises(ConflictError, match="merged"):
        world.assign(assignee_id="ana")


def test_there_is_an_end_to_how_many_are_assigned(world):
    world.keep(assignee_ids=[f"u{n}" for n in range(MAX_PEOPLE)])
    with pytest.raises(ConflictError, match="no more fit"):
        world.assign(assignee_id="bo", mode="add")


def test_the_least_loaded_is_chosen_and_again_when_asked_again(world):
    for n, people in enumerate((["ana"], ["ana", "bo"], ["bo"])):
        world.keep(id=f"i{n}", assignee_ids=people)
    for n in range(3):
        world.keep(id=f"c{n}", assignee_ids=["cy"], status=Status.CLOSED, outcome=Outcome.UNKNOWN)
    assert world.assign(rule="least_loaded").assignee_ids == ["ana"]  # both have two: the first by uid
    assert world.assign(rule="least_loaded").version == 2
    world.join("cy")
    assert world.assign(rule="least_loaded").assignee_ids == ["cy"]
    world.join("aa", disabled=True)
    assert world.assign(rule="least_loaded", mode="add").assignee_ids == ["cy"]


def test_of_a_confidential_one_a_rule_knows_those_who_see_it(world):
    world.keep(confidential=True, access_ids=["bo", "adm"])
    assert world.assign(ADMIN, rule="least_loaded").assignee_ids == ["bo"]
    world.keep(confidential=True, access_ids=["adm"])
    with pytest.raises(ConflictError, match="Nobody"):
        world.assign(ADMIN, rule="least_loaded")
    assert world.assign(ADMIN, rule="least_loaded", grant_access=True).access_ids == ["adm", "ana"]


def test_a_skill_is_the_incidents_category(world):
    with pytest.raises(ConflictError, match="no category"):
        world.assign(rule="skill")
    world.keep(category=Category.MALWARE)
    with pytest.raises(ConflictError, match="has the skill malware"):
        world.assign(rule="skill")
    world.join("bo", skills=[Category.HACKING, Category.MALWARE])
    world.join("cy", skills=[Category.MALWARE])
    world.keep(id="other", assignee_ids=["bo"])
    assert world.assign(rule="skill").assignee_ids == ["cy"]


def test_whoever_is_on_call_is_assigned(world):
    with pytest.raises(ConflictError, match="Nobody is on call"):
        world.assign(rule="on_call")
    world.set_rota()
    assert world.assign(rule="on_call", mode="add").assignee_ids == ["ana"]


@pytest.mark.parametrize(
    "request_",
    [{}, {"assignee_id": "a", "rule": "skill"}, {"rule": "skill", "mode": "remove"}, {"rule": "luck"}, {"note": "x"}],
)
def test_one_way_of_naming_somebody_is_asked_for(request_):
    with pytest.raises(ValidationError):
        AssignmentRequest.model_validate(request_)


def test_the_one_who_assigns_may_be_assigned(world):
    assert world.assign(ANALYST, assignee_id="ana").assignee_ids == ["ana"]
