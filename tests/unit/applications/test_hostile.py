"""Whatever is sent, the answer is a result or one of our own errors, and nobody gets a right."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from functions.http.applications_pending import ApplicationQuery
from shared.domain.applications import ApplicationWords, ReviewRequest
from shared.domain.audit import as_json
from shared.domain.errors import SecuraError
from shared.domain.permissions import Role
from shared.ports.store import AUDIT, USERS
from tests.unit.applications.support import ALEX, EVE, MOTIVATION, PEOPLE, World, fake_world

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
TEXT = st.text(max_size=80) | st.text(min_size=10, max_size=120)
WORDS_BODY = st.fixed_dictionaries(
    {"motivation": TEXT | st.just(MOTIVATION) | JSON},
    optional={
        "experience": TEXT | JSON,
        "certifications": st.lists(TEXT, max_size=22) | JSON,
        "role": st.just("admin"),
        "status": st.just("approved"),
        "applicant_id": st.just("alex"),
    },
)
REVIEW_BODY = st.fixed_dictionaries(
    {"decision": st.sampled_from(["approve", "reject", "request_info", "grant"]) | JSON},
    optional={"comment": TEXT | JSON, "reviewer_id": st.just("bea"), "role": st.just("admin")},
)
QUERY = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["pending", "approved", "open"]),
        "q": TEXT,
        "limit": st.sampled_from(["0", "1", "100", "101", "x"]),
        "cursor": TEXT,
        "role": st.just("admin"),
    },
)
IDS = st.sampled_from(["eve-1", "fred-1", "../users/eve", "__id__", "..", ""]) | st.text(max_size=20)


def decoded(model: type[BaseModel], body: object) -> BaseModel | None:
    """What an endpoint hands on; None where it answers 422 itself."""
    try:
        return model.model_validate(body)
    except ValidationError:
        return None


def roles(world: World) -> dict[str, Role]:
    return {person.uid: person.role for person in world.all(USERS)}


@settings(max_examples=500)
@given(WORDS_BODY, st.none() | st.text(min_size=1, max_size=10))
def test_no_words_of_an_applicant_break_anything_or_grant_anything(body, key):
    words = decoded(ApplicationWords, body)
    if not isinstance(words, ApplicationWords):
        return
    assert not {"role", "status", "applicant_id"} & set(body)
    world = fake_world()
    made = world.applying.apply(EVE, words, key).application
    assert (made.applicant_id, made.status, made.words) == ("eve", "pending", words)
    assert world.applying.change(EVE, words) == made
    assert roles(world) == {person.uid: person.role for person in PEOPLE}
    (entry,) = world.all(AUDIT)
    readable = {change.field for change in entry.changes if not change.personal}
    assert readable == {"id", "applicant_id", "status", "created_at"}


@settings(max_examples=500)
@given(REVIEW_BODY, IDS, st.none() | st.integers(0, 10**9))
def test_no_review_gives_a_right_but_the_approval_of_that_very_application(body, key, version):
    request = decoded(ReviewRequest, body)
    if not isinstance(request, ReviewRequest):
        return
    world = fake_world()
    world.apply()
    with contextlib.suppress(SecuraError):
        world.reviewing.review(ALEX, key, request, version)
    approved = world.application().status == "approved"
    assert approved == (key == "eve-1" and request.decision == "approve" and version in {None, 1})
    expected = {person.uid: person.role for person in PEOPLE}
    assert roles(world) == expected | ({"eve": Role.SECURITY_TEAM} if approved else {})


@settings(max_examples=500)
@given(QUERY)
def test_no_query_shows_more_than_it_records(body):
    query = decoded(ApplicationQuery, body)
    if not isinstance(query, ApplicationQuery):
        return
    world = fake_world()
    world.apply()
    shown = []
    with contextlib.suppress(SecuraError):
        shown = world.reading.find(ALEX, query.as_filter(), query.limit, query.cursor).items
    read = [entry for entry in world.all(AUDIT) if entry.action == "application:read"]
    assert [one.id for one in shown] in ([], ["eve-1"])
    assert [change.new for entry in read for change in entry.changes if change.field == "ids"] == (
        [as_json([one.id for one in shown])] if read else []
    )
    assert read or not shown
