"""Who is on call: by the order, over changes of clocks, and by overrides."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.domain.errors import ForbiddenError, InvalidInputError, NotFoundError, VersionConflictError
from shared.domain.permissions import Role
from shared.domain.rota import Duty, Override, RotaPlan, Weekday, duty_at
from tests.builders import ADMIN, ANALYST
from tests.fakes import START
from tests.unit.notify.support import BO, PLAN, World

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu")
MOMENTS = st.datetimes(datetime(2005, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # its bounds
NAMES = st.sampled_from(["a", "b", "c", "d", "e"])


def plan(**changes):
    values = {"handover": {"time": "09:00"}, "members": ["a", "b", "c"], "starts_on": "2026-01-05"}
    return RotaPlan.model_validate(values | changes)


def duty_of(plan, moment, *gone) -> Duty:
    """Somebody is always on call where not everybody is gone."""
    duty = duty_at(plan, moment, lambda uid: uid not in gone)
    assert duty is not None
    return duty


@st.composite
def overrides(draw):
    """Spans that do not overlap."""
    edges = sorted(draw(st.lists(MOMENTS, max_size=8, unique=True)))
    return [
        {"uid": draw(NAMES), "from": begins, "to": ends} for begins, ends in zip(edges[::2], edges[1::2], strict=False)
    ]


PLANS = st.builds(
    plan,
    time_zone=st.sampled_from(ZONES),
    handover=st.fixed_dictionaries(
        {"time": st.times().map(lambda t: f"{t:%H:%M}"), "weekday": st.none() | st.sampled_from(list(Weekday))}
    ),
    members=st.lists(NAMES, min_size=1, unique=True),
    starts_on=st.dates(date(2000, 1, 1), date(2050, 1, 1)),
    overrides=overrides(),
)


@given(PLANS, MOMENTS)
def test_at_every_moment_exactly_one_is_on_call_and_shifts_follow_without_a_gap(plan, moment):
    duty = duty_of(plan, moment)
    assert duty.since <= moment < duty.until
    for inside in (duty.since, duty.since + (duty.until - duty.since) / 2, duty.until - timedelta(microseconds=1)):
        assert duty_of(plan, inside) == duty
    following = duty_of(plan, duty.until)
    assert following.since == duty.until


@given(PLANS, MOMENTS)
def test_an_override_wins_while_it_holds_and_changes_nothing_else(plan, moment):
    named = next((one.uid for one in plan.overrides if one.since <= moment < one.to), None)
    without = duty_of(plan.model_copy(update={"overrides": []}), moment)
    duty = duty_of(plan, moment)
    assert (duty.uid, duty.override) == ((named, True) if named else (without.uid, False))


@given(PLANS, MOMENTS)
def test_the_order_is_kept_and_shifts_begin_at_the_wall_time(plan, moment):
    plan = plan.model_copy(update={"overrides": []})
    duty = duty_of(plan, moment)
    following = duty_of(plan, duty.until)
    order = plan.members
    if plan.time_zone != "Pacific/Apia":  # which left out a day
        assert following.uid == order[(order.index(duty.uid) + 1) % len(order)]
    local = duty.since.astimezone(ZoneInfo(plan.time_zone))
    # A wall time that clocks skip comes by so much later.
    exists = local.replace(hour=0, minute=0) + timedelta(
        hours=int(plan.handover.time[:2]), minutes=int(plan.handover.time[3:])
    )
    assert f"{local:%H:%M}" == plan.handover.time or exists.astimezone(UTC).astimezone(exists.tzinfo) != exists


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-28", 23), ("2026-03-27", 24), ("2026-10-24", 25), ("2026-10-25", 24)],
)
def test_a_shift_over_a_change_of_clocks_is_shorter_or_longer(day, hours):
    zone = ZoneInfo("Europe/Berlin")
    begins = datetime.fromisoformat(f"{day}T09:00").replace(tzinfo=zone)
    duty = duty_of(plan(time_zone="Europe/Berlin"), begins)
    assert (duty.since, duty.until - duty.since) == (begins, timedelta(hours=hours))
    assert f"{duty.until.astimezone(zone):%H:%M}" == "09:00"


@pytest.mark.parametrize(
    ("day", "time", "expected"),
    [
        ("2026-03-29", "02:30", "2026-03-29T01:30:00+00:00"),  # skipped: 03:30 by the clock
        ("2026-10-25", "02:30", "2026-10-25T00:30:00+00:00"),  # twice: the first time
    ],
)
def test_a_wall_time_that_is_skipped_or_comes_twice_is_one_moment(day, time, expected):
    at = datetime.fromisoformat(expected)
    one = plan(time_zone="Europe/Berlin", handover={"time": time})
    before, after = duty_of(one, at - timedelta(microseconds=1)), duty_of(one, at)
    assert (before.until, after.since) == (at, at)
    assert before.uid != after.uid


def test_the_first_member_begins_at_the_first_handover_and_before_it_the_order_runs_backwards():
    weekly = plan(handover={"time": "09:00", "weekday": "wednesday"})  # 2026-01-05 is a Monday
    first = datetime(2026, 1, 7, 9, tzinfo=UTC)
    assert [duty_of(weekly, first + timedelta(weeks=n)).uid for n in range(-2, 4)] == ["b", "c", "a", "b", "c", "a"]
    assert duty_of(weekly, first).until == first + timedelta(weeks=1)


def test_whoever_is_not_fit_is_passed_over():
    at = datetime(2026, 1, 5, 9, tzinfo=UTC)
    one = plan(overrides=[{"uid": "d", "from": at, "to": at + timedelta(hours=1)}])
    assert duty_of(one, at).uid == "d"
    assert duty_of(one, at, "a", "d").uid == "b"
    assert duty_at(one, at, lambda _: False) is None


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"members": []}, "at least 1"),
        ({"members": ["a", "a"]}, "twice"),
        ({"time_zone": "Mars/Olympus"}, "IANA"),
        ({"handover": {"time": "24:00"}}, "pattern"),
        ({"handover": {"time": "9:00"}}, "pattern"),
        ({"handover": {"time": "09:00", "weekday": "someday"}}, "monday"),
        ({"starts_on": "1999-12-31"}, "greater"),
        ({"overrides": [{"uid": "a", "from": START, "to": START}]}, "before"),
        ({"overrides": [{"uid": "a", "from": START, "to": "9999-12-31T23:59:59Z"}]}, "only times from"),
        ({"overrides": [{"uid": "a", "from": "2026-01-01T00:00:00", "to": START}]}, "timezone"),
        (
            {
                "overrides": [
                    {"uid": "a", "from": START, "to": START + timedelta(hours=2)},
                    {"uid": "b", "from": START - timedelta(hours=1), "to": START + timedelta(hours=1)},
                ]
            },
            "overlap",
        ),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(changes, says):
    with pytest.raises(ValidationError, match=says):
        plan(**changes)


def test_overrides_are_kept_in_their_order():
    later, sooner = (
        Override(uid=uid, since=START + timedelta(days=day), to=START + timedelta(days=day + 1))
        for uid, day in (("a", 1), ("b", 0))
    )
    assert plan(overrides=[later, sooner]).overrides == [sooner, later]


def test_who_is_on_call_now_and_next():
    world = World()
    assert (world.rota.on_call().now, world.rota.on_call().next) == (None, None)
    with pytest.raises(NotFoundError):
        world.rota.get()
    world.join("bo", phone="+4930123456")
    world.rota.put(ADMIN, PLAN)
    on_call = world.rota.on_call()
    assert on_call.now is not None
    assert on_call.next is not None
    assert (on_call.now.uid, on_call.now.since) == ("ana", START)
    assert (on_call.next.uid, on_call.next.phone, on_call.next.since) == (
        "bo",
        "+4930123456",
        START + timedelta(days=1),
    )
    world.join("ana", disabled=True)
    stand_in = world.rota.on_call().now
    assert stand_in is not None
    assert stand_in.uid == "bo"
    world.join("bo", Role.EMPLOYEE)
    assert world.rota.on_call().now is None


def test_the_same_rota_again_is_not_a_change_and_a_stale_one_is_refused():
    world = World()
    first = world.rota.put(ADMIN, PLAN)
    world.clock.advance(timedelta(hours=1))
    assert world.rota.put(ADMIN, PLAN) == first
    assert len(world.audit("rota:changed")) == 1
    second = world.rota.put(ADMIN, PLAN.model_copy(update={"members": ["bo"]}), 1)
    assert (second.version, world.rota.get()) == (2, second)
    with pytest.raises(VersionConflictError, match="The rota is at version 2"):
        world.rota.put(ADMIN, PLAN, 1)
    (entry,) = [one for one in world.audit("rota:changed") if one.changes[0].old is not None]
    assert [(one.field, one.old, one.new) for one in entry.changes] == [("members", '["ana","bo"]', '["bo"]')]


def test_administrators_and_leads_change_the_rota():
    world = World()
    with pytest.raises(ForbiddenError):
        world.rota.put(ANALYST, PLAN)
    world.join("bo", is_lead=True)
    assert world.rota.put(BO, PLAN).updated_by == "bo"
    world.join("bo", is_lead=True, disabled=True)
    with pytest.raises(ForbiddenError):
        world.rota.put(BO, PLAN.model_copy(update={"members": ["ana"]}))


def test_only_people_of_the_team_are_named_and_who_left_stays_until_taken_out():
    world = World()
    span = {"from": START, "to": START + timedelta(hours=1)}
    plan = PLAN.model_copy(update={"members": ["ana", "emp"], "overrides": [Override(uid="nobody", **span)]})
    with pytest.raises(InvalidInputError) as refused:
        world.rota.put(ADMIN, plan)
    assert set(refused.value.fields) == {"members.1", "overrides.0.uid"}
    world.rota.put(ADMIN, PLAN)
    world.join("bo", disabled=True)
    assert world.rota.put(ADMIN, PLAN.model_copy(update={"members": ["bo", "ana"]})).members == ["bo", "ana"]
