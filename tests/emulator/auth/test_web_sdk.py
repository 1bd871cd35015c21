"""Runs tests/js: the official web SDK against the Auth server."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

JS = Path(__file__).parents[2] / "js"
NODE = shutil.which("node")


pytestmark = [
    pytest.mark.skipif(
        NODE is None or not (JS / "node_modules" / "firebase").is_dir(),
        reason="needs Node.js: install Node 20 or newer, then run: npm ci --prefix tests/js",
    ),
    pytest.mark.slow,
]


def test_the_web_sdk_signs_up_signs_in_and_refreshes(rest, config):
    _run("web_sdk.test.js", rest.url, config.project)


def test_the_web_sdk_enrolls_a_second_factor_and_signs_in_with_it(rest, config):
    _run("second_factor.test.js", rest.url, config.project)


def _run(file: str, url: str, project: str) -> None:
    environment = os.environ | {"AUTH_EMULATOR_URL": url, "AUTH_EMULATOR_PROJECT": project}
    command = [str(NODE), "--test", "--test-reporter=tap", str(JS / file)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout
