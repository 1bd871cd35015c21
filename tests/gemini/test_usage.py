"""The account of spending: the fake, and Firestore's on the embedded service."""

from __future__ import annotations

import itertools
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest

from shared.ports.ai_usage import Charge, DayUsage, ModelUsage, Spent
from tests.fakes_ai import FakeAiUsage

DAY = date(2026, 11, 23)
MODEL = "gemini-3.5-flash-lite"
_PROJECTS = itertools.count()


@pytest.fixture(params=["fake", "firestore"])
def usage(request, monkeypatch):
    if request.param == "fake":
        yield FakeAiUsage()
        return
    from google.cloud.firestore import Client  # noqa: PLC0415  # loaded only where a test needs it

    from shared.adapters.firestore.ai_usage import FirestoreAiUsage  # noqa: PLC0415

    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", request.getfixturevalue("embedded")["firestore"])
    client = Client(project=f"demo-usage-{os.getpid()}-{next(_PROJECTS)}")
    yield FirestoreAiUsage(client)
    client.close()


def charge(key="one", nano_usd=100, day=DAY):
    return Charge(key, day, nano_usd)


def test_a_day_begins_empty(usage):
    assert usage.read(DAY) == DayUsage()


def test_what_it_cost_takes_the_place_of_what_it_could(usage):
    assert usage.reserve(charge(), 1000)
    assert usage.read(DAY).committed == 100
    usage.settle(charge(), Spent(MODEL, 7, 3, 40))
    assert usage.read(DAY) == DayUsage(40, {MODEL: ModelUsage(1, 7, 3, 40)})


def test_models_are_counted_apart(usage):
    for key, model in [("a", MODEL), ("b", MODEL), ("c", "other.model-1")]:
        assert usage.reserve(charge(key), 1000)
        usage.settle(charge(key), Spent(model, 1, 2, 3))
    assert usage.read(DAY).models == {MODEL: ModelUsage(2, 2, 4, 6), "other.model-1": ModelUsage(1, 1, 2, 3)}


def test_doing_it_again_changes_nothing(usage):
    assert usage.reserve(charge(), 150)
    assert usage.reserve(charge(), 150)
    assert usage.read(DAY).committed == 100
    for _ in range(2):
        usage.settle(charge(), Spent(MODEL, 7, 3, 40))
    assert usage.read(DAY) == DayUsage(40, {MODEL: ModelUsage(1, 7, 3, 40)})


def test_the_limit_holds_and_a_refused_charge_leaves_nothing(usage):
    assert usage.reserve(charge("a"), 250)
    assert usage.reserve(charge("b"), 250)
    assert not usage.reserve(charge("c"), 250)
    assert usage.read(DAY).committed == 200
    assert usage.reserve(charge("d", 50), 250)


def test_more_than_was_reserved_counts_in_full(usage):
    assert usage.reserve(charge(), 1000)
    usage.settle(charge(), Spent(MODEL, 7, 3, 170))
    assert usage.read(DAY).committed == 170


def test_days_are_apart(usage):
    assert usage.reserve(charge(), 100)
    assert usage.reserve(replace(charge(), day=date(2026, 11, 24)), 100)


def test_all_together_never_hold_more_than_the_limit(request, monkeypatch, embedded):
    from google.cloud.firestore import Client  # noqa: PLC0415

    from shared.adapters.firestore.ai_usage import FirestoreAiUsage  # noqa: PLC0415

    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", embedded["firestore"])
    client = Client(project=f"demo-usage-{os.getpid()}-{next(_PROJECTS)}")
    firestore = FirestoreAiUsage(client)
    with ThreadPoolExecutor(8) as pool:
        taken = sum(pool.map(lambda number: firestore.reserve(charge(f"c{number}"), 450), range(24)))
    assert 1 <= taken <= 4
    assert firestore.read(DAY).committed == taken * 100
    client.close()
