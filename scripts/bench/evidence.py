"""From the first byte of an upload to the release of the file, through a backend of its own.

    python -m scripts.bench.evidence [--megabytes 10] [--times 10]

Each file is new and random, sent as a form, and asked for until its status is final. The first one is not counted: it
starts the functions, loads the rules and the model.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import requests

from scripts.bench.main_job import backend

_BAR = 3.0
"""Seconds."""
_LONGEST = 60.0
_PAUSE = 0.02
_OPEN = {"awaiting_upload", "uploaded", "scanning"}


def signed_in(environment: dict[str, str]) -> requests.Session:
    """A session of a demo user."""
    answer = requests.post(
        f"http://{environment['FIREBASE_AUTH_EMULATOR_HOST']}/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword",
        params={"key": "local"},
        json={"email": "employee1@secura.com", "password": "SecuraEmployee123!", "returnSecureToken": True},
        timeout=30,
    )
    answer.raise_for_status()
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {answer.json()['idToken']}"
    return session


def release(session: requests.Session, url: str, content: bytes) -> float:
    """Upload the content, and wait until it is released; seconds.

    Raises:
        SystemExit: it was not.
    """
    started = time.monotonic()
    sent = session.post(url, files={"file": ("bench.bin", content)}, timeout=60)
    sent.raise_for_status()
    one = f"{url}/{sent.json()['evidence']['id']}"
    status = "uploaded"
    while status in _OPEN and time.monotonic() - started < _LONGEST:
        time.sleep(_PAUSE)
        answer = session.get(one, timeout=60)
        answer.raise_for_status()
        status = answer.json()["status"]
    if status != "clean":
        raise SystemExit(f"the file is {status} after {time.monotonic() - started:.1f} s")
    return time.monotonic() - started


def main() -> int:
    """Exit status 1 when the median is over its bar."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench.evidence", description="Measure evidence.")
    parser.add_argument("--megabytes", type=int, default=10, help="of each file, at most 10")
    parser.add_argument("--times", type=int, default=10, help="how many files")
    options = parser.parse_args()
    os.environ["SECURA_RATE_LIMITS"] = "off"  # asking often is what is measured with here
    with tempfile.TemporaryDirectory() as folder, backend(Path(folder) / "data") as environment:
        session = signed_in(environment)
        report = {"title": "A benchmark of evidence", "description": "Files are attached to this incident."}
        made = session.post(f"{environment['SECURA_URL']}/api/incidents", json=report, timeout=60)
        made.raise_for_status()
        url = f"{environment['SECURA_URL']}/api/incidents/{made.json()['id']}/evidence"
        size = options.megabytes * 1024 * 1024
        first = release(session, url, os.urandom(size))
        times = sorted(release(session, url, os.urandom(size)) for _ in range(options.times))
    median = statistics.median(times)
    print(
        f"{options.megabytes} MB until released: median {median:.2f} s, slowest {times[-1]:.2f} s, first {first:.2f} s"
    )
    return 1 if median > _BAR else 0


if __name__ == "__main__":
    sys.exit(main())
