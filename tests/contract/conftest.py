"""Every implementation of a port, side by side: the fake, and the real adapter on the embedded service."""

from __future__ import annotations

import itertools
import os

import pytest

from tests.fakes import FakeIncidents, FakeOutbox, FakeUsers

_PROJECTS = itertools.count()


@pytest.fixture
def firestore(embedded, monkeypatch):
    """A Firestore client on a database of its own."""
    from google.cloud.firestore import Client  # noqa: PLC0415  # loaded only where a test needs it

    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", embedded["firestore"])
    client = Client(project=f"demo-contract-{os.getpid()}-{next(_PROJECTS)}")
    yield client
    client.close()


@pytest.fixture(params=["fake", "firestore"])
def store(request):
    """The three repositories of one implementation."""
    if request.param == "fake":
        return {"incidents": FakeIncidents(), "users": FakeUsers(), "outbox": FakeOutbox()}
    from shared.adapters.firestore import collections  # noqa: PLC0415

    client = request.getfixturevalue("firestore")
    return {
        "incidents": collections.FirestoreIncidents(client),
        "users": collections.FirestoreUsers(client),
        "outbox": collections.FirestoreOutbox(client),
    }
