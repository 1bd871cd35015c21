#!/usr/bin/env python3
"""How fast the embedded Firestore is, through Google's unmodified Python client.

Starts servers of its own on free ports with empty folders, fills them, and prints one table:

    python scripts/bench/firestore.py [--documents 100000] [--million] [--seconds 3] [--listeners 200]

The documents are written by the client in batches of 500 from two threads; a million of them take some minutes. The
queries that combine an equality with another order have their composite indexes, which are written with the documents.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
from google.cloud.firestore import Client, FieldFilter, Query

ROOT = Path(__file__).parents[2]
PROJECT = "demo-bench"
STATUSES = ("new", "analysis", "containment", "recovery", "closed")
BATCH = 500
MILLION = 1_000_000
LATE = 5_000  # documents of a kind that come last in the order in which they are asked for
NEWEST = Query.DESCENDING
SERVICES = ("firestore", "auth", "pubsub", "storage", "mail", "control")


def indexes() -> str:
    """The firestore.indexes.json of the queries below."""
    entries = [
        {
            "collectionGroup": "incidents",
            "queryScope": "COLLECTION",
            "fields": [{"fieldPath": path, "order": "ASCENDING"}, {"fieldPath": "created_at", "order": "DESCENDING"}],
        }
        for path in ("status", "reporter_id", "kind")
    ]
    return json.dumps({"indexes": entries, "fieldOverrides": []})


@contextmanager
def server(data: Path, only: str = "firestore") -> Iterator[tuple[str, psutil.Process, float]]:
    """A running server: Firestore's address, its process and the seconds its start took."""
    file = data / "firestore.indexes.json"
    data.mkdir(exist_ok=True)
    file.write_text(indexes(), encoding="utf-8")
    command = [sys.executable, "-m", "emulator", f"--project={PROJECT}", f"--data={data}", f"--only={only}"]
    command += [f"--indexes={file}", "--exit-with-parent", "--functions-url=http://127.0.0.1:9"]
    command += [f"--{name}-port=0" for name in SERVICES]
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the server has no pipes")
        address = json.loads(process.stdout.readline())["ready"]["firestore"]
        yield address, psutil.Process(process.pid), time.perf_counter() - began
        process.stdin.close()


def connect(address: str) -> Client:
    """A client of a server."""
    os.environ["FIRESTORE_EMULATOR_HOST"] = address
    return Client(project=PROJECT)


def report(name: str, value: float, unit: str) -> None:
    """One line of the table."""
    print(f"{name:<64}{value:>12,.2f} {unit}", flush=True)


def incident(number: int, count: int) -> dict[str, object]:
    """What lists sort and filter by. `kind` is that of the oldest ones only, and there are few of them."""
    chance = random.Random(number)  # noqa: S311  # data for a measurement
    return {
        "title": f"Incident number {number}",
        "status": chance.choice(STATUSES),
        "kind": "late" if number < min(LATE, count // 20) else "usual",
        "priority": chance.randrange(100_000),
        "created_at": number,
        "reporter_id": f"u{chance.randrange(1000)}",
        "tags": [f"t{chance.randrange(50)}", f"t{chance.randrange(50)}"],
    }


def fill(client: Client, count: int) -> None:
    """Write so many incidents, from two threads."""

    def write(start: int) -> None:
        batch = client.batch()
        for number in range(start, min(start + BATCH, count)):
            batch.set(client.document("incidents", f"i{number:07}"), incident(number, count))
        batch.commit()

    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(write, range(0, count, BATCH)):
            pass


def rate(work: Callable[[int], object], seconds: float, threads: int) -> float:
    """Calls a second, from so many threads of this process."""
    until = time.perf_counter() + seconds

    def loop(seed: int) -> int:
        chance, done = random.Random(seed), 0  # noqa: S311
        while time.perf_counter() < until:
            work(chance.randrange(1 << 30))
            done += 1
        return done

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(loop, range(threads))) / seconds


def median(work: Callable[[int], object], times: int = 100) -> float:
    """The median duration of a call in milliseconds."""
    durations = []
    for number in range(times):
        began = time.perf_counter()
        work(number)
        durations.append(time.perf_counter() - began)
    return statistics.median(durations) * 1000


class Arrivals:
    """When each of several listeners heard of a change."""

    def __init__(self, listeners: int) -> None:
        self._all = threading.Event()
        self._lock = threading.Lock()
        self._listeners = listeners
        self.times: list[float] = []

    def take(self, *_: object) -> None:
        """What a listener calls."""
        with self._lock:
            self.times.append(time.perf_counter())
            if len(self.times) == self._listeners:
                self._all.set()

    def wait(self) -> list[float]:
        """Wait until all have heard; when each did, in order."""
        self._all.wait()
        self._all.clear()
        times, self.times = self.times, []
        return times


