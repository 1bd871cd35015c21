"""Imports incidents into a backend of its own and measures the main job: is each analysed, how soon, mailed how often?

    python -m scripts.bench.main_job FILE [--count 500] [--rate 20]

FILE is anything that scripts/import_incidents takes. The time from report to analysis is that between the incident's
creation and the commit that holds its analysis, both on this machine's clock.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import requests

ROOT = Path(__file__).parents[2]
_PATIENCE = 300.0  # seconds for the last analysis and mail


def main() -> int:
    """Exit status 1 when an incident was lost, left without its analysis, or mailed twice."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench.main_job", description="Measure the main job.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--rate", type=float, default=20.0, help="as of the importer: reports a second at most")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, backend(Path(folder) / "data") as environment:
        source = Path(folder) / f"incidents{options.file.suffix}"
        with options.file.open() as lines:
            source.write_text("".join(islice(lines, options.count)))
        began = time.perf_counter()
        imported = import_file(source, environment, options.rate)
        seconds = time.perf_counter() - began
        return report(imported, seconds, environment)


@contextmanager
def backend(data: Path) -> Iterator[dict[str, str]]:
    """A backend on free ports; the variables that lead to it."""
    command: list[str | Path] = [ROOT / "scripts" / "local", "--port", "0", "--data", data]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None  # noqa: S101  # we asked for the pipe
        if not any(line.startswith("Secura is ready") for line in process.stdout):
            raise SystemExit("the backend did not start")
        # What it says later has to be read, or it would wait for us.
        reader = threading.Thread(target=list, args=(process.stdout,))
        reader.start()
        lines = (data / "env").read_text().splitlines()
        try:
            yield {**os.environ, **dict(shlex.split(line)[1].split("=", 1) for line in lines)}
        finally:
            process.send_signal(signal.SIGINT)
            reader.join()


def import_file(source: Path, environment: dict[str, str], rate: float) -> int:
    """Run the importer; how many incidents it brought in."""
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "scripts.importing",
        source,
        f"--rate={rate}",
    ]
    variables = {**environment, "PYTHONPATH": str(ROOT), "SECURA_PASSWORD": "SecuraAnalyst123!"}
    result = subprocess.run(command, check=True, capture_output=True, text=True, env=variables)
    print(result.stdout.strip())
    return int(result.stdout.split()[0])


def report(imported: int, seconds: float, environment: dict[str, str]) -> int:
    """Wait until all is done, and print the figures."""
    waits = settled(imported, environment)
    subjects = Counter(mail_subjects(environment))
    doubled = sum(count - 1 for count in subjects.values())
    rate = imported / seconds
    print(f"imported            {imported} in {seconds:.1f} s ({rate:.0f}/s)")
    print(f"analysed            {len(waits)}, lost {imported - len(waits)}")
    print(f"mails               {sum(subjects.values())}, duplicates {doubled}")
    if waits:
        ordered = sorted(waits)
        p95 = ordered[int(len(ordered) * 0.95)]
        print(
            f"report to analysis  median {statistics.median(waits):.0f} ms, p95 {p95:.0f} ms, max {ordered[-1]:.0f} ms"
        )
    return 0 if len(waits) == imported == sum(subjects.values()) and not doubled else 1


def settled(imported: int, environment: dict[str, str]) -> list[float]:
    """Milliseconds from report to analysis of every incident that has one, once none is waited for any more."""
    from google.cloud.firestore import Client

    os.environ["FIRESTORE_EMULATOR_HOST"] = environment["FIRESTORE_EMULATOR_HOST"]
    client = Client(project=environment["GOOGLE_CLOUD_PROJECT"])
    give_up = time.monotonic() + _PATIENCE
    while True:
        incidents = list(client.collection("incidents").select(["created_at", "analysis.analyzed_at"]).stream())
        done = [
            (document.update_time, document.get("created_at"))
            for document in incidents
            if (document.to_dict() or {}).get("analysis")
        ]
        if time.monotonic() > give_up or (len(done) >= imported <= len(mail_subjects(environment))):
            return [(updated - created).total_seconds() * 1000 for updated, created in done]
        time.sleep(0.5)


def mail_subjects(environment: dict[str, str]) -> list[str]:
    """The subject of every mail in the outbox; each names its incident."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": "100", **({"cursor": cursor} if cursor else {})}
        page = requests.get(f"{environment['SECURA_MAIL_URL']}/api/messages", params=query, timeout=30).json()
        found += [mail["subject"] for mail in page["items"]]
        cursor = page.get("next_cursor")
        if not cursor:
            return found


if __name__ == "__main__":
    sys.exit(main())
