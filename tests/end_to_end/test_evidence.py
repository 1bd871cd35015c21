"""Evidence as people use it: a file is attached, inspected, fetched, and what happened to it can be proven."""

from __future__ import annotations

import hashlib
import io
import os
import uuid
import zlib
from collections import Counter
from urllib.parse import quote

import pypdf
import pytest
import pyzipper
import requests

from scripts.demo import DEMO_USERS
from tests.end_to_end.conftest import eventually

MEGABYTE = 1024 * 1024
# EICAR's test file, in two parts: whole, it would have this source taken away by scanners.
EICAR = (r"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*").encode()
FINAL = {"clean", "infected", "refused", "deleted"}


@pytest.fixture(scope="session")
def analyst(backend):
    """The headers of somebody of the security team."""
    someone = next(one for one in DEMO_USERS if one.role.value == "security_team")
    return backend.sign_in(someone.email, someone.password)


@pytest.fixture(scope="session")
def reporter(backend):
    return backend.join("Rae Reporter")


@pytest.fixture
def incident(backend, reporter):
    body = {"title": "Strange file in the mail", "description": f"A mail held a file. {uuid.uuid4().hex}"}
    made = requests.post(f"{backend.url}/api/incidents", json=body, headers=reporter.headers, timeout=60)
    assert made.status_code == 201, made.text
    return f"{backend.url}/api/incidents/{made.json()['id']}/evidence"


def attach(url, who, name, content, content_type="application/octet-stream", **more):
    return requests.post(url, headers=who, files={"file": (name, content, content_type)}, timeout=60, **more)


def attached(url, who, name, content, *arguments, **more):
    answer = attach(url, who, name, content, *arguments, **more)
    assert answer.status_code == 201, answer.text
    return f"{url}/{answer.json()['evidence']['id']}"


