"""The embedded services for tests: one set for each worker process, on free ports, gone with it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]
# How long examples take says something of the machine, not of the code.
settings.register_profile("secura", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("secura")


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Addresses (host:port) of the embedded services by name, without functions behind them."""
    data = tmp_path_factory.mktemp("embedded")
    ports = [f"--{name}-port=0" for name in ("firestore", "auth", "pubsub", "storage", "mail", "control")]
    files = ["--rules=firestore.rules", "--storage-rules=storage.rules", "--indexes=firestore.indexes.json"]
    command = [sys.executable, "-m", "emulator", "--project=demo-test", f"--data={data}", *ports, "--exit-with-parent"]
    with subprocess.Popen(  # noqa: S603  # our own program
        [*command, *files, "--functions-url=http://127.0.0.1:9"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["ready"]
        process.stdin.close()
        process.terminate()
