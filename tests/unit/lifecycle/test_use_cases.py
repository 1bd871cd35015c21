"""The use cases of an incident's life over the fakes."""

from __future__ import annotations

import pytest

from tests.fakes import FakeIncidents, FakeStore
from tests.unit.lifecycle import suite
from tests.unit.lifecycle.support import World


@pytest.fixture
def world():
    store = FakeStore()
    return World(store, FakeIncidents(store))


class TestClosing(suite.Closing):
    """Over the fakes."""


class TestStale(suite.Stale):
    """Over the fakes."""


class TestAccess(suite.Access):
    """Over the fakes."""


class TestCustomFields(suite.CustomFields):
    """Over the fakes."""


class TestLinking(suite.Linking):
    """Over the fakes."""


class TestMerging(suite.Merging):
    """Over the fakes."""


class TestJoining(suite.Joining):
    """Over the fakes."""


class TestSplitting(suite.Splitting):
    """Over the fakes."""
