"""The stream of changes on the embedded Firestore: complete, in order, and with the incidents that entries are of."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from shared.adapters.firestore.collections import FirestoreIncidents
from shared.adapters.firestore.live import FirestoreChanges
from shared.domain.incident import Withdrawal
from shared.domain.timeline import TimelineKind
from shared.domain.visibility import TEAM, person
from shared.ports.store import timeline_of
from tests.builders import EMPLOYEE, RECORD, incident
from tests.fakes import START

PATIENCE = 30.0  # seconds; reached only by a failure


class Heard:
    """What a listener was told."""

    def __init__(self):
        self.changes = []
        self._more = threading.Condition()

    def __call__(self, changes):
        with self._more:
            self.changes += changes
            self._more.notify()

    def until(self, enough):
        with self._more:
            assert self._more.wait_for(lambda: enough(self.changes), PATIENCE), self.changes


@pytest.fixture
def stream(firestore):
    return FirestoreChanges(firestore)


def commit(firestore, number, **changes):
    one = incident(id=f"i{number}", **changes)
    entry = RECORD.entry(EMPLOYEE, one.id, TimelineKind.REPORTED)
    FirestoreIncidents(firestore).add(one, beside=[(timeline_of(one.id), entry)])
    return one


def test_what_is_committed_is_told_with_its_entries_in_order(firestore, stream):
    before = stream.now()
    early = commit(firestore, 0)
    heard = Heard()
    watching = stream.follow(before, heard)
    try:
        later = [commit(firestore, number) for number in range(1, 4)]
        heard.until(lambda changes: len(changes) >= 8)
        assert watching.is_alive
    finally:
        watching.stop()
    incidents = [one for one in heard.changes if not one.is_entry]
    assert [one.incident for one in incidents] == [early, *later]
    assert [one.place for one in incidents] == sorted(one.place for one in incidents)
    entries = [one for one in heard.changes if one.entry]
    assert (
        [one.entry.incident_id for one in entries] == [one.incident.id for one in entries] == ["i0", "i1", "i2", "i3"]
    )
    assert all(one.entry.recorded_at is not None for one in entries)
    assert not watching.is_alive


def test_what_was_missed_is_what_concerns_the_scopes(firestore, stream):
    commit(firestore, 0)
    since = stream.now()
    seen = commit(firestore, 1)
    commit(firestore, 2, confidential=True, reporter_id="somebody")
    gone = commit(
        firestore,
        3,
        confidential=True,
        reporter_id="somebody",
        withdrawal=Withdrawal(at=START, scopes=[TEAM, person("kim")]),
    )

    def incidents(*scopes):
        found = stream.between(scopes, since, 50)
        assert found is not None
        return [one.incident.id for one in found if not one.is_entry]

    assert incidents(TEAM, person("ana")) == [seen.id, gone.id]
    assert incidents(person("kim")) == [gone.id]
    assert incidents(person("somebody")) == ["i2", "i3"]
    assert incidents(person("nobody")) == []
    assert stream.between([TEAM], since, 1) is None
    assert stream.between([TEAM], stream.now() + timedelta(minutes=1), 50) == []


def test_the_time_is_the_databases(firestore, stream):
    first = stream.now()
    written = firestore.document("elsewhere/x").set({"a": 1}).update_time
    assert first < written < stream.now()