def watching(client: Client, listeners: int) -> None:
    """How soon listeners hear of a commit: one that listens alone to its document, and many that share one."""
    shared, alone = Arrivals(listeners), Arrivals(1)
    documents = {client.document("watched/shared"): shared, client.document("watched/alone"): alone}
    watches = []
    for document, arrivals in documents.items():
        document.set({"n": 0})
        watches += [document.on_snapshot(arrivals.take) for _ in range(listeners if arrivals is shared else 1)]
        arrivals.wait()
    for document, arrivals in documents.items():
        middle, last = [], []
        for number in range(40):
            began = time.perf_counter()
            document.set({"n": number + 1})
            times = arrivals.wait()
            middle.append(statistics.median(times) - began)
            last.append(times[-1] - began)
        if arrivals is alone:
            report(f"commit to its listener, {listeners} others open", statistics.median(middle) * 1000, "ms")
        else:
            report(
                f"commit to the median of {listeners} listeners of a document", statistics.median(middle) * 1000, "ms"
            )
            report(f"commit to the last of {listeners} listeners of a document", statistics.median(last) * 1000, "ms")
    for watch in watches:
        watch.unsubscribe()  # type: ignore[no-untyped-call]  # Google's client has no types here


def queries(client: Client, documents: int) -> None:
    """Lists of twenty, and counts."""
    incidents = client.collection("incidents")
    label = f"20 rows of {documents:,}"

    def newest(path: str, value: str) -> Query:
        found = incidents.where(filter=FieldFilter(path, "==", value))
        return found.order_by("created_at", direction=NEWEST).limit(20)

    def from_status(status: str) -> Query:
        return incidents.where(filter=FieldFilter("status", "==", status))

    def from_priority(least: int) -> Query:
        return incidents.where(filter=FieldFilter("priority", ">=", least))

    lists: dict[str, Callable[[int], Query]] = {
        "range on one field": lambda n: from_priority(n * 997 % 100_000).limit(20),
        "newest": lambda _: incidents.order_by("created_at", direction=NEWEST).limit(20),
        "equality": lambda _: from_status("closed").limit(20),
        "a fifth, newest": lambda _: newest("status", "closed"),
        "a thousandth, newest": lambda n: newest("reporter_id", f"u{n}"),
        "few that are the oldest, newest": lambda _: newest("kind", "late"),
        "a fifth, newest, far behind a cursor": lambda _: newest("status", "closed").start_after(
            {"created_at": documents // 2}
        ),
    }
    for name, build in lists.items():
        report(f"{label}: {name}", median(lambda n, build=build: build(n).get()), "ms")  # type: ignore[misc]
    for name, counted in {"a fifth of": from_status("closed"), "all": Query(incidents)}.items():
        count = counted.count()
        report(f"count of {name} {documents:,}", median(lambda _, count=count: count.get(), 5), "ms")  # type: ignore[misc]


def calls(client: Client, count: int, seconds: float) -> None:
    """Single documents."""

    def get(number: int) -> object:
        return client.document("incidents", f"i{number % count:07}").get()

    def put(number: int) -> object:
        return client.document("single", f"d{number}").set({"n": number, "text": "some text", "ok": True})

    def incident_of(number: int) -> object:
        return client.document("incidents", f"n{number}").set(incident(count + number, count))

    for threads in (1, 4):
        report(f"gets, {threads} threads", rate(get, seconds, threads), "per s")
        report(f"commits, {threads} threads", rate(put, seconds, threads), "per s")
    report("commits with three composite indexes, 4 threads", rate(incident_of, seconds, 4), "per s")


def measure(options: argparse.Namespace, data: Path) -> None:
    """Everything, on one server."""
    count = options.documents
    with server(data) as (address, process, _):
        client = connect(address)
        began = time.perf_counter()
        fill(client, count)
        report(f"documents written in batches of {BATCH}", count / (time.perf_counter() - began), "per s")
        queries(client, count)
        report(f"memory with {count:,} documents, filled and asked", process.memory_info().rss / 1e6, "MB")
        calls(client, count, options.seconds)
        watching(client, options.listeners)
        report("memory after all that", process.memory_info().rss / 1e6, "MB")
        client.close()  # type: ignore[no-untyped-call]
    with server(data, ",".join(SERVICES[:-1])) as (address, process, start):
        report(f"start of all services with {count:,} documents", start * 1000, "ms")
        client = connect(address)
        queries(client, count)
        report(f"memory of all services with {count:,} documents", process.memory_info().rss / 1e6, "MB")
        client.close()  # type: ignore[no-untyped-call]
    report("size on disk", sum(path.stat().st_size for path in data.iterdir()) / 1e6, "MB")


def measure_many(data: Path, count: int) -> None:
    """The queries again, with so many documents."""
    with server(data) as (address, process, _):
        client = connect(address)
        began = time.perf_counter()
        fill(client, count)
        report(f"{count:,} documents written in", time.perf_counter() - began, "s")
        queries(client, count)
        report(f"memory with {count:,} documents", process.memory_info().rss / 1e6, "MB")
        client.close()  # type: ignore[no-untyped-call]
    report(f"size of {count:,} documents on disk", sum(path.stat().st_size for path in data.iterdir()) / 1e6, "MB")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--million", action="store_true", help=f"the queries with {MILLION:,} documents, too")
    parser.add_argument("--only-million", action="store_true", help="nothing but those")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--listeners", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        with server(Path(folder, "empty"), ",".join(SERVICES[:-1])) as (_, process, start):
            report("cold start of all services", start * 1000, "ms")
            report("memory of all services, empty", process.memory_info().rss / 1e6, "MB")
        if not options.only_million:
            measure(options, Path(folder, "data"))
        if options.million or options.only_million:
            measure_many(Path(folder, "million"), MILLION)


if __name__ == "__main__":
    main()
