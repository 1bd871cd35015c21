"""`python -m scripts.fuzzing [--requests 10000] [--seed 1] [--only PATH]`: exit status 1 when anything was wrong."""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def services() -> Iterator[None]:
    """Embedded services of our own, and the environment that leads to them."""
    from scripts.backend.buckets import bucket_names, create_buckets
    from scripts.fuzzing.people import PROJECT

    with tempfile.TemporaryDirectory() as folder:
        names = ("firestore", "auth", "pubsub", "storage", "mail", "control")
        command = [sys.executable, "-m", "emulator", f"--project={PROJECT}", f"--data={folder}", "--exit-with-parent"]
        command += [f"--{name}-port=0" for name in names]
        command += ["--rules=firestore.rules", "--indexes=firestore.indexes.json", "--functions-url=http://127.0.0.1:9"]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            if process.stdin is None or process.stdout is None:
                raise RuntimeError("the services have no pipes")
            addresses = json.loads(process.stdout.readline())["ready"]
            os.environ |= {
                "GOOGLE_CLOUD_PROJECT": PROJECT,
                "FIRESTORE_EMULATOR_HOST": addresses["firestore"],
                "FIREBASE_AUTH_EMULATOR_HOST": addresses["auth"],
                "PUBSUB_EMULATOR_HOST": addresses["pubsub"],
                "STORAGE_EMULATOR_HOST": f"http://{addresses['storage']}",
                "SECURA_PUBLIC_URL": "https://secura.example.org",
                "SECURA_LINK_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
                "SECURA_AUDIT_MASTER_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
                "SECURA_RATE_LIMITS": "off",
                "SECURA_LOG_LEVEL": "ERROR",
            }
            asyncio.run(create_buckets(addresses["storage"], PROJECT, bucket_names(PROJECT, {}).values()))
            yield
            process.stdin.close()
            process.terminate()


def run(arguments: list[str] | None = None) -> int:
    """Send, judge, print."""
    parser = argparse.ArgumentParser(prog="python -m scripts.fuzzing", description=__doc__)
    parser.add_argument("--requests", type=int, default=10_000, help="for each operation (default 10,000)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6))
    parser.add_argument("--only", default="", help="operations whose path holds this")
    options = parser.parse_args(arguments)
    print(f"seed {options.seed}")
    with services():
        from scripts.fuzzing.documents import broken_invariants, people_and_documents
        from scripts.fuzzing.requests import Generator
        from scripts.fuzzing.runner import endpoints, fuzz

        known = people_and_documents()
        wrong = 0
        for endpoint, operation in endpoints():
            if options.only not in operation.path:
                continue
            began = time.perf_counter()
            outcome = fuzz(endpoint, operation, Generator(options.seed, known), options.requests)
            rate = options.requests / (time.perf_counter() - began)
            classes = {
                f"{kind}xx": sum(n for s, n in outcome.statuses.items() if s // 100 == kind) for kind in (2, 3, 4, 5)
            }
            print(f"{outcome.name:<60}{classes!s:<50}{rate:>8.0f}/s  {len(outcome.faults)} faults", flush=True)
            for fault in outcome.faults[:3]:
                print(f"    {fault}", flush=True)
            wrong += len(outcome.faults)
        problems = broken_invariants()
        for problem in problems[:20]:
            print(f"afterwards: {problem}")
        print(f"afterwards: {len(problems)} invariants broken")
        wrong += len(problems)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(run())
