"""A server killed in mid-load has, after its restart, everything that it acknowledged, and delivers every event."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import grpc
import pytest
from google.api_core.exceptions import GoogleAPICallError

from tests.emulator.firestore.conftest import connect
from tests.emulator.support import eventually, receiving

ROOT = Path(__file__).parents[3]


MANIFEST = {
    "endpoints": {
        "on_load": {
            "region": ["europe-west1"],
            "eventTrigger": {
                "eventType": "google.cloud.firestore.document.v1.created",
                "eventFilters": {"database": "(default)"},
                "eventFilterPathPatterns": {"document": "load/{id}"},
                "retry": True,
            },
        }
    }
}


def start(data: Path, functions_url: str) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "emulator", "--project=demo-crash", f"--data={data}", "--only=firestore"]
    options = ["--firestore-port=0", "--exit-with-parent", f"--functions-url={functions_url}"]
    manifest = data.with_suffix(".yaml")
    manifest.write_text(json.dumps(MANIFEST))
    process = subprocess.Popen(  # noqa: S603  # our own program
        [*command, *options, f"--manifest={manifest}"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, json.loads(process.stdout.readline())["ready"]["firestore"]


def end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def write_until_it_breaks(address: str, writer: int, acknowledged: list[str], enough: threading.Event) -> None:
    client = connect(address, "demo-crash")
    api, database = client._firestore_api, client._database_string
    number = 0
    while True:
        name = f"{database}/documents/load/{writer}-{len(acknowledged)}-{number}"
        counter = {"document": f"{database}/documents/counters/{writer}"}
        increment = {"field_path": "n", "increment": {"integer_value": 1}}
        writes = [
            {"update": {"name": name, "fields": {"x": {"integer_value": number}}}},
            {"transform": {**counter, "field_transforms": [increment]}},
        ]
        try:
            api.commit(request={"database": database, "writes": writes}, metadata=client._rpc_metadata, retry=None)
        except (GoogleAPICallError, grpc.RpcError):
            break
        acknowledged.append(name)
        number += 1
        if number == 40:
            enough.set()
    client.close()


def load_and_kill(data: Path, functions_url: str, acknowledged: list[list[str]]) -> None:
    process, address = start(data, functions_url)
    enough = threading.Event()
    writers = [
        threading.Thread(target=write_until_it_breaks, args=(address, writer, names, enough))
        for writer, names in enumerate(acknowledged)
    ]
    for thread in writers:
        thread.start()
    assert enough.wait(30)
    end(process)
    for thread in writers:
        thread.join()


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_by_a_kill(tmp_path):
    acknowledged: list[list[str]] = [[], []]
    with receiving() as receiver:
        for _ in range(3):
            load_and_kill(tmp_path / "data", receiver.url, acknowledged)
        process, address = start(tmp_path / "data", receiver.url)
        try:
            client = connect(address, "demo-crash")
            found = {snapshot.reference._document_path for snapshot in client.collection("load").stream()}
            for writer, names in enumerate(acknowledged):
                assert found.issuperset(names)
                # Both writes of a commit are there or neither: the counter counts what is found.
                mine = [name for name in found if name.rpartition("/")[2].startswith(f"{writer}-")]
                assert client.document(f"counters/{writer}").get().get("n") == len(mine)
            client.close()
            paths = {name.partition("/documents/")[2] for name in found}
            eventually(lambda: {one.headers["ce-document"] for one in list(receiver.received)} == paths)
        finally:
            end(process)
    assert sum(map(len, acknowledged)) >= 120
