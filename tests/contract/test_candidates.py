"""What a report is compared with: open, recent, not confidential, with something in common; the newest so many."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.observables import Observable, ObservableType
from shared.domain.search import observable, prefix, word
from shared.domain.taxonomy import Status, Tlp
from tests.builders import incident
from tests.fakes import START, FakeCandidates, FakeIncidents

EVIL = (ObservableType.DOMAIN, "evil.net")
FINE = (ObservableType.DOMAIN, "fine.org")
SINCE = START - timedelta(days=7)


@pytest.fixture(params=["fake", "firestore"])
def world(request):
    """The incidents, and what looks through them."""
    if request.param == "fake":
        incidents = FakeIncidents()
        return incidents, FakeCandidates(incidents)
    from shared.adapters.firestore.candidates import FirestoreCandidates  # noqa: PLC0415
    from shared.adapters.firestore.collections import FirestoreIncidents  # noqa: PLC0415

    client = request.getfixturevalue("firestore")
    return FirestoreIncidents(client), FirestoreCandidates(client)


def ids(world, texts, since=SINCE, limit=10):
    return [one.id for one in world[1].recent(texts, since, limit)]


def test_what_has_one_of_the_texts_newest_first(world):
    trace = Observable(type=EVIL[0], value=EVIL[1], first_seen_at=START)
    for one in (
        incident(id="words", description="The invoice of the printer company"),
        incident(id="named", observables=[trace], created_at=START + timedelta(hours=1)),
        incident(id="neither", created_at=START + timedelta(hours=2)),
    ):
        world[0].add(one)
    texts = [prefix("invoic"), word("printer"), observable(*EVIL)]
    assert ids(world, texts) == ["named", "words"]
    assert ids(world, texts, limit=1) == ["named"]
    assert ids(world, []) == []


def test_neither_what_is_closed_confidential_or_old(world):
    for one in (
        incident(id="closed", status=Status.CLOSED),
        incident(id="secret", confidential=True, access_ids=["ana"]),
        incident(id="old", created_at=SINCE - timedelta(seconds=1)),
        incident(id="there", created_at=SINCE),
    ):
        world[0].add(one)
    assert ids(world, [word("mail")]) == ["there"]


def test_all_that_is_compared(world):
    traces = [
        Observable(type=EVIL[0], value=EVIL[1], first_seen_at=START),
        Observable(type=FINE[0], value=FINE[1], first_seen_at=START, known_good=True),
    ]
    kept = incident(observables=traces, affected_assets=["FIN-PC-12"], tlp=Tlp.RED, access_ids=[], merged_into="other")
    world[0].add(kept)
    (found,) = world[1].recent([observable(*EVIL)], SINCE, 5)
    assert (found.id, found.reference, found.title) == (kept.id, kept.reference, kept.title)
    assert (found.description, found.affected_assets) == (kept.description, ("FIN-PC-12",))
    assert found.observables == {EVIL}
    assert (found.status, found.tlp, found.reporter_id) == (Status.NEW, Tlp.RED, kept.reporter_id)
    assert (found.merged, found.confidential, found.access_ids, found.reported_at) == (True, False, (), START)
