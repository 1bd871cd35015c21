"""scripts/import_incidents against the running backend, as an administrator uses it."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
import requests

from tests.conftest import ROOT

pytestmark = pytest.mark.slow
ROWS = [
    {"id": 1, "text": "A laptop with payroll data was stolen from a parked car overnight.", "date": "2024-05-01"},
    {"id": 2, "text": "A letter with medical results went to the wrong patient.", "severity": "high"},
    {"id": 3, "text": "short"},
    {"id": 1, "text": "A laptop with payroll data was stolen from a parked car overnight.", "date": "2024-05-01"},
    {"id": 4, "text": "Ransomware encrypted the file server and left a note.", "labels": "old; server"},
]


@pytest.fixture
def importing(backend, tmp_path):
    file = tmp_path / "old incidents.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in ROWS))

    def run(*arguments: str, password: str = "SecuraAnalyst123!", path: str = str(file)):
        return subprocess.run(  # noqa: S603  # our own program
            [ROOT / "scripts" / "import_incidents", path, "--data", backend.data, *arguments],
            env={"PATH": os.environ["PATH"], "SECURA_PASSWORD": password},
            capture_output=True,
            text=True,
            check=False,
        )

    run.file = file  # type: ignore[attr-defined]
    return run


def test_a_dry_run_says_what_could_not_be_imported_and_sends_nothing(importing):
    result = importing("--dry-run")
    assert result.returncode == 1
    assert "3 rows can be imported, 2 cannot" in result.stdout
    assert "line 3: description" in result.stdout
    assert "line 4: the same as line 1" in result.stdout
    assert not importing.file.with_name(importing.file.name + ".imported.jsonl").exists()


def test_everything_usable_is_imported_once_and_the_rest_is_listed(importing, backend):
    first = importing("--no-mail")
    assert first.returncode == 1
    assert "3 imported, 0 were in already, 2 refused" in first.stdout
    journal = importing.file.with_name(importing.file.name + ".imported.jsonl")
    ids = [json.loads(line)["incident_id"] for line in journal.read_text().splitlines()]
    refused = importing.file.with_name(importing.file.name + ".refused.csv").read_text()
    assert refused.splitlines()[1].startswith("3,")

    again = importing("--no-mail")
    assert "0 imported, 3 were in already, 2 refused" in again.stdout
    journal.unlink()  # even without it nothing is doubled
    importing("--no-mail")
    assert sorted(json.loads(line)["incident_id"] for line in journal.read_text().splitlines()) == sorted(ids)

    analyst = backend.sign_in("analyst1@secura.com", "SecuraAnalyst123!")
    found = [requests.get(f"{backend.url}/api/incidents/{i}", headers=analyst, timeout=60).json() for i in ids]
    by_title = {incident["title"]: incident for incident in found}
    laptop = by_title["A laptop with payroll data was stolen from a parked car overnight."]
    assert laptop["detected_at"] == "2024-05-01T00:00:00Z"
    assert by_title["Ransomware encrypted the file server and left a note."]["tags"] == ["old", "server"]
    assert not any(incident["reference"] in str(mail["subject"]) for incident in found for mail in backend.mails())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"password": "wrong"}, "INVALID_LOGIN_CREDENTIALS"),
        ({"path": "nowhere.csv"}, "No such file"),
        ({"path": "README.md"}, "give a .jsonl, .csv or .xlsx file"),
    ],
)
def test_what_cannot_start_says_why_in_one_line(importing, arguments, says):
    result = importing(**arguments)
    assert result.returncode == 2
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("option", [["--map", "x=y"], ["--time-zone", "Mars/Olympus"], ["--encoding", "klingon"]])
def test_options_that_make_no_sense_are_refused(importing, option):
    result = importing(*option)
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)


def test_an_employee_cannot_import_in_silence(importing):
    result = importing("--no-mail", "--email", "employee1@secura.com", password="SecuraEmployee123!")
    assert result.returncode == 1
    assert "Stopped: The API does not let us report" in result.stderr