def got(url, who, **more):
    answer = requests.get(url, headers=who, timeout=60, **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def settled(backend):
    """The evidence once nothing more is done: (url, headers) → the answer. It asks the database, which has no quota."""
    documents = f"http://{backend.env['FIRESTORE_EMULATOR_HOST']}/v1/projects/demo-secura/databases/(default)/documents"

    def inspected(path):
        answer = requests.get(f"{documents}/{path}", headers={"Authorization": "Bearer owner"}, timeout=60)
        answer.raise_for_status()
        fields = answer.json()["fields"]
        return fields["status"]["stringValue"] in FINAL and not fields["quarantined"]["booleanValue"]

    def wait(url, who):
        path = url.partition("/api/")[2]
        assert eventually(lambda: inspected(path))
        return got(url, who)

    return wait


@pytest.fixture
def faults(backend):
    """Adds a fault; all are off again behind the test."""
    url = f"http://{backend.env['FIREBASE_EMULATOR_HUB']}/emulator/v1/faults"

    def add(rule):
        requests.post(url, json=rule, timeout=60).raise_for_status()

    yield add
    requests.delete(url, timeout=60).raise_for_status()


def fetched(evidence, **headers):
    return requests.get(evidence["link"]["url"], headers=headers, timeout=60)


def test_a_file_is_inspected_and_released_with_its_hashes(backend, incident, reporter, settled):
    content = os.urandom(10) + b"plain" * 1000
    one = attached(incident, reporter.headers, "notes.bin", content, data={"description": "From the desktop"})
    evidence = settled(one, reporter.headers)
    assert (evidence["status"], evidence["size"], evidence["description"]) == ("clean", 5010, "From the desktop")
    assert evidence["sha256"] == hashlib.sha256(content).hexdigest()
    assert evidence["sha1"] == hashlib.sha1(content, usedforsecurity=False).hexdigest()
    assert evidence["md5"] == hashlib.md5(content, usedforsecurity=False).hexdigest()
    answer = fetched(evidence)
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["Content-Length"] == "5010"
    part = fetched(evidence, Range="bytes=5000-")
    assert (part.status_code, part.content) == (206, content[5000:])
    assert part.headers["Content-Range"] == "bytes 5000-5009/5010"
    assert fetched(evidence, Range="bytes=9000-").status_code == 416
    (listed,) = got(incident, reporter.headers)["items"]
    assert (listed["sha256"], listed["status"]) == (evidence["sha256"], "clean")
    # The name is in the incident's observables, and the incident is active.
    shown = got(incident.removesuffix("/evidence"), reporter.headers)
    assert shown["active_at"] is not None
    assert ("filename", "notes.bin") in {(found["type"], found["value"]) for found in shown["observables"]}


@pytest.mark.parametrize(
    ("name", "content", "content_type"),
    [
        ("page.html", b"<!doctype html><html><script>alert(document.domain)</script></html>", "text/html"),
        ("logo.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "image/svg+xml"),
    ],
)
def test_what_a_browser_could_run_is_only_ever_an_attachment(incident, reporter, name, content, content_type, settled):
    evidence = settled(attached(incident, reporter.headers, name, content, content_type), reporter.headers)
    assert evidence["content_type"] == content_type
    answer = fetched(evidence)
    assert answer.content == content
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Repr-Digest"].startswith("sha-256=:")


def test_malware_is_locked_away_and_only_the_team_gets_it_encrypted(incident, reporter, analyst, settled):
    one = attached(incident, reporter.headers, "invoice.com", EICAR)
    evidence = settled(one, reporter.headers)
    assert (evidence["status"], evidence["link"]) == ("infected", None)
    assert [scan for scan in evidence["scans"] if scan["verdict"] == "infected"]
    for_team = got(one, analyst)
    assert for_team["link"]["archive"] is True
    answer = fetched(for_team)
    assert EICAR not in answer.content
    assert 'filename="invoice.com.zip"' in answer.headers["Content-Disposition"]
    with pyzipper.AESZipFile(io.BytesIO(answer.content)) as archive:
        archive.setpassword(b"infected")
        assert archive.read("dangerous/invoice.com") == EICAR
        assert evidence["sha256"] in archive.read("WARNING.txt").decode()
        assert all(info.flag_bits & 1 for info in archive.infolist())
    shown = got(incident.removesuffix("/evidence"), reporter.headers)
    assert ("hash", evidence["sha256"]) in {(found["type"], found["value"]) for found in shown["observables"]}


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\evil.exe", "evil.exe"),
        ("...hidden", "hidden"),
        ("CON.txt", "_CON.txt"),
        ("pay\u202egpj.exe", "paygpj.exe"),
        ("naïve 名前.txt", "naïve 名前.txt"),
    ],
)
def test_a_hostile_name_is_shown_and_saved_as_a_harmless_one(incident, reporter, name, shown, settled):
    body = {"file_name": name, "size": 3}
    made = requests.post(incident, json=body, headers=reporter.headers, timeout=60).json()
    assert requests.put(made["upload"]["url"], data=b"abc", timeout=60).status_code == 200
    evidence = settled(f"{incident}/{made['evidence']['id']}", reporter.headers)
    assert (evidence["file_name"], evidence["original_name"]) == (shown, name)
    disposition = fetched(evidence).headers["Content-Disposition"]
    assert "filename*=UTF-8''" + quote(shown, safe="") in disposition


def test_a_large_file_goes_up_in_pieces_that_can_be_resumed(incident, reporter, settled):
    content = os.urandom(MEGABYTE) * 12
    body = {"file_name": "memory.dmp", "size": len(content), "content_type": "application/octet-stream"}
    made = requests.post(incident, json=body, headers=reporter.headers, timeout=60)
    assert made.status_code == 201, made.text
    plan = made.json()["upload"]
    half = 6 * MEGABYTE
    headers = plan["headers"] | {"Content-Range": f"bytes 0-{half - 1}/{len(content)}"}
    first = requests.request(plan["method"], plan["url"], data=content[:half], headers=headers, timeout=60)
    assert first.status_code == 308
    assert got(f"{incident}/{made.json()['evidence']['id']}", reporter.headers)["status"] == "awaiting_upload"
    headers = plan["headers"] | {"Content-Range": f"bytes {half}-{len(content) - 1}/{len(content)}"}
    assert requests.put(plan["url"], data=content[half:], headers=headers, timeout=60).status_code == 200
    evidence = settled(f"{incident}/{made.json()['evidence']['id']}", reporter.headers)
    assert (evidence["status"], evidence["sha256"]) == ("clean", hashlib.sha256(content).hexdigest())
    assert zlib.crc32(fetched(evidence).content) == zlib.crc32(content)


