#!/usr/bin/env python3
"""What the gate costs a request: its own time, and the calls to Firestore.

Starts an embedded Firestore of its own and a local server of certificates, makes really signed ID tokens, sends
requests through the gate as it is deployed, and prints one table:

    python scripts/bench/gate.py [--calls 5000]

Exits with 1 when the median or the 99th percentile of an ordinary request is not under 1 ms, or when a document is read
for it. The lease of the rate limit is large here, so that what is measured is our own time and not the database's.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.x509.oid import NameOID
from flask import Request
from google.cloud.firestore import Client
from werkzeug.test import EnvironBuilder

from scripts.bench.firestore import connect, report, server
from shared.adapters.firebase_identity import FirebaseTokenVerifier
from shared.adapters.firestore.access import FirestoreAccess
from shared.adapters.firestore.collections import FirestoreUsers
from shared.adapters.firestore.counters import FirestoreCounters
from shared.adapters.firestore.revocations import FirestoreRevocations
from shared.adapters.firestore.sessions import FirestoreSessions
from shared.adapters.signing_keys import SigningKeys, certificates
from shared.adapters.system import SystemClock
from shared.domain.limits import LimitTable
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Operation
from shared.entry.gate import Gatekeeper, Passage
from shared.entry.gates.apps import AppGate
from shared.entry.gates.documents import DocumentGate
from shared.entry.gates.limits import LimitGate
from shared.entry.gates.origin import Origins
from shared.entry.gates.standing import StandingGate
from shared.ports.identity import AppVerifier, TokenVerifier
from shared.services.access.limiting import RateLimiter
from shared.services.access.monitoring import AccessMonitor
from shared.services.access.noting import SessionNotes
from shared.services.access.revoked import RevokedSessions
from shared.settings import Settings

PROJECT = "demo-bench"
CLOCK = SystemClock()
BAR = 1.0  # ms
HELD_LEASE = "read=900000"


def certificate(key: RSAPrivateKey) -> str:
    """A self-signed certificate of the key, in PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


@contextmanager
def certificate_server(key: RSAPrivateKey) -> Iterator[str]:
    """Hands out the certificate as Google does; its address."""
    body = json.dumps({"bench": certificate(key)}).encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer."""
            self.send_response(200)
            self.send_header("Cache-Control", "public, max-age=20000")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/"
        http.shutdown()
        thread.join()


def token(key: RSAPrivateKey) -> str:
    """A signed ID token of somebody of the security team."""
    now = int(time.time())
    claims = {
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "sub": "person",
        "iat": now,
        "auth_time": now,
        "exp": now + 3600,
        "email": "person@example.org",
        "email_verified": True,
        "role": "security_team",
        "firebase": {"sign_in_provider": "password", "identities": {"email": ["person@example.org"]}},
    }
    return jwt.encode(claims, key, algorithm="RS256", headers={"kid": "bench"})


def no_app_check() -> AppVerifier:
    """App Check is off here."""
    raise RuntimeError("App Check is off")


def gate(client: Client, verifier: TokenVerifier) -> Gatekeeper:
    """The gate as shared.bootstrap builds it, on this database and with these keys."""
    settings = Settings.read({"GOOGLE_CLOUD_PROJECT": PROJECT})
    limiter = RateLimiter(FirestoreCounters(client), CLOCK)
    revoked = RevokedSessions(FirestoreRevocations(client, CLOCK), CLOCK)
    notes = SessionNotes(FirestoreSessions(client), CLOCK)
    monitor = AccessMonitor(FirestoreAccess(client), CLOCK, settings.alert_threshold)
    return Gatekeeper(
        origins=Origins(settings.trusted_proxies),
        apps=AppGate("off", no_app_check),
        limits=LimitGate(LimitTable.parse(HELD_LEASE), lambda: limiter),
        verifier=lambda: verifier,
        revoked=lambda: revoked,
        standing=StandingGate(CLOCK.now, settings.second_factor_roles),
        documents=DocumentGate(lambda: FirestoreUsers(client)),
        sessions=lambda: notes,
        monitor=lambda: monitor,
    )


def handler(_: Call[None, None]) -> Answer:
    """Never called: the gate is what is measured."""
    raise RuntimeError


OPERATION = Operation(
    "GET", "/api/incidents", handler, "List", returns=None, permission=Permission.INCIDENT_READ_ALL, tag="incidents"
)


def percentiles(action: Callable[[], object], calls: int) -> tuple[float, float]:
    """Median and 99th percentile, in ms."""
    times = []
    for _ in range(calls):
        began = time.perf_counter()
        action()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times), statistics.quantiles(times, n=100)[98]


def usage(address: str) -> dict[str, int]:
    """What Google would bill so far."""
    with urllib.request.urlopen(f"http://{address}/emulator/v1/usage") as answer:
        counted: dict[str, int] = json.load(answer)
    return counted


def measure(address: str, client: Client, keys_url: str, key: RSAPrivateKey, calls: int) -> bool:
    """Print the table; whether the bar is met."""
    verifier = FirebaseTokenVerifier(PROJECT, SigningKeys(CLOCK, keys_url, certificates), CLOCK)
    ours = gate(client, verifier)
    text = token(key)
    headers = [("Authorization", f"Bearer {text}"), ("X-Forwarded-For", "203.0.113.9, 151.101.1.1")]
    request = Request(EnvironBuilder(path="/api/incidents", headers=headers).get_environ())

    def admit() -> None:
        ours.admit(request, OPERATION, Passage("bench"))

    admit()  # the session is noted, the keys and the revocations are fetched
    token_median, token_high = percentiles(lambda: verifier.verify(text), calls)
    before = usage(address)
    median, high = percentiles(admit, calls)
    after = usage(address)
    reads = after["document_reads"] - before["document_reads"]
    writes = after["document_writes"] - before["document_writes"]
    report("ID token, RS256, certificates cached: median", token_median, "ms")
    report("ID token, RS256, certificates cached: p99", token_high, "ms")
    report("the whole gate, an ordinary request: median", median, "ms")
    report("the whole gate, an ordinary request: p99", high, "ms")
    report(f"documents read for {calls} ordinary requests", reads, "")
    report(f"leases of the limits written for {calls} ordinary requests", writes, "")
    return max(median, high) < BAR and reads == 0


def main() -> int:
    """Run the benchmark; 1 when the bar is not met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=5000)
    options = parser.parse_args()
    key = generate_private_key(public_exponent=65537, key_size=2048)
    with (
        tempfile.TemporaryDirectory() as folder,
        server(Path(folder)) as (address, _, _),
        certificate_server(key) as keys_url,
    ):
        met = measure(address, connect(address), keys_url, key, options.calls)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
