"""Opening, listing and reporting incidents: milliseconds at a steady rate through the gateway, and documents billed.

    python -m scripts.bench.incidents [--rate 20] [--seconds 20] [--sizes 1000 100000]

Starts a backend of its own for each size, fills it, and sends each kind of request at the rate whether or not the one
before has been answered, as people do. A request's time begins when it should have been sent. The documents read for
one request are the embedded Firestore's own count of what Google would bill, taken while nothing else goes on.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests
from google.cloud.firestore import Client

from scripts.bench.main_job import backend
from shared.adapters.firestore.store import encoded_new
from shared.domain.incident import Incident, Provenance, Source
from shared.domain.taxonomy import Category, Priority, Severity, Status
from shared.ports.store import INCIDENTS
from shared.services.incidents.reporting import reference_of

_THREADS = 32
_WARM = 40  # requests first, so that each function that follows from them has been started
_SETTLED = 5.0  # seconds for what follows from those
_BATCH = 250
_WORDS = [
    "mail",
    "password",
    "server",
    "laptop",
    "invoice",
    "login",
    "backup",
    "printer",
    "account",
    "file",
    "link",
    "phone",
    "customer",
    "network",
    "door",
]
BARS = {"open one": (15.0, 50.0, 3), "list of 20": (15.0, 50.0, 21), "report": (40.0, None, None)}
"""Median and 95th percentile in milliseconds, documents read."""

Send = Callable[[requests.Session, int], requests.Response]


def incident(number: int, count: int) -> Incident:
    """One that was reported so many minutes ago."""
    chance = random.Random(number)  # noqa: S311  # data for a measurement
    at = datetime.now(UTC) - timedelta(minutes=count - number + 60)
    text = " ".join(chance.choices(_WORDS, k=60))
    return Incident(
        id=f"bench{number:015d}",
        reference=reference_of(f"bench{number:015d}"),
        title=" ".join(chance.choices(_WORDS, k=6)),
        description=text,
        status=chance.choice(list(Status)),
        severity=chance.choice(list(Severity)),
        category=chance.choice(list(Category)),
        priority=Priority.NORMAL,
        reporter_id=f"person{chance.randrange(1000)}",
        tags=[f"tag{chance.randrange(50)}"],
        provenance=Provenance(category=Source.TEAM, severity=Source.TEAM, priority=Source.TEAM),
        notify=False,
        detected_at=at,
        reported_at=at,
        created_at=at,
        updated_at=at,
    )


def fill(client: Client, count: int) -> None:
    """Write so many incidents, from two threads."""

    def write(start: int) -> None:
        batch = client.batch()
        for number in range(start, min(start + _BATCH, count)):
            one = incident(number, count)
            batch.set(client.collection(INCIDENTS.collection).document(one.id), encoded_new(INCIDENTS, one))
        batch.commit()

    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(write, range(0, count, _BATCH)):
            pass


@contextmanager
def filled_backend(count: int) -> Iterator[tuple[dict[str, str], requests.Session]]:
    """A backend with so many incidents, and a session of an analyst."""
    os.environ["SECURA_RATE_LIMITS"] = "off"
    with tempfile.TemporaryDirectory() as folder, backend(Path(folder) / "data") as environment:
        os.environ["FIRESTORE_EMULATOR_HOST"] = environment["FIRESTORE_EMULATOR_HOST"]
        with triggers_off(environment):
            fill(Client(project=environment["GOOGLE_CLOUD_PROJECT"]), count)
        with requests.Session() as session:
            adapter = requests.adapters.HTTPAdapter(pool_connections=4, pool_maxsize=_THREADS)
            session.mount("http://", adapter)
            session.headers["Authorization"] = f"Bearer {signed_in(environment)}"
            yield environment, session


@contextmanager
def triggers_off(environment: dict[str, str]) -> Iterator[None]:
    """What is written here is old: nothing follows from it."""
    hub = f"http://{environment['FIREBASE_EMULATOR_HUB']}/functions"
    requests.put(f"{hub}/disableBackgroundTriggers", timeout=60).raise_for_status()
    yield
    requests.put(f"{hub}/enableBackgroundTriggers", timeout=60).raise_for_status()


def signed_in(environment: dict[str, str]) -> str:
    """An ID token of the first analyst."""
    answer = requests.post(
        f"http://{environment['FIREBASE_AUTH_EMULATOR_HOST']}/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword",
        params={"key": "local"},
        json={"email": "analyst1@secura.com", "password": "SecuraAnalyst123!", "returnSecureToken": True},
        timeout=60,
    )
    answer.raise_for_status()
    return str(answer.json()["idToken"])


def requests_to(url: str, count: int) -> dict[str, Send]:
    """The kinds of request."""
    chance = random.Random(1)  # noqa: S311
    ids = [f"bench{chance.randrange(count):015d}" for _ in range(10_000)]

    def report(session: requests.Session, number: int) -> requests.Response:
        body = {"title": f"Odd mail {number}", "description": incident(number, count).description}
        return session.post(f"{url}/api/incidents", json=body, timeout=60)

    return {
        "open one": lambda session, number: session.get(f"{url}/api/incidents/{ids[number]}", timeout=60),
        "list of 20": lambda session, _: session.get(f"{url}/api/incidents?limit=20", timeout=60),
        "list of 20 by status": lambda session, _: session.get(
            f"{url}/api/incidents?limit=20&status=analysis&severity=high", timeout=60
        ),
        "report": report,
    }


def mixed(session: requests.Session, kinds: dict[str, Send], rate: float, seconds: float) -> dict[str, list[float]]:
    """As `at_rate`, of requests as people send them together: for each report, nine look at incidents."""
    names = ["open one", "list of 20"] * 4 + ["open one", "report"]
    times: dict[str, list[float]] = {name: [] for name in dict.fromkeys(names)}

    def send(session: requests.Session, number: int) -> requests.Response:
        return kinds[names[number % len(names)]](session, number)

    for number, spent in enumerate(at_rate(session, send, rate, seconds)):
        times[names[number % len(names)]].append(spent)
    return times


def at_rate(session: requests.Session, send: Send, rate: float, seconds: float) -> list[float]:
    """Milliseconds of each request, counted from when it should have been sent."""
    for number in range(_WARM):
        send(session, number).raise_for_status()
    time.sleep(_SETTLED)
    began = time.perf_counter() + 0.1

    def one(number: int) -> float:
        due = began + number / rate
        time.sleep(max(0.0, due - time.perf_counter()))
        send(session, number).raise_for_status()
        return (time.perf_counter() - due) * 1000

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(one, range(int(rate * seconds))))


def billed(environment: dict[str, str], session: requests.Session, send: Send) -> int:
    """Documents that one request reads."""
    usage = f"http://{environment['FIREBASE_EMULATOR_HUB']}/emulator/v1/usage"
    send(session, 0).raise_for_status()
    before = requests.get(usage, timeout=60).json()["document_reads"]
    send(session, 0).raise_for_status()
    return int(requests.get(usage, timeout=60).json()["document_reads"] - before)


def told(name: str, times: list[float], reads: int | None = None) -> tuple[float, float]:
    """Print a line; the median and the 95th percentile."""
    median, p95 = statistics.median(times), sorted(times)[int(len(times) * 0.95)]
    billed_for = "" if reads is None else f"   {reads:3d} documents read"
    print(f"  {name:<24}median {median:6.1f} ms   p95 {p95:6.1f} ms{billed_for}", flush=True)
    return median, p95


def main() -> int:
    """Exit status 1 when a figure is over its bar."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench.incidents", description="Measure incidents.")
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=20.0, help="for each kind of request")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 100_000])
    options = parser.parse_args()
    missed = False
    for size in options.sizes:
        with filled_backend(size) as (environment, session):
            print(f"{size:,} incidents, {options.rate:.0f} requests/s through the gateway")
            kinds = requests_to(environment["SECURA_URL"], size)
            for name, times in mixed(session, kinds, options.rate, 2 * options.seconds).items():
                told(f"together: {name}", times)
            for name, send in kinds.items():
                reads = billed(environment, session, send)
                median, p95 = told(name, at_rate(session, send, options.rate, options.seconds), reads)
                wanted = BARS.get(name, (15.0, 50.0, 21))
                found = (median, p95, reads)
                missed |= any(bar is not None and got > bar for got, bar in zip(found, wanted, strict=True))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
