"""Requests of every kind to every operation, as `python -m scripts.fuzzing` sends them; fewer, from any seed."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from scripts.permission_table import _operations
from tests.conftest import ROOT


@pytest.mark.slow
def test_no_operation_answers_5xx_or_gives_a_right_too_many():
    # A process of its own: what bootstrap builds stays with it.
    done = subprocess.run(  # our own program
        [sys.executable, "-m", "scripts.fuzzing", "--requests", "100"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    tried = re.findall(r"^([A-Z]+ /\S*) .* 0 faults$", done.stdout, re.MULTILINE)
    assert sorted(tried) == sorted(f"{one.method} {one.path}" for one in _operations())
