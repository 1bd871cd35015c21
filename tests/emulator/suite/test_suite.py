from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from emulator.__main__ import parse
from emulator.config import Ports
from emulator.suite import PORTS, SERVICES

ROOT = Path(__file__).parents[3]
_FREE = [f"--{name}-port=0" for name in PORTS]


def command(data: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "emulator", "--project=demo-test", f"--data={data}", *options]


@contextmanager
def program(data: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The program once it is ready, and where its services listen."""
    with subprocess.Popen(  # noqa: S603  # our own program
        command(data, *_FREE, *options),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())["ready"]
        finally:
            process.kill()


def refused(data: Path, *options: str) -> str:
    """The one line with which the program refuses to start."""
    run = subprocess.run(command(data, *options), cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  # ours
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.count("\n") == 1, run.stderr
    return run.stderr


@pytest.mark.slow
def test_all_services_listen_when_the_program_says_it_is_ready(tmp_path: Path) -> None:
    with program(tmp_path / "new" / "folder") as (_, ready):
        assert set(ready) == set(PORTS)
        for address in ready.values():
            host, port = address.split(":")
            with socket.create_connection((host, int(port)), timeout=10):
                assert host == "127.0.0.1"


def _signalled(number: signal.Signals) -> Callable[[subprocess.Popen[str]], None]:
    return lambda process: process.send_signal(number)


def _parted(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    "end", [_signalled(signal.SIGINT), _signalled(signal.SIGTERM), _parted], ids=["interrupt", "terminate", "parent"]
)
def test_the_program_ends_cleanly(tmp_path: Path, end: Callable[[subprocess.Popen[str]], None]) -> None:
    with program(tmp_path, "--exit-with-parent", "--only=pubsub,storage") as (process, ready):
        assert list(ready) == ["pubsub", "storage"]
        end(process)
        assert process.wait(20) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


@pytest.mark.slow
@pytest.mark.parametrize("service", PORTS)
def test_a_taken_port_is_named_with_its_service(tmp_path: Path, service: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        others = [option for option in _FREE if not option.startswith(f"--{service}-")]
        said = refused(tmp_path, *others, f"--{service}-port={port}")
    assert said.startswith(f"emulator: {service} cannot start on 127.0.0.1:{port}: ")
    assert "in use" in said


@pytest.mark.slow
def test_a_data_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert str(file) in refused(file, *_FREE)
    assert str(file / "below") in refused(file / "below", *_FREE)


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write every folder; run as another user to see this")
def test_a_data_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "cannot be written" in refused(tmp_path, *_FREE)


@pytest.mark.slow
def test_a_database_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pubsub.sqlite3").write_text("this is no database, whatever its name says" * 100)
    said = refused(tmp_path, "--only=pubsub", *_FREE)
    assert said.startswith("emulator: pubsub cannot start")


@pytest.mark.slow
def test_a_malformed_manifest_is_refused(tmp_path: Path) -> None:
    manifest = tmp_path / "functions.yaml"
    manifest.write_text("endpoints: [")
    assert str(manifest) in refused(tmp_path, *_FREE, f"--manifest={manifest}")
    manifest.write_text(
        "endpoints: {f: {region: [r], eventTrigger: {"
        "eventType: google.cloud.pubsub.topic.v1.messagePublished, eventFilters: {topic: 1a}}}}"
    )
    assert "f waits for no topic" in refused(tmp_path, *_FREE, f"--manifest={manifest}", "--only=pubsub")


def test_the_command_line_has_the_official_ports(tmp_path: Path) -> None:
    config, services, with_parent = parse(["--project=p", f"--data={tmp_path}"])
    assert config.ports == Ports(firestore=8080, auth=9099, pubsub=8085, storage=9199, mail=8025, control=4400)
    assert config.host == "127.0.0.1"
    assert (services, with_parent) == (list(SERVICES), False)


def test_the_command_line_names_rules_indexes_and_faults(tmp_path: Path) -> None:
    fault = "service=mail,kind=unavailable"
    options = [
        "--rules=a",
        "--storage-rules=b",
        "--indexes=c",
        "--no-index-check",
        f"--fault={fault}",
        "--fault-seed=7",
    ]
    config, _, _ = parse(["--project=p", f"--data={tmp_path}", *options])
    assert (config.rules, config.storage_rules, config.indexes) == (Path("a"), Path("b"), Path("c"))
    assert (config.index_check, config.faults, config.fault_seed) == (False, (fault,), 7)


@pytest.mark.slow
def test_a_fault_without_sense_is_refused(tmp_path: Path) -> None:
    said = refused(tmp_path, *_FREE, "--only=mail", "--fault=service=mail,kind=kill")
    assert "'kill' is no kind of fault of mail" in said


@pytest.mark.slow
def test_a_clock_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clock.json").write_text("12:00")
    assert "clock.json" in refused(tmp_path, *_FREE, "--only=mail")


@pytest.mark.slow
def test_a_scheduler_that_cannot_keep_its_state_is_refused(tmp_path: Path) -> None:
    (tmp_path / "scheduler.sqlite3").write_text("this is no database, whatever its name says" * 100)
    assert refused(tmp_path, *_FREE, "--only=scheduler").startswith("emulator: scheduler cannot start")


@pytest.mark.parametrize(
    "options", [[], ["--project=p"], ["--project=p", "--data=d", "--auth-port=65536"], ["--project=p", "--only=x"]]
)
def test_a_command_line_without_sense_ends_with_status_2(options: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(options)
    assert ended.value.code == 2
