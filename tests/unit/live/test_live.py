from __future__ import annotations

import json
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidInputError
from shared.domain.incident import Withdrawal
from shared.domain.live import Place, Position
from shared.domain.visibility import TEAM, may_see, may_work_on, scopes_of
from shared.services.live.hub import MAX_WAITING, RENEWED_AFTER, Hub
from shared.services.live.session import MAX_CAUGHT_UP, OLDEST, LiveSession, missed
from tests.builders import ANALYST, EMPLOYEE, OTHER_EMPLOYEE, incident
from tests.fakes import START, FakeClock
from tests.unit.live.stream import FakeChanges


class Client:
    """What a client keeps: incidents by id, entries in their order; it resumes after each cut."""

    def __init__(self, who, changes, hub):
        self.who, self.changes, self.hub = who, changes, hub
        self.incidents, self.entries, self.frames, self.resume = {}, [], [], None
        self.connect()

    def connect(self):
        self.mailbox = self.hub.join()
        now = self.changes.now()
        if self.resume is None:
            self.session = LiveSession(self.who, Position(Place.behind(now), Place.behind(now)))
            self.resume = self.session.position.encode()
            return
        position = Position.decode(self.resume)
        self.session = LiveSession(self.who, position)
        found = missed(self.changes, self.who, position, now)
        assert found is not None
        self.hear(self.session.caught_up(found, now))

    def cut(self):
        self.hub.leave(self.mailbox)

    def read(self, *, most=None):
        """Take what is there; with `most` the connection is cut after so many frames."""
        for number, frame in enumerate(self.session.frames(self.mailbox.take(0))):
            if number == most:
                return
            self.hear([frame])

    def hear(self, frames):
        for text in frames:
            frame = json.loads(text)
            self.resume = frame["resume"]
            self.frames.append(text)
            if frame["type"] == "incident":
                self.incidents[frame["incident_id"]] = frame["incident"]["version"]
            elif frame["type"] == "gone":
                self.incidents.pop(frame["incident_id"], None)
            else:
                self.entries.append(frame["entry"]["id"])


def changed(one, draw, number):
    """The next version, now and then for others to see."""
    before = scopes_of(one)
    after = one.model_copy(update={"version": one.version + 1, "confidential": draw(st.booleans())})
    lost = [scope for scope in before if scope not in scopes_of(after)]
    at = START + timedelta(milliseconds=number)
    return after.model_copy(update={"withdrawal": Withdrawal(at=at, scopes=lost)}) if lost else after


@given(st.data())
def test_whatever_happens_clients_end_with_what_there_is_and_hear_each_entry_once(data):
    draw = data.draw
    changes, clock = FakeChanges(), FakeClock()
    hub = Hub(changes, clock)
    clients = [Client(who, changes, hub) for who in (ANALYST, EMPLOYEE, OTHER_EMPLOYEE)]
    for number in range(draw(st.integers(1, 25))):
        step = draw(st.sampled_from(["commit", "commit", "deliver", "twice", "read", "cut", "break", "renew", "die"]))
        client = draw(st.sampled_from(clients))
        if step == "commit":
            name = draw(st.sampled_from(["a", "b"]))
            there = changes.latest().get(name)
            one = changed(there, draw, number) if there else incident(id=name)
            changes.commit(one, internal=draw(st.booleans()))
        elif step in {"deliver", "twice"}:
            changes.deliver(twice=step == "twice")
        elif step == "read":
            client.read()
        elif step == "cut":
            client.cut()
            client.connect()
        elif step == "break":
            client.read(most=draw(st.integers(0, 3)))
            client.cut()
            client.connect()
        elif step == "renew":
            clock.advance(RENEWED_AFTER + timedelta(seconds=1))
            hub.tend()
        else:
            for watching in changes.watchings:
                watching.stop()
            hub.tend()
    changes.deliver()
    for client in clients:
        client.read()
        seen = {name: one for name, one in changes.latest().items() if may_see(client.who, one)}
        assert client.incidents == {name: one.version for name, one in seen.items()}
        assert len(client.entries) == len(set(client.entries))
        # An entry that was told while they could not see its incident is none of theirs, whoever sees it later.
        hidden = {one.id for _, one, _ in changes.log if not may_see(client.who, one)}
        wanted = [
            entry.id
            for _, one, entry in changes.log
            if entry and one.id not in hidden and (not entry.internal or may_work_on(client.who, one))
        ]
        assert set(wanted) <= set(client.entries)
        numbers = [int(entry[1:]) for entry in client.entries]
        assert numbers == sorted(numbers)


