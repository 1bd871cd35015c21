"""Assignment, the rota, the timeline and what people are told, through the gateway and into the outbox."""

from __future__ import annotations

import csv
import io
import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest
import requests

from tests.end_to_end.conftest import eventually

pytestmark = pytest.mark.slow
REPORT = {
    "title": "=A mail asked for my password",
    "description": "A mail led to a page that looked like ours.",
    "category": "phishing_social",
    "severity": "low",
}
OUTCOME = {"status": "closed", "outcome": "true_positive_no_impact", "summary": "The page was taken down in time."}


def call(backend, method, path, who=None, json=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.request(method, f"{backend.url}/api{path}", headers=(who or {}) | named, json=json, timeout=60)


@pytest.fixture(scope="module")
def analyst(backend):
    return backend.sign_in("analyst1@secura.com", "SecuraAnalyst123!")


@pytest.fixture(scope="module")
def admin(backend):
    return backend.sign_in("admin@secura.com", "SecuraAdmin123!")


@pytest.fixture(scope="module")
def analyst_uid(backend, analyst):
    return call(backend, "GET", "/auth/profile", analyst).json()["uid"]


@pytest.fixture
def reporter(backend):
    return backend.join("Rita Reporter")


@pytest.fixture
def incident(backend, reporter):
    made = call(backend, "POST", "/incidents", reporter.headers, REPORT)
    assert made.status_code == 201, made.text
    return made.json()


def change(backend, who, incident_id, **fields):
    """The change on the version of the moment: the analysis may make a new one in between."""

    def once():
        version = call(backend, "GET", f"/incidents/{incident_id}", who).headers["ETag"]
        answer = call(backend, "PUT", f"/incidents/{incident_id}", who, fields, If_Match=version)
        return answer if answer.status_code != 412 else None

    answer = eventually(once)
    assert answer.status_code == 200, answer.text


def subjects(backend, address):
    return [str(mail["subject"]) for mail in backend.mails(to=address)]


def told(backend, who):
    return call(backend, "GET", "/notifications", who).json()


def test_whoever_reports_is_told_from_the_report_to_its_end_once_each(backend, incident, reporter, analyst):
    path, reference = incident["id"], incident["reference"]
    assert reference in backend.mail_to(reporter.address, "We received your report")
    change(backend, analyst, path, status="analysis")
    assert reference in backend.mail_to(reporter.address, "The security team looks into")

    call(backend, "POST", f"/incidents/{path}/messages", analyst, {"body": "Did you type a password?"})
    mail = backend.mail_to(reporter.address, "wrote to you")
    assert "Did you type a password?" in mail
    (link,) = re.findall(r"http://\S+/api/incidents/reply\?token=(\S+)", mail)
    answer = {"token": unquote(link), "body": "No, I did not."}
    assert requests.post(f"{backend.url}/api/incidents/reply", data=answer, timeout=60).status_code == 200
    assert call(backend, "GET", f"/incidents/{path}/messages", analyst).json()["items"][1]["body"] == "No, I did not."

    change(backend, analyst, path, **OUTCOME)
    end = backend.mail_to(reporter.address, "is closed")
    assert "It was a real incident, and it did no damage." in end
    assert OUTCOME["summary"] in end

    page = eventually(lambda: (found := told(backend, reporter.headers))["unread"] == 4 and found)
    assert [one["kind"] for one in page["items"]] == [
        "incident_updated",
        "incident_message",
        "incident_updated",
        "incident_received",
    ]
    assert {(one["reference"], one["title"], one["read_at"]) for one in page["items"]} == {
        (reference, REPORT["title"], None)
    }
    newest = page["items"][0]["id"]
    assert call(backend, "POST", "/notifications/read", reporter.headers, {"ids": [newest]}).json() == {"unread": 3}
    assert [
        one["id"]
        for one in call(backend, "GET", "/notifications?unread=true&limit=1", reporter.headers).json()["items"]
    ] == [page["items"][1]["id"]]
    assert call(backend, "POST", "/notifications/read", reporter.headers, {"all": True}).json() == {"unread": 0}
    about = [one for one in subjects(backend, reporter.address) if reference in one]
    assert len(about) == 4
    assert call(backend, "GET", "/notifications").status_code == 401


def test_an_incident_is_given_to_somebody_who_hears_of_it(backend, incident, reporter, analyst, admin, analyst_uid):
    path, reference = f"/incidents/{incident['id']}/assign", incident["reference"]
    # Of nobody's report the analysis makes a version of its own: it has to be there before the versions are compared.
    eventually(lambda: call(backend, "GET", f"/incidents/{incident['id']}", analyst).json()["analysis"])
    given = call(backend, "POST", path, admin, {"assignee_id": "analyst1@secura.com", "note": "You know these."})
    assert given.status_code == 200, given.text
    assert (given.json()["assignee_ids"], given.json()["status"]) == ([analyst_uid], "new")
    assert given.headers["ETag"] == f'"{given.json()["version"]}"'
    again = call(backend, "POST", path, admin, {"assignee_id": analyst_uid})
    assert (again.status_code, again.headers["ETag"]) == (200, given.headers["ETag"])
    stale = call(backend, "POST", path, admin, {"assignee_id": analyst_uid}, If_Match='"1"')
    assert stale.status_code == 412
    for body in ({"assignee_id": reporter.uid}, {"assignee_id": "nobody"}, {}, {"assignee_id": "a", "rule": "skill"}):
        assert call(backend, "POST", path, admin, body).status_code == 422
    assert call(backend, "POST", path, reporter.headers, {"assignee_id": analyst_uid}).status_code == 403
    assert call(backend, "POST", path, None, {"assignee_id": analyst_uid}).status_code == 401
    eventually(lambda: [one for one in subjects(backend, "analyst1@secura.com") if one.startswith(f"{reference} was")])

    by_rule = call(backend, "POST", path, admin, {"rule": "least_loaded"})
    assert (by_rule.status_code, len(by_rule.json()["assignee_ids"])) == (200, 1)
    assert call(backend, "POST", path, admin, {"rule": "least_loaded"}).headers["ETag"] == by_rule.headers["ETag"]
    assert call(backend, "PUT", "/auth/profile", analyst, {"skills": ["phishing_social"]}).status_code == 200
    skilled = call(backend, "POST", path, admin, {"rule": "skill"})
    assert skilled.json()["assignee_ids"] == [analyst_uid]

    call(backend, "POST", f"/incidents/{incident['id']}/messages", reporter.headers, {"body": "Is there any news?"})
    words = f"There is a new message at {reference}"
    assert "Is there any news?" in backend.mail_to("analyst1@secura.com", words)


def test_the_timeline_as_pages_and_files_for_the_team_and_the_reporter(backend, incident, reporter, analyst, admin):
    path = f"/incidents/{incident['id']}/timeline"
    eventually(lambda: call(backend, "GET", f"/incidents/{incident['id']}", analyst).json()["analysis"])
    call(backend, "POST", f"/incidents/{incident['id']}/assign", admin, {"rule": "least_loaded", "note": "=1+1"})
    at = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    activity = {"at": at, "description": "A mail with a link was sent.", "technique": "T1566.002"}
    key = {"Idempotency_Key": uuid.uuid4().hex}
    entered = call(backend, "POST", path, analyst, activity, **key)
    assert (entered.status_code, entered.json()["kind"], entered.json()["internal"]) == (201, "attacker_activity", True)
    again = call(backend, "POST", path, analyst, activity, **key)
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (entered.json(), "true")
    future = {**activity, "at": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}
    assert call(backend, "POST", path, analyst, future).status_code == 422
    assert call(backend, "POST", path, reporter.headers, activity).status_code == 403

    whole = call(backend, "GET", path, analyst).json()["items"]
    assert [one["kind"] for one in whole] == ["attacker_activity", "reported", "analyzed", "assigned"]
    (assigned,) = call(backend, "GET", f"{path}?kind=assigned&order=-at&limit=1", analyst).json()["items"]
    assert (assigned["note"], assigned["changes"][0]["field"], assigned["internal"]) == ("=1+1", "assignee_ids", True)
    mine = call(backend, "GET", path, reporter.headers).json()["items"]
    assert [one["kind"] for one in mine] == ["reported", "analyzed"]
    first = call(backend, "GET", f"{path}?limit=1", reporter.headers).json()
    second = call(backend, "GET", f"{path}?limit=1&cursor={first['next_cursor']}", reporter.headers).json()
    assert ([one["kind"] for one in second["items"]], second["next_cursor"]) == (["analyzed"], None)

    file = call(backend, "GET", f"{path}?format=csv", analyst)
    assert file.headers["Content-Type"] == "text/csv; charset=utf-8"
    name = f'attachment; filename="{incident["reference"]}-timeline.csv"'
    assert file.headers["Content-Disposition"] == name
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"))))
    assert [row["note"] for row in rows if row["kind"] == "assigned"] == ["'=1+1"]
    lines = call(backend, "GET", f"{path}?format=jsonl", reporter.headers).text.splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["reported", "analyzed"]
    other = backend.join("Olga Other").headers
    for query in ("", "?format=csv"):
        assert call(backend, "GET", path + query, other).status_code == 404


def test_of_a_confidential_incident_only_its_people_hear(backend, reporter, admin, analyst_uid):
    report = REPORT | {"confidential": True, "access_ids": [analyst_uid], "title": "Something about a colleague"}
    made = call(backend, "POST", "/incidents", reporter.headers, report).json()
    said = backend.mail_to(reporter.address, made["reference"])
    assert "colleague" not in said
    mails = eventually(
        lambda: [one for one in backend.mails() if made["reference"] in one["subject"] and "[TLP:" in one["subject"]]
    )
    # Each recipient gets a copy of their own: there is one, and it is for the one who is named.
    assert [one["to"] for one in mails] == [["analyst1@secura.com"]]
    assert "colleague" not in str(mails)
    path = f"/incidents/{made['id']}/assign"
    assert call(backend, "POST", path, admin, {"assignee_id": analyst_uid}).status_code == 404


def test_the_rota_says_who_is_on_call(backend, analyst, admin, reporter, analyst_uid):
    rota = {
        "time_zone": "Europe/Berlin",
        "handover": {"weekday": "monday", "time": "09:00"},
        "members": [analyst_uid],
        "starts_on": "2026-01-05",
    }
    for method, path in (("GET", "/on-call"), ("GET", "/on-call/rota"), ("PUT", "/on-call/rota")):
        body = rota if method == "PUT" else None
        assert call(backend, method, path, reporter.headers, body).status_code == 403
        assert call(backend, method, path, None, body).status_code == 401
    assert call(backend, "PUT", "/on-call/rota", analyst, rota).status_code == 403
    kept = call(backend, "PUT", "/on-call/rota", admin, rota)
    assert (kept.status_code, kept.json()["starts_on"]) == (200, "2026-01-05"), kept.text
    assert call(backend, "PUT", "/on-call/rota", admin, rota).headers["ETag"] == kept.headers["ETag"]
    assert call(backend, "PUT", "/on-call/rota", admin, rota, If_Match='"99"').status_code == 412
    unknown = call(backend, "PUT", "/on-call/rota", admin, rota | {"members": [reporter.uid]})
    assert unknown.json()["errors"] == [{"field": "members.0", "message": "names nobody of the security team"}]
    lead = backend.sign_in("security.lead@secura.com", "SecuraSecLead123!")
    assert call(backend, "PUT", "/on-call/rota", lead, rota).status_code == 403
    uid = call(backend, "GET", "/auth/profile", lead).json()["uid"]
    promotion = {"user_id": uid, "action": "promote", "reason": "They lead the team."}
    assert call(backend, "POST", "/auth/admin/manage-security-team", admin, promotion).status_code == 200
    now = datetime.now(UTC)
    span = {
        "uid": analyst_uid,
        "from": (now - timedelta(hours=1)).isoformat(),
        "to": (now + timedelta(hours=1)).isoformat(),
    }
    assert call(backend, "PUT", "/on-call/rota", lead, rota | {"overrides": [span]}).status_code == 200
    on_call = call(backend, "GET", "/on-call", analyst).json()
    assert (on_call["now"]["uid"], on_call["now"]["override"], on_call["next"]["uid"]) == (
        analyst_uid,
        True,
        analyst_uid,
    )
    assert call(backend, "GET", "/on-call/rota", analyst).json()["overrides"][0]["uid"] == analyst_uid
