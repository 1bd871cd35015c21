"""Runs tests/js: the official web SDK, and Firebase's library for testing rules, against the Storage server."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from emulator.config import Config, Ports
from tests.emulator.support import running

JS = Path(__file__).parents[2] / "js"
NODE = shutil.which("node")
PROJECT = "demo-test"
RULES = """
rules_version = '2';
service firebase.storage {
  match /b/{bucket}/o {
    match /public/{name=**} { allow read; }
    match /users/{uid}/{name=**} {
      allow read, delete, update: if request.auth.uid == uid;
      allow create: if request.auth.uid == uid && request.resource.size < 4 * 1024 * 1024;
    }
  }
}
"""


def needs(package: str) -> pytest.MarkDecorator:
    """Skips where the package is not installed."""
    return pytest.mark.skipif(
        NODE is None or not (JS / "node_modules" / package).is_dir(),
        reason="needs Node.js: install Node 20 or newer, then run: npm ci --prefix tests/js",
    )


def run_js(test: str, tmp_path: Path, *services: str) -> None:
    rules = tmp_path / "storage.rules"
    rules.write_text(RULES)
    ports = Ports(auth=0, storage=0)
    config = Config(PROJECT, tmp_path / "data", "http://127.0.0.1:1", ports=ports, storage_rules=rules)
    with running(config, *services) as suite:
        environment = os.environ | {
            "AUTH_EMULATOR_URL": f"http://{suite.addresses.get('auth', '')}",
            "STORAGE_EMULATOR_ADDRESS": suite.addresses["storage"],
            "STORAGE_EMULATOR_PROJECT": PROJECT,
        }
        command = [str(NODE), "--test", "--test-reporter=tap", str(JS / test)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout


@needs("firebase")
@pytest.mark.slow
def test_the_web_sdk_uploads_reads_describes_lists_and_deletes_under_rules(tmp_path: Path) -> None:
    run_js("storage.test.js", tmp_path, "auth", "storage")


@needs("@firebase/rules-unit-testing")
@pytest.mark.slow
def test_rules_are_tested_with_the_library_of_firebase(tmp_path: Path) -> None:
    run_js("storage_rules.test.js", tmp_path, "storage")
