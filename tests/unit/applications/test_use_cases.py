from __future__ import annotations

import pytest

from tests.unit.applications import suite
from tests.unit.applications.support import fake_world


@pytest.fixture
def world():
    return fake_world()


class TestApplying(suite.Applying):
    """Over the fakes."""


class TestReviewing(suite.Reviewing):
    """Over the fakes."""


class TestReading(suite.Reading):
    """Over the fakes."""
