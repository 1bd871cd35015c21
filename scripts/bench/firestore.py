#!/usr/bin/env python3
"""How fast the embedded Firestore is, through Google's unmodified Python client.

Starts a server of its own on a free port with an empty folder, fills it, and prints one line for each figure:

    python scripts/bench/firestore.py [--documents 100000] [--seconds 3] [--listeners 200]
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


@contextmanager
def server(data: Path) -> Iterator[tuple[str, psutil.Process, float]]:
    """A running server: its address, its process and the seconds its start took."""
    command = [sys.executable, "-m", "emulator", f"--project={PROJECT}", f"--data={data}", "--only=firestore"]
    began = time.perf_counter()
    with subprocess.Popen(
        [*command, "--firestore-port=0", "--exit-with-parent", "--functions-url=http://127.0.0.1:9"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the server has no pipes")
        address = json.loads(process.stdout.readline())["ready"]["firestore"]
        yield address, psutil.Process(process.pid), time.perf_counter() - began
        process.stdin.close()


def report(name: str, value: float, unit: str) -> None:
    """One figure."""
    print(f"{name:<58}{value:>12,.2f} {unit}")


def fill(client: Client, count: int) -> None:
    """Incidents with the fields that lists sort and filter by."""
    chance = random.Random(7)  # noqa: S311  # data for a measurement
    for start in range(0, count, BATCH):
        batch = client.batch()
        for number in range(start, min(start + BATCH, count)):
            batch.set(
                client.document("incidents", f"i{number:07}"),
                {
                    "title": f"Incident number {number}",
                    "status": chance.choice(STATUSES),
                    "priority": chance.randrange(100_000),
                    "created_at": number,
                    "reporter_id": f"u{chance.randrange(1000)}",
                    "tags": [f"t{chance.randrange(50)}", f"t{chance.randrange(50)}"],
                },
            )
        batch.commit()


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


def listening(client: Client, listeners: int) -> float:
    """The median milliseconds from a commit's begin until the last of the listeners has it."""
    arrived, missing = threading.Event(), [0]
    lock = threading.Lock()

    def take(*_: object) -> None:
        with lock:
            missing[0] -= 1
            if missing[0] <= 0:
                arrived.set()

    missing[0] = listeners
    watches = [client.document("watched/d").on_snapshot(take) for _ in range(listeners)]
    arrived.wait()

    def change(number: int) -> None:
        arrived.clear()
        missing[0] = listeners
        client.document("watched/d").set({"n": number})
        arrived.wait()

    result = median(change, 30)
    for watch in watches:
        watch.unsubscribe()  # type: ignore[no-untyped-call]  # Google's client has no types here
    return result


def queries(client: Client, documents: int) -> None:
    """Lists of twenty."""
    incidents = client.collection("incidents")
    closed = incidents.where(filter=FieldFilter("status", "==", "closed"))
    newest = Query.DESCENDING

    def priority(number: int) -> object:
        return incidents.where(filter=FieldFilter("priority", ">=", number * 997 % 100_000)).limit(20).get()

    def reporter(number: int) -> object:
        mine = incidents.where(filter=FieldFilter("reporter_id", "==", f"u{number}"))
        return mine.order_by("created_at", direction=newest).limit(20).get()

    label = f"20 rows of {documents:,}"
    report(f"{label}: range on one field", median(priority), "ms")
    report(
        f"{label}: newest", median(lambda _: incidents.order_by("created_at", direction=newest).limit(20).get()), "ms"
    )
    report(f"{label}: equality", median(lambda _: closed.limit(20).get()), "ms")
    report(
        f"{label}: equality, newest",
        median(lambda _: closed.order_by("created_at", direction=newest).limit(20).get()),
        "ms",
    )
    report(f"{label}: rare equality, newest", median(reporter), "ms")
    counting = closed.count()
    report("count of a fifth of them", median(lambda _: list(counting.stream()), 3), "ms")  # type: ignore[call-arg]


def measure(options: argparse.Namespace, data: Path) -> None:
    """Everything, on one server."""
    with server(data) as (address, process, start):
        os.environ["FIRESTORE_EMULATOR_HOST"] = address
        client = Client(project=PROJECT)
        report("start to ready", start * 1000, "ms")
        report("memory, empty", process.memory_info().rss / 1e6, "MB")
        began = time.perf_counter()
        fill(client, options.documents)
        report(f"documents written in batches of {BATCH}", options.documents / (time.perf_counter() - began), "per s")
        count = options.documents
        for threads in (1, 4):

            def get(number: int) -> object:
                return client.document("incidents", f"i{number % count:07}").get()

            def put(number: int) -> object:
                return client.document("single", f"d{number}").set({"n": number, "text": "some text", "ok": True})

            report(f"gets, {threads} threads", rate(get, options.seconds, threads), "per s")
            report(f"commits, {threads} threads", rate(put, options.seconds, threads), "per s")
        queries(client, count)
        report(f"commit to the last of {options.listeners} listeners", listening(client, options.listeners), "ms")
        report(f"memory with {count:,} documents", process.memory_info().rss / 1e6, "MB")
        client.close()  # type: ignore[no-untyped-call]
    report("size on disk", sum(path.stat().st_size for path in data.iterdir()) / 1e6, "MB")
    with server(data) as (_, process, start):
        report(f"start to ready with {options.documents:,} documents", start * 1000, "ms")


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--listeners", type=int, default=200)
    with tempfile.TemporaryDirectory() as folder:
        measure(parser.parse_args(), Path(folder))


if __name__ == "__main__":
    main()