def test_a_file_that_is_not_what_was_announced_is_refused(incident, reporter, settled):
    body = {"file_name": "small.txt", "size": 5}
    made = requests.post(incident, json=body, headers=reporter.headers, timeout=60).json()
    sent = requests.put(made["upload"]["url"], data=b"much more", timeout=60)
    one = f"{incident}/{made['evidence']['id']}"
    if sent.status_code == 200:
        evidence = settled(one, reporter.headers)
        assert (evidence["status"], evidence["link"]) == ("refused", None)
        assert "size" in evidence["refusal"]
    else:
        assert got(one, reporter.headers)["status"] == "awaiting_upload"


def test_a_file_put_in_the_place_of_a_scanned_one_changes_nothing(backend, incident, reporter, analyst, settled):
    one = attached(incident, reporter.headers, "report.txt", b"what was scanned")
    evidence = settled(one, reporter.headers)
    incident_id, evidence_id = evidence["incident_id"], evidence["id"]
    # Somebody with the rights of an administrator of the cloud puts other bytes under the name.
    requests.post(
        f"{backend.env['STORAGE_EMULATOR_HOST']}/upload/storage/v1/b/demo-secura-quarantine/o",
        params={"uploadType": "media", "name": f"incidents/{incident_id}/{evidence_id}"},
        data=EICAR,
        timeout=60,
    ).raise_for_status()
    chain = eventually(
        lambda: next(
            (
                item
                for item in got(f"{one}/custody", analyst)["items"]
                if item["action"] == "evidence:overwrite_refused"
            ),
            None,
        )
    )
    assert chain["actor"]["id"] == "evidence_uploaded"
    after = got(one, reporter.headers)
    assert (after["status"], after["sha256"]) == ("clean", evidence["sha256"])
    assert fetched(after).content == b"what was scanned"


def test_evidence_does_not_exist_for_others(backend, incident, reporter, settled):
    one = attached(incident, reporter.headers, "private.txt", b"private")
    evidence = settled(one, reporter.headers)
    other = backend.join("Odd Other").headers
    absent = requests.get(f"{incident}/none", headers=reporter.headers, timeout=60)
    assert absent.status_code == 404
    for answer in (
        requests.get(incident, headers=other, timeout=60),
        requests.get(one, headers=other, timeout=60),
        attach(incident, other, "a.txt", b"a"),
    ):
        assert (answer.status_code, answer.json()["detail"]) == (404, "There is no such incident")
    # What only the team may: the reporter has no permission.
    assert requests.get(f"{one}/custody", headers=reporter.headers, timeout=60).status_code == 403
    assert requests.delete(one, json={"reason": "no reason"}, headers=reporter.headers, timeout=60).status_code == 403
    link = evidence["link"]["url"]
    assert requests.get(link[:-4] + "AAAA", timeout=60).status_code == 404
    another = attached(incident, reporter.headers, "another.txt", b"another").rsplit("/", 1)[-1]
    assert requests.get(link.replace(evidence["id"], another), timeout=60).status_code == 404