def test_nobody_hears_of_what_they_never_saw():
    changes, clock = FakeChanges(), FakeClock()
    hub = Hub(changes, clock)
    other, team = Client(OTHER_EMPLOYEE, changes, hub), Client(ANALYST, changes, hub)
    secret = incident(confidential=True)
    changes.commit(secret)
    changes.commit(secret.model_copy(update={"version": 2}))
    changes.deliver()
    for client in (other, team):
        client.read()
        assert client.frames == []


def test_what_became_confidential_long_ago_is_not_told_of_again():
    changes, clock = FakeChanges(), FakeClock()
    hub = Hub(changes, clock)
    long_ago = Withdrawal(at=START - timedelta(days=1), scopes=[TEAM])
    team = Client(ANALYST, changes, hub)
    changes.commit(incident(confidential=True, withdrawal=long_ago))
    changes.deliver()
    team.read()
    assert team.frames == []


def test_who_reads_too_slowly_is_dropped_and_the_others_are_not():
    changes, clock = FakeChanges(), FakeClock()
    hub = Hub(changes, clock)
    slow, quick = Client(ANALYST, changes, hub), Client(ANALYST, changes, hub)
    for number in range(MAX_WAITING):
        changes.commit(incident(id=f"i{number}"))
        changes.deliver()
        quick.read()
    assert slow.mailbox.overflowed
    assert slow.mailbox.take(0) == []
    assert not quick.mailbox.overflowed
    assert len(quick.incidents) == MAX_WAITING
    slow.cut()
    slow.connect()
    assert slow.incidents == quick.incidents


def test_there_is_one_listener_and_none_without_clients():
    changes, clock = FakeChanges(), FakeClock()
    hub = Hub(changes, clock)
    clients = [Client(ANALYST, changes, hub) for _ in range(5)]
    assert len(changes.watchings) == 1
    for client in clients:
        client.cut()
    assert [one.is_alive for one in changes.watchings] == [False]
    Client(ANALYST, changes, hub)
    assert [one.is_alive for one in changes.watchings] == [False, True]


def test_who_was_away_too_long_or_missed_too_much_loads_anew():
    changes = FakeChanges()
    old = Position(Place.behind(START), Place.behind(START))
    assert missed(changes, ANALYST, old, START + OLDEST) == []
    assert missed(changes, ANALYST, old, START + OLDEST + timedelta(seconds=1)) is None
    for number in range(MAX_CAUGHT_UP + 1):
        changes.commit(incident(id=f"i{number}"))
    assert missed(changes, ANALYST, old, changes.now()) is None


@given(st.integers(0, 253_402_300_799_999_999), st.text(max_size=40), st.integers(0, 2**50), st.text(max_size=40))
def test_a_position_comes_back_as_it_went(at, path, other_at, other):
    position = (
        Position(Place(at, path), Place(other_at, other)) if path and other else Position(Place(at), Place(other_at))
    )
    assert Position.decode(position.encode()) == position


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.hex()))
@pytest.mark.parametrize("known", ["WzEsIiIsMiwiIl0"])
def test_a_foreign_position_is_refused(known, text):
    assert Position.decode(known) == Position(Place(1), Place(2))
    with pytest.raises(InvalidInputError):
        Position.decode(text)
