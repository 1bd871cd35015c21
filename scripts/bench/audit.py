"""What recording, sealing and verifying the audit trail cost: `python -m scripts.bench.audit [--entries 5000]`.

Starts an embedded Firestore of its own. Exits with 1 when 1,000 sealed entries do not verify in 100 ms, or when sealing
writes a document more than once.
"""

from __future__ import annotations

import argparse
import base64
import json
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

from google.cloud.firestore import Client

from scripts.bench.firestore import connect, report, server
from shared.adapters.ed25519 import Ed25519Signer, signature_check
from shared.adapters.firestore.audit import FirestoreAuditLog
from shared.adapters.firestore.store import FirestoreStore
from shared.adapters.firestore.subject_keys import FirestoreSubjectCipher, MasterKey
from shared.adapters.system import RandomIds, SystemClock
from shared.domain.audit import AuditTarget, FieldChange
from shared.domain.people import Identity, Origin
from shared.domain.permissions import Role
from shared.domain.verifying import verify
from shared.ports.store import AUDIT
from shared.services.audit import AuditTrail
from shared.services.audit.exporting import export_lines
from shared.services.audit.sealing import AuditSealing

BAR = 100.0  # ms for a thousand entries
PEOPLE = 50


def usage(address: str) -> dict[str, Any]:
    """The meter: reads, writes and the documents written most."""
    with urllib.request.urlopen(f"http://{address}/emulator/v1/usage") as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def record(client: Client, count: int) -> float:
    """Write so many entries, from four threads; seconds."""
    cipher = FirestoreSubjectCipher(client, [MasterKey("1", b"m" * 32)])
    trail = AuditTrail(cipher, SystemClock(), RandomIds())
    store = FirestoreStore(client)

    def write(number: int) -> None:
        origin = Origin(address="192.0.2.7", user_agent="Bench/1.0", request_id=f"r{number}")
        who = Identity(f"u{number % PEOPLE}", None, Role.ADMIN, origin=origin)
        changes = [
            FieldChange(field="role", old='"employee"', new='"security_team"'),
            FieldChange(field="phone", old='""', new='"+4930123456"', personal=True),
        ]
        entry = trail.entry(who, "user:changed", AuditTarget(kind="user", id="x"), changes=changes, reason="bench")
        store.create(AUDIT, entry)

    began = time.perf_counter()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(count)))
    return time.perf_counter() - began


def lines_of(log: FirestoreAuditLog) -> Iterator[dict[str, Any]]:
    """The export, parsed, without its header and with the line that ends it."""
    lines = export_lines(log, None, None, SystemClock().now())
    next(lines)
    return (json.loads(line) for line in lines)


def first_thousand(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines up to the seal behind the thousandth entry."""
    sealed = 0
    for place, line in enumerate(lines):
        sealed += line.get("seal", {}).get("count", 0)
        if sealed >= 1000:
            return lines[: place + 1]
    return lines


def run(arguments: list[str] | None = None) -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(prog="python -m scripts.bench.audit", description=__doc__)
    parser.add_argument("--entries", type=int, default=5000)
    count = parser.parse_args(arguments).entries
    signer = Ed25519Signer(base64.b64encode(b"s" * 32).decode())
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as (address, _, _):
        client = connect(address)
        seconds = record(client, count)
        report("entry recorded in a transaction, one of four threads", seconds / count * 4 * 1000, "ms")
        log = FirestoreAuditLog(client)
        before = usage(address)
        began = time.perf_counter()
        sealed = AuditSealing(log, signer, SystemClock(), timedelta(0), lambda _: None).seal()
        report(f"{sealed} entries sealed", (time.perf_counter() - began) * 1000, "ms")
        after = usage(address)
        seals = sum(1 for _ in log.seals())
        writes = after["document_writes"] - before["document_writes"]
        report("seals", seals, "documents")
        report("documents written by sealing", writes, "writes")
        report("documents read by sealing", after["document_reads"] - before["document_reads"], "reads")
        lines = list(lines_of(log))
    check = signature_check(signer.public_key.text)
    thousand = first_thousand(lines)
    times = []
    for _ in range(30):
        began = time.perf_counter()
        verdict = verify(thousand, check)
        times.append((time.perf_counter() - began) * 1000)
    report(f"{verdict.sealed} sealed entries verified, median of 30", statistics.median(times), "ms")
    whole = verify(lines, check)
    print("proven" if whole.finding is None and whole.sealed == count else f"NOT PROVEN: {whole}")
    good = whole.finding is None and statistics.median(times) < BAR and writes == seals
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(run())
