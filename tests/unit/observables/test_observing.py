from __future__ import annotations

from datetime import timedelta

import pytest

from shared.domain.known_good import packaged
from shared.domain.observables import MAX_OBSERVABLES, ObservableSource, ObservableType
from shared.domain.taxonomy import Tlp
from shared.services.incidents.observing import Observing
from tests.builders import incident
from tests.fakes import START

LATER = START + timedelta(hours=1)
MESSAGE, EVIDENCE = ObservableSource.MESSAGE, ObservableSource.EVIDENCE


@pytest.fixture
def observe():
    return Observing(packaged)


def values(one):
    return [(trace.type, trace.value) for trace in one.observables]


def test_what_is_new_is_added_and_nothing_else_changes(observe):
    before = incident(tlp=Tlp.GREEN)
    after = observe(before, "It came from evil[.]net and 10.0.0.1", MESSAGE, LATER)
    domain, ip = after.observables
    assert (domain.value, domain.tlp, domain.source, domain.first_seen_at) == ("evil.net", Tlp.GREEN, MESSAGE, LATER)
    assert (domain.known_good, ip.known_good) == (False, True)
    assert after.model_copy(update={"observables": []}) == before
    assert observe(after, "EVIL.net again", MESSAGE, LATER) is after


@pytest.mark.parametrize("text", ["", "nothing here", "e.g. version 1.2.3.4"])
def test_without_anything_new_it_is_the_same_object(observe, text):
    one = incident()
    assert observe(one, text, MESSAGE, LATER) is one


def test_the_lists_are_not_read_for_a_text_without_traces():
    def lists():
        raise AssertionError("read for nothing")

    one = incident()
    assert Observing(lists)(one, "nothing here", MESSAGE, LATER) is one


def test_an_evidences_name_is_one_file(observe):
    after = observe(incident(), "Rechnung März 2026 evil.net.pdf", EVIDENCE, LATER)
    assert values(after) == [(ObservableType.FILENAME, "Rechnung März 2026 evil.net.pdf")]


def test_there_is_room_for_so_many_and_the_harmless_wait(observe):
    harmless = " ".join(f"10.0.0.{number}" for number in range(100))
    harmful = " ".join(f"h{number}.evil.net" for number in range(150))
    full = observe(incident(), f"{harmless} {harmful}", MESSAGE, LATER)
    assert len(full.observables) == MAX_OBSERVABLES
    assert sum(one.known_good for one in full.observables) == 50
    assert observe(full, "one.more.evil.net", MESSAGE, LATER) is full