def test_a_retry_attaches_once(incident, reporter):
    headers = reporter.headers | {"Idempotency-Key": "my-file"}
    first, again = (attach(incident, headers, "a.txt", b"same") for _ in range(2))
    assert first.json()["evidence"]["id"] == again.json()["evidence"]["id"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert attach(incident, headers, "a.txt", b"other").status_code == 422
    assert len(got(incident, reporter.headers)["items"]) == 1


def test_what_is_too_large_or_no_file_is_told_so(incident, reporter):
    over = attach(incident, reporter.headers, "a.bin", b"x" * (10 * MEGABYTE + 1))
    assert over.status_code == 413
    assert "session" in over.json()["detail"]
    body = {"file_name": "a.bin", "size": 6 * 1024**3}
    assert requests.post(incident, json=body, headers=reporter.headers, timeout=60).status_code == 413
    assert attach(incident, reporter.headers, "a.bin", b"").status_code == 422
    no_file = requests.post(incident, files={"other": ("a", b"a")}, headers=reporter.headers, timeout=60)
    assert no_file.status_code == 422
    assert requests.post(incident, data=b"a", headers=reporter.headers, timeout=60).status_code == 415


def test_the_chain_of_custody_is_proven_and_printed(backend, incident, reporter, analyst, settled):
    one = attached(incident, reporter.headers, 'x"#panic()[.txt', b"the evidence")
    evidence = settled(one, reporter.headers)
    fetched(got(one, analyst))
    gone = requests.delete(one, json={"reason": "Kept elsewhere"}, headers=analyst, timeout=60)
    assert (gone.status_code, gone.json()["status"]) == (200, "deleted")
    assert got(one, reporter.headers)["link"] is None
    assert fetched(evidence).status_code == 404
    requests.post(f"http://{backend.env['FIREBASE_EMULATOR_HUB']}/emulator/v1/schedules/audit_sealing:run", timeout=60)
    report = got(f"{one}/custody", analyst)
    actions = [item["action"].removeprefix("evidence:") for item in report["items"]]
    assert actions[:2] == ["announced", "uploaded"]
    assert {"scanned", "copied", "viewed", "downloaded", "deleted", "custody_read"} <= set(actions)
    assert report["broken"] == 0
    assert {item["sha256"] for item in report["items"] if item["action"] != "evidence:announced"} == {
        evidence["sha256"]
    }
    pdf = requests.get(f"{one}/custody", params={"format": "pdf"}, headers=analyst, timeout=60)
    assert pdf.headers["Content-Type"] == "application/pdf"
    read = pypdf.PdfReader(io.BytesIO(pdf.content))
    text = "".join(page.extract_text() for page in read.pages).replace("\u200b", "")
    assert evidence["sha256"] in text.replace("\n", "")
    assert "Kept elsewhere" in text
    assert "#panic()[.txt" in text
    assert read.metadata is not None
    assert str(read.metadata.title).startswith("Chain of custody")


@pytest.mark.parametrize(
    "fault",
    [{"kind": "duplicate"}, {"kind": "reorder", "delay": 0.5}, {"kind": "lost-ack"}, {"kind": "delay", "delay": 0.5}],
    ids=lambda fault: fault["kind"],
)
def test_events_that_come_twice_late_or_in_another_order_give_the_same(
    incident, reporter, analyst, settled, faults, fault
):
    faults({"service": "events", "call": "evidence_uploaded", "count": 4, **fault})
    clean, bad = (attached(incident, reporter.headers, "a.bin", content) for content in (os.urandom(100), EICAR))
    assert settled(clean, reporter.headers)["status"] == "clean"
    assert settled(bad, reporter.headers)["status"] == "infected"
    for one in (clean, bad):
        counted = Counter(item["action"] for item in got(f"{one}/custody", analyst)["items"])
        told = {f"evidence:{verb}" for verb in ("announced", "uploaded", "scanned", "copied", "deleted")}
        assert {action: counted[action] for action in told} == dict.fromkeys(told, 1)


def test_a_storage_that_fails_in_between_only_costs_time(incident, reporter, settled, faults):
    faults({"service": "storage", "kind": "unavailable", "count": 3})
    one = attached(incident, reporter.headers, "a.bin", os.urandom(100))
    evidence = settled(one, reporter.headers)
    assert evidence["status"] == "clean"
    assert fetched(evidence).status_code == 200
