"""Events that nobody took before the last end come at the next start, to functions that know all they need."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.emulator.firestore.conftest import connect

pytestmark = pytest.mark.slow

NOTED = """
import os

from firebase_functions import firestore_fn


@firestore_fn.on_document_created(document="notes/{id}")
def noted(event):
    print("noted, mail goes to", os.environ["SECURA_MAIL_ENDPOINT"], flush=True)
"""
TRIGGER = {
    "eventType": "google.cloud.firestore.document.v1.created",
    "eventFilters": {"database": "(default)"},
    "eventFilterPathPatterns": {"document": "notes/{id}"},
    "retry": True,
}
ENDPOINT = {"platform": "gcfv2", "region": ["europe-west1"], "entryPoint": "noted", "eventTrigger": TRIGGER}


def leave_an_event(data, manifest):
    """Write a document while no function can be reached."""
    command = [sys.executable, "-m", "emulator", "--project=demo-secura", f"--data={data}", "--only=firestore"]
    options = [
        "--firestore-port=0",
        f"--manifest={manifest}",
        "--functions-url=http://127.0.0.1:9",
        "--exit-with-parent",
    ]
    with subprocess.Popen(  # noqa: S603  # our own program
        [*command, *options], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        client = connect(json.loads(process.stdout.readline())["ready"]["firestore"], "demo-secura")
        client.document("notes/a").set({})
        client.close()
        process.stdin.close()


def test_they_meet_functions_that_know_where_their_services_are(project):
    (project.root / "main.py").write_text(NOTED)
    manifest = project.root / "functions.yaml"
    manifest.write_text(json.dumps({"specVersion": "v1alpha1", "endpoints": {"noted": ENDPOINT}}))
    first = project.start().ready()
    assert first.end() == 0
    leave_an_event(first.data, manifest)
    second = project.start()
    second.until(lambda lines: any("noted, mail goes to http://" in line for line in lines))
    assert not any("KeyError" in line for line in second.output)
    assert second.end() == 0
