"""`scripts/local` as a user starts it, on a small project of its own: our runtime and services, other functions."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT

READY = "Secura is ready: "
PATIENCE = 60.0  # seconds until something that does not happen is called a failure

MAIN = """
import os
import time

from firebase_functions import https_fn

from functions.words import WORD


@https_fn.on_request()
def echo(request):
    if request.path.endswith("/log"):
        print('{"severity": "WARNING", "message": "watch out", "time": "2026-11-23T02:00:00Z"}', flush=True)
    if request.path.endswith("/slow"):
        time.sleep(1)
    return {"word": WORD, "pid": os.getpid(), "setting": os.environ.get("SETTING"), "path": request.path,
            "mail": os.environ["SECURA_MAIL_ENDPOINT"], "fault": request.headers.get("x-emulator-fault")}
"""
FUNCTIONS = ("echo", "absent")  # the second is declared and does not exist: it cannot start


def free_port() -> int:
    """A port that nothing uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Project:
    """The folder of a project: what `scripts/local` finds beside itself."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._started: list[Backend] = []
        (root / "functions").mkdir(parents=True)
        (root / "public").mkdir()
        for name in ("scripts", "emulator"):
            (root / name).symlink_to(ROOT / name)
        (root / "main.py").write_text(MAIN)
        self.say("first")
        endpoint = {"platform": "gcfv2", "region": ["europe-west1"], "httpsTrigger": {}}
        endpoints = {name: {**endpoint, "entryPoint": name} for name in FUNCTIONS}
        (root / "functions.yaml").write_text(json.dumps({"specVersion": "v1alpha1", "endpoints": endpoints}))
        rewrites = [{"source": "/", "function": "echo"}, {"source": "/api/**", "function": {"functionId": "echo"}}]
        self.ports = {name: free_port() for name in ("hosting", "functions", "firestore", "auth", "pubsub", "storage")}
        emulators = {name: {"port": port} for name, port in self.ports.items()}
        hosting = {"public": "public", "rewrites": rewrites}
        (root / "firebase.json").write_text(json.dumps({"hosting": hosting, "emulators": emulators}))

    def say(self, word: str) -> None:
        """Change the code that every function imports."""
        (self.root / "functions" / "words.py").write_text(f"WORD = {word!r}\n")

    def start(self, *arguments: str, port: int = 0) -> Backend:
        """Start the backend; without a port, everything is on free ones."""
        backend = Backend(self.root, ["--port", str(port), *arguments])
        self._started.append(backend)
        return backend

    def end(self) -> None:
        """End what a failed test left running."""
        for backend in self._started:
            backend.end(signal.SIGKILL)


class Backend:
    """One run. Everything it says is in `output`."""

    def __init__(self, root: Path, arguments: list[str]) -> None:
        self.data = root / ".local"
        self.output: list[str] = []
        self.children: list[psutil.Process] = []
        self.process = subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-P", "-m", "scripts.backend", "--no-demo", "--data", str(self.data), *arguments],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                with self._changed:
                    self.output.append(line.rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def until(self, happened: Callable[[list[str]], bool]) -> None:
        """Wait until what was said fulfils the condition."""
        with self._changed:
            met = self._changed.wait_for(lambda: happened(self.output) or not self._reader.is_alive(), PATIENCE)
            said = "\n".join(self.output)
            assert met, said
            assert happened(self.output), said

    def ready(self) -> Backend:
        """Wait until it says that it is ready, and remember its processes."""
        self.until(lambda lines: any(line.startswith(READY) for line in lines))
        self.remember()
        return self

    def remember(self) -> None:
        """Remember its processes, to see whether one survives it."""
        self.children = psutil.Process(self.process.pid).children(recursive=True)

    @property
    def env(self) -> dict[str, str]:
        """The variables that it offers to other programs."""
        lines = (self.data / "env").read_text().splitlines()
        return dict(shlex.split(line)[1].split("=", 1) for line in lines)

    @property
    def url(self) -> str:
        """The gateway."""
        return self.env["SECURA_URL"]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal and wait; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Wait until it has ended by itself; the exit status."""
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return status

    def survivors(self) -> list[psutil.Process]:
        """Those of its processes that do not end."""
        _, alive = psutil.wait_procs(self.children, timeout=PATIENCE / 3)
        return alive


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project(tmp_path / "project")
    yield project
    project.end()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, Backend]]:
    """A project and its backend, ready; shared by the tests that leave it as they found it."""
    project = Project(tmp_path_factory.mktemp("runtime") / "project")
    (project.root / ".env.local").write_text("# ours\nexport SETTING='from the file'\n")
    backend = project.start()
    yield project, backend.ready()
    backend.end()
    project.end()
