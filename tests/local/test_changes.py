"""A change of the code."""

from __future__ import annotations

import time

import pytest
import requests

from tests.local.conftest import PATIENCE

pytestmark = pytest.mark.slow


def get(url):
    return requests.get(url, timeout=PATIENCE)


def test_changed_code_is_used_without_a_restart_and_a_mistake_in_it_is_repaired_alike(running):
    project, backend = running

    def answers(word):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = get(backend.url)
            if answer.status_code == 200 and answer.json()["word"] == word:
                return True
        return False

    project.say("second, and longer")
    assert answers("second, and longer")
    (project.root / "functions" / "words.py").write_text("WORD = (\n")
    while get(backend.url).status_code == 200:  # the answer is an error once the change was noticed
        assert backend.process.poll() is None
    backend.until(lambda lines: any("SyntaxError" in line for line in lines))
    project.say("first")
    assert answers("first")
