#!/usr/bin/env python3
"""Kills the embedded services (-9) in mid-load, again and again, and counts what was lost: nothing may be.

Writers commit to Firestore and publish to Pub/Sub through Google's unmodified clients until the server dies, and note
what was acknowledged. After the last restart everything acknowledged must be there, commits whole, and a functions
host must have received an event for every document and every message.

    python -m scripts.bench.kill [--kills 100] [--seed 1]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import grpc
from google.api_core.exceptions import GoogleAPICallError
from google.cloud.firestore import Client
from google.cloud.pubsub_v1 import PublisherClient
from google.pubsub_v1.types import PublishRequest

ROOT = Path(__file__).parents[2]
PROJECT: Final = "demo-kill"
TOPIC: Final = f"projects/{PROJECT}/topics/load"
WRITERS: Final = 3
PATIENCE: Final = 120.0  # seconds that the last events may take


def _endpoint(event_type: str, **rest: Any) -> dict[str, Any]:
    return {"region": ["europe-west1"], "eventTrigger": {"eventType": event_type, "retry": True, **rest}}


MANIFEST: Final = {
    "endpoints": {
        "on_document": _endpoint(
            "google.cloud.firestore.document.v1.created",
            eventFilters={"database": "(default)"},
            eventFilterPathPatterns={"document": "load/{id}"},
        ),
        "on_message": _endpoint("google.cloud.pubsub.topic.v1.messagePublished", eventFilters={"topic": "load"}),
    }
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed takes its connection with it; everything else is told."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Functions:
    """A functions host that remembers which documents and messages it was told of."""

    def __init__(self) -> None:
        self.documents: set[str] = set()
        self.messages: set[str] = set()
        self.deliveries = 0
        lock = threading.Lock()
        host = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                with lock:
                    host.deliveries += 1
                    if self.path.endswith("/on_document"):
                        host.documents.add(self.headers["ce-document"])
                    else:
                        host.messages.add(json.loads(body)["message"]["messageId"])
                self.send_response(204)
                self.end_headers()

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002  # the base class' name
                """Say nothing."""

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class Load:
    """What was acknowledged so far."""

    def __init__(self) -> None:
        self.documents: list[list[str]] = [[] for _ in range(WRITERS)]
        self.messages: list[str] = []

    def write(self, address: str, writer: int, run: int) -> None:
        """Commit a new document and a count of it, until the server is gone."""
        client = firestore(address)
        counter = client.document(f"counters/{writer}")
        increment = {"field_path": "n", "increment": {"integer_value": 1}}
        for number in range(1_000_000):
            name = f"load/{writer}-{run}-{number}"
            full = f"{client._database_string}/documents/{name}"  # noqa: SLF001  # the client has no other way to commit once
            writes = [
                {"update": {"name": full, "fields": {"x": {"integer_value": number}}}},
                {"transform": {"document": counter._document_path, "field_transforms": [increment]}},  # noqa: SLF001
            ]
            request = {"database": client._database_string, "writes": writes}  # noqa: SLF001
            try:
                client._firestore_api.commit(request=request, retry=None, timeout=5)  # noqa: SLF001
            except (GoogleAPICallError, grpc.RpcError):
                break
            self.documents[writer].append(name)
        client.close()  # type: ignore[no-untyped-call]

    def publish(self, address: str, run: int) -> None:
        """Publish messages one by one, until the server is gone."""
        os.environ["PUBSUB_EMULATOR_HOST"] = address
        publisher = PublisherClient()
        for number in range(1_000_000):
            request = PublishRequest(topic=TOPIC, messages=[{"data": f"{run}-{number}".encode()}])
            try:
                answer = publisher.transport.publish(request, timeout=5)
            except (GoogleAPICallError, grpc.RpcError):
                break
            self.messages.extend(answer.message_ids)
        publisher.transport.close()


def firestore(address: str) -> Client:
    """A client of the server."""
    os.environ["FIRESTORE_EMULATOR_HOST"] = address
    return Client(project=PROJECT)


def start(data: Path, functions: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
    """The services, listening: their process and their addresses."""
    manifest = data / "functions.yaml"
    manifest.write_text(json.dumps(MANIFEST))
    what = [f"--project={PROJECT}", f"--data={data}", f"--functions-url={functions}", f"--manifest={manifest}"]
    how = ["--only=firestore,pubsub", "--firestore-port=0", "--pubsub-port=0", "--exit-with-parent"]
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", *what, *how],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline() if process.stdout else ""
    if not line:
        raise SystemExit("the services did not start")
    return process, json.loads(line)["ready"]


def load_and_kill(data: Path, functions: Functions, load: Load, run: int, seconds: float) -> None:
    """One life of the services, of so many seconds under load."""
    process, addresses = start(data, functions.url)
    with ThreadPoolExecutor(WRITERS + 1) as threads:
        work = [threads.submit(load.write, addresses["firestore"], writer, run) for writer in range(WRITERS)]
        work.append(threads.submit(load.publish, addresses["pubsub"], run))
        time.sleep(seconds)
        process.kill()
        process.communicate()
        for one in work:
            one.result()


def judge(data: Path, functions: Functions, load: Load) -> dict[str, int]:
    """Start once more and count what is missing."""
    process, addresses = start(data, functions.url)
    try:
        client = firestore(addresses["firestore"])
        found = {snapshot.reference.path for snapshot in client.collection("load").select([]).stream()}
        lost = sum(name not in found for names in load.documents for name in names)
        torn = 0
        for writer in range(WRITERS):
            counted = client.document(f"counters/{writer}").get().get("n")
            torn += abs(counted - sum(name.startswith(f"load/{writer}-") for name in found))
        client.close()  # type: ignore[no-untyped-call]
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and not (
            functions.documents >= found and functions.messages >= set(load.messages)
        ):
            time.sleep(0.2)
        return {
            "documents lost": lost,
            "commits torn": torn,
            "document events lost": len(found - functions.documents),
            "messages lost": len(set(load.messages) - functions.messages),
        }
    finally:
        process.kill()
        process.communicate()


def main() -> int:
    """Run; 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    moments = random.Random(options.seed)  # noqa: S311  # for repeatable moments, not for secrets
    load, functions = Load(), Functions()
    with tempfile.TemporaryDirectory() as folder:
        for run in range(options.kills):
            load_and_kill(Path(folder), functions, load, run, moments.uniform(0.05, 1.0))
        result = judge(Path(folder), functions, load)
    functions.close()
    print(
        f"{options.kills} kills; acknowledged: {sum(map(len, load.documents))} commits, {len(load.messages)} messages"
    )
    print(f"deliveries: {functions.deliveries} for {len(functions.documents) + len(functions.messages)} events")
    for name, count in result.items():
        print(f"{name:<24}{count:>6}")
    return int(any(result.values()))


if __name__ == "__main__":
    sys.exit(main())
