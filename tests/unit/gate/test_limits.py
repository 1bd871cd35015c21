"""The table of limits, and counting requests against it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.limits import DEFAULT_LIMITS, LimitClass, LimitTable, Quota
from shared.domain.permissions import Role
from shared.entry.gates import limits
from shared.services.access.limiting import RateLimiter
from shared.settings import Settings, SettingsError
from tests.access_fakes import FakeCounters
from tests.conftest import ROOT
from tests.fakes import FakeClock

MINUTE = Quota(60, 60)


def test_everybody_has_a_quota_in_every_class():
    table = LimitTable()
    for limit_class in LimitClass:
        for role in (*Role, None):
            quota = table.for_user(limit_class, role)
            assert quota is not None
            assert quota.limit > 0
        assert table.for_user(limit_class, None) == table.for_user(limit_class, Role.EMPLOYEE)


def test_imports_of_the_security_team_fit_and_signing_in_is_strict():
    table = LimitTable()
    assert table.for_user(LimitClass.WRITE, Role.SECURITY_TEAM) == Quota(1500, 60)
    assert table.for_user(LimitClass.WRITE, Role.ADMIN) == Quota(1500, 60)
    assert table.for_address(LimitClass.AUTH) == Quota(30, 60)


def test_an_office_is_not_limited_like_one_person():
    for limit_class, row in DEFAULT_LIMITS.items():
        most = max(quota.limit for quota in row.by_role.values())
        assert limit_class is LimitClass.AUTH or row.address.limit >= 4 * most


def test_the_documentation_shows_this_table():
    lines = (ROOT / "docs" / "access.md").read_text().splitlines()
    told = {
        cells[1]: cells[3:] for cells in ([cell.strip() for cell in line.split("|")] for line in lines if "|" in line)
    }
    for limit_class, row in DEFAULT_LIMITS.items():
        quotas = [row.by_role[role] for role in (Role.EMPLOYEE, Role.SECURITY_TEAM, Role.ADMIN)] + [row.address]
        window = "1 h" if row.address.window == 3600 else f"{row.address.window} s"
        assert told[str(limit_class)][:5] == [*(f"{quota.limit:,}" for quota in quotas), window]


def table(text):
    return Settings.read({"GOOGLE_CLOUD_PROJECT": "p", "SECURA_RATE_LIMITS": text}).rate_limits


def test_quotas_can_be_set():
    changed = table("write=120, auth=5,ai.address=7,chat.user=3")
    assert {changed.for_user(LimitClass.WRITE, role) for role in Role} == {Quota(120, 60)}
    assert changed.for_address(LimitClass.WRITE) == Quota(1200, 60)
    assert changed.for_user(LimitClass.AUTH, None) == changed.for_address(LimitClass.AUTH) == Quota(5, 60)
    assert changed.for_address(LimitClass.AI) == Quota(7, 60)
    assert changed.for_user(LimitClass.AI, Role.ADMIN) == LimitTable().for_user(LimitClass.AI, Role.ADMIN)
    assert changed.for_user(LimitClass.CHAT, Role.ADMIN) == Quota(3, 60)
    assert changed.for_address(LimitClass.CHAT) == LimitTable().for_address(LimitClass.CHAT)
    assert changed.for_user(LimitClass.READ, Role.EMPLOYEE) == LimitTable().for_user(LimitClass.READ, Role.EMPLOYEE)


def test_limits_can_be_switched_off():
    assert table("off").for_user(LimitClass.WRITE, Role.EMPLOYEE) is None
    assert table("OFF").for_address(LimitClass.AUTH) is None


@pytest.mark.parametrize(
    "text", ["write", "write=", "write=0", "write=-1", "write=x", "nothing=5", "write.role=5", "write=1000000", "on"]
)
def test_what_is_no_limit_stops_the_function(text):
    with pytest.raises(SettingsError, match="SECURA_RATE_LIMITS"):
        table(text)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def counters():
    return FakeCounters()


def granted(limiter, times, key="ana", quota=MINUTE):
    return sum(limiter.take("write-user", key, quota).allowed for _ in range(times))


def test_a_quota_is_granted_and_then_no_more(counters, clock):
    limiter = RateLimiter(counters, clock)
    assert granted(limiter, 200) == 60
    assert granted(limiter, 200, key="bo") == 60


def test_an_answer_tells_what_is_left_and_when_all_is_again(counters, clock):
    limiter = RateLimiter(counters, clock)
    first = limiter.take("write-user", "ana", MINUTE)
    assert (first.allowed, first.remaining) == (True, 59)
    assert 1 <= first.reset <= 60
    left = [limiter.take("write-user", "ana", MINUTE).remaining for _ in range(59)]
    assert left == list(range(58, -1, -1))
    refused = limiter.take("write-user", "ana", MINUTE)
    assert (refused.allowed, refused.remaining) == (False, 0)
    clock.advance(timedelta(seconds=refused.reset))
    assert limiter.take("write-user", "ana", MINUTE).allowed


def test_counting_costs_far_less_than_a_write_per_request(counters, clock):
    limiter = RateLimiter(counters, clock)
    assert granted(limiter, 1500, quota=Quota(1500, 60)) == 1500
    assert counters.calls <= 18
    granted(limiter, 5000, quota=Quota(1500, 60))
    assert counters.calls <= 19  # whoever goes on costs nothing


def test_who_is_busy_for_long_costs_less_and_less(counters, clock):
    limiter = RateLimiter(counters, clock)
    quota = Quota(6000, 60)
    costs = []
    for _ in range(4):
        before = counters.calls
        assert granted(limiter, 300, quota=quota) == 300
        costs.append(counters.calls - before)
        clock.advance(timedelta(seconds=60))
    assert costs[0] == 9
    assert max(costs[1:]) <= 3
    clock.advance(timedelta(seconds=60))
    before = counters.calls
    granted(limiter, 3, quota=quota)
    assert counters.calls - before == 2  # behind a quiet window it begins with one again


def test_what_is_refused_is_not_written(counters, clock):
    limiter = RateLimiter(counters, clock)
    granted(limiter, 61)
    calls = counters.calls
    assert granted(limiter, 500) == 0
    assert counters.calls == calls


def test_counters_of_different_keys_do_not_turn_at_once(counters, clock):
    limiter = RateLimiter(counters, clock)
    resets = {limiter.take("read-user", f"user{number}", MINUTE).reset for number in range(300)}
    assert len(resets) > 40


def test_a_counter_expires_with_its_window_and_does_not_show_whose_it_is(counters, clock):
    allowance = RateLimiter(counters, clock).take("auth-address", "203.0.113.9", MINUTE)
    [(key, expires_at)] = counters.expiries.items()
    assert 0 <= allowance.reset - (expires_at - clock.now()).total_seconds() < 1
    assert key.startswith("auth-address-")
    assert "203" not in key.removeprefix("auth-address-").split("-")


@given(
    st.integers(1, 200),
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 60)), min_size=1, max_size=20),
)
def test_several_instances_never_grant_more_than_the_quota_and_little_less(limit, bursts):
    counters, clock = FakeCounters(), FakeClock()
    instances = [RateLimiter(counters, clock) for _ in range(4)]
    quota = Quota(limit, 60)
    asked = sum(times for _, times in bursts)
    served = sum(granted(instances[number], times, quota=quota) for number, times in bursts)
    lost = 3 * max(1, limit // 10)  # leases that the other instances hold
    assert min(limit - lost, asked) <= served <= min(limit, asked)


def test_threads_of_one_instance_share_its_lease(counters, clock):
    limiter = RateLimiter(counters, clock)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: granted(limiter, 25), range(8))) == 60


def test_when_the_database_does_not_answer_an_instance_counts_alone(counters, clock, capsys):
    limiter = RateLimiter(counters, clock)
    assert granted(limiter, 30) == 30
    counters.down = True
    assert granted(limiter, 200) == 30
    assert granted(limiter, 200, key="bo") == 60
    assert capsys.readouterr().out.count("counted by this instance alone") == 1
    assert counters.calls < 20  # it is not asked for each request


def test_it_is_asked_again_a_moment_later(counters, clock):
    limiter = RateLimiter(counters, clock)
    counters.down = True
    granted(limiter, 3)
    counters.down = False
    clock.advance(timedelta(seconds=6))
    other = RateLimiter(counters, clock)
    assert granted(other, 60, key="bo") + granted(limiter, 60, key="bo") == 60


def test_memory_is_bounded(counters, clock):
    limiter = RateLimiter(counters, clock, capacity=10)
    for number in range(100):
        granted(limiter, 1, key=str(number))
    assert len(limiter._windows) == 10
    assert granted(limiter, 100, key="0") == 59  # what was forgotten here is still counted there


def test_the_headers_are_those_of_the_draft(counters, clock):
    limiter = RateLimiter(counters, clock)
    both = [limiter.take("write-user", "ana", MINUTE), limiter.take("write-address", "::/64", Quota(600, 60))]
    found = limits.headers(both)
    assert found["RateLimit-Policy"] == '"write-user";q=60;w=60, "write-address";q=600;w=60'
    assert found["RateLimit"] == f'"write-user";r=59;t={both[0].reset}, "write-address";r=599;t={both[1].reset}'
    assert limits.headers([]) == {}
