"""Applying and deciding through the gateway: the HTTP contract, and what follows an approval by itself."""

from __future__ import annotations

import pytest
import requests

from tests.end_to_end.conftest import PASSWORD, eventually

MOTIVATION = "I look after the phishing reports of my department and want to do more."
BODY = {"motivation": MOTIVATION, "experience": "Two years.", "certifications": ["Security+"]}
PREFIX = "/api/security-applications"


def call(backend, method, path, who=None, json=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.request(method, f"{backend.url}{PREFIX}{path}", headers=(who or {}) | named, json=json, timeout=60)


@pytest.fixture
def admin(backend):
    return backend.sign_in("admin@secura.com", "SecuraAdmin123!")


def test_from_an_application_to_a_member_of_the_team(backend, admin):
    person = backend.join("Emil Applicant")
    employee = person.headers
    assert call(backend, "GET", "/can-apply", employee).json()["can_apply"] is True
    made = call(backend, "POST", "/apply", employee, BODY, Idempotency_Key="first")
    assert (made.status_code, made.json()["status"]) == (201, "pending")
    key = made.json()["id"]
    again = call(backend, "POST", "/apply", employee, BODY, Idempotency_Key="first")
    assert (again.status_code, again.json(), again.headers["Idempotency-Replayed"]) == (201, made.json(), "true")
    other = call(backend, "POST", "/apply", employee, BODY)
    assert (other.status_code, other.json()["code"]) == (409, "application_open")
    assert call(backend, "GET", "/can-apply", employee).json()["application_id"] == key
    eventually(lambda: [mail for mail in backend.mails() if "New application" in str(mail["subject"])])

    waiting = call(backend, "GET", "/admin/pending?q=emil", admin)
    assert key in [one["id"] for one in waiting.json()["items"]]
    review = f"/admin/review/{key}"
    asked = call(backend, "PUT", review, admin, {"decision": "request_info", "comment": "Which tools?"}, If_Match='"1"')
    assert (asked.status_code, asked.json()["status"], asked.headers["ETag"]) == (200, "info_requested", '"2"')
    stale = call(backend, "PUT", review, admin, {"decision": "approve"}, If_Match='"1"')
    assert (stale.status_code, stale.headers["ETag"]) == (412, '"2"')
    assert "asked for more information at" in stale.json()["detail"]
    mine = call(backend, "GET", "/my-applications", employee).json()["items"][0]
    assert [(one["decision"], one["comment"]) for one in mine["reviews"]] == [("request_info", "Which tools?")]
    assert not {"reviewer_id", "reviewer_name"} & set(mine["reviews"][0])
    answered = call(backend, "PUT", "/apply", employee, BODY | {"experience": "Wireshark."})
    assert (answered.status_code, answered.json()["status"]) == (200, "pending")

    approved = call(backend, "PUT", review, admin, {"decision": "approve"})
    assert (approved.status_code, approved.json()["status"]) == (200, "approved")
    assert call(backend, "PUT", review, admin, {"decision": "approve"}).json() == approved.json()
    refused = call(backend, "PUT", review, admin, {"decision": "reject", "comment": "On second thoughts"})
    assert (refused.status_code, refused.json()["code"]) == (409, "already_decided")
    assert "approved it at" in refused.json()["detail"]

    def role() -> str:
        who = backend.sign_in(person.address, PASSWORD)
        profile = requests.get(f"{backend.url}/api/auth/profile", headers=who, timeout=60)
        can_apply = call(backend, "GET", "/can-apply", who)
        if profile.status_code != 200 or can_apply.status_code != 200:
            return ""  # the claims are still on their way, and end this session too
        assert can_apply.json()["code"] == "already_on_team"
        return str(profile.json()["role"])

    assert eventually(role) == "security_team"
    eventually(lambda: [mail for mail in backend.mails() if mail["subject"] == "You are on the security team"])


def test_employees_see_and_decide_nothing_of_others(backend, admin):
    who = backend.sign_in("employee2@secura.com", "SecuraEmployee234!")
    for method, path, body in (("GET", "/admin/pending", None), ("PUT", "/admin/review/x", {"decision": "approve"})):
        assert call(backend, method, path, who, body).status_code == 403
        assert call(backend, method, path, None, body).status_code == 401
    assert call(backend, "POST", "/apply", admin, BODY).status_code == 403
    assert call(backend, "GET", "/can-apply", admin).json()["code"] == "not_an_employee"


def test_withdrawing_and_rejecting(backend, admin):
    who = backend.join("Erin Applicant").headers
    assert call(backend, "DELETE", "/apply", who).status_code == 404
    first = call(backend, "POST", "/apply", who, BODY).json()
    assert call(backend, "DELETE", "/apply", who).json()["status"] == "withdrawn"
    second = call(backend, "POST", "/apply", who, BODY).json()
    assert second["id"] != first["id"]
    review = f"/admin/review/{second['id']}"
    assert call(backend, "PUT", review, admin, {"decision": "reject"}).status_code == 422
    assert call(backend, "PUT", review, admin, {"decision": "reject", "comment": "Not yet."}).status_code == 200
    answer = call(backend, "GET", "/can-apply", who).json()
    assert (answer["code"], answer["can_apply"]) == ("wait_after_rejection", False)
    assert answer["retry_at"] > second["created_at"]
    refused = call(backend, "POST", "/apply", who, BODY)
    assert (refused.status_code, refused.json()["code"]) == (409, "wait_after_rejection")
    closed = call(backend, "GET", "/admin/pending?status=rejected", admin).json()
    assert second["id"] in [one["id"] for one in closed["items"]]


@pytest.mark.parametrize(
    ("method", "path", "body", "headers"),
    [
        ("GET", "/admin/pending?status=open", None, {}),
        ("GET", "/admin/pending?limit=0", None, {}),
        ("GET", "/admin/pending?cursor=rubbish", None, {}),
        ("GET", "/admin/pending?role=admin", None, {}),
        ("GET", "/my-applications?limit=101", None, {}),
        ("GET", "/can-apply?x=1", None, {}),
        ("PUT", "/admin/review/x", {"decision": "delete"}, {}),
        ("PUT", "/admin/review/x", {"decision": "approve", "role": "admin"}, {}),
        ("PUT", "/admin/review/x", {"decision": "approve"}, {"If-Match": "W/rubbish"}),
        ("PUT", "/admin/review/__x__", {"decision": "approve"}, {}),
        ("PUT", "/admin/review/%2e%2e", {"decision": "approve"}, {}),
        ("PUT", "/admin/review/a%2fb", {"decision": "approve"}, {}),
        ("PUT", "/admin/review/" + "a" * 2000, {"decision": "approve"}, {}),
    ],
)
def test_bad_input_is_the_callers_mistake(backend, admin, method, path, body, headers):
    answer = call(backend, method, path, admin, body, **headers)
    assert answer.status_code in {404, 422}, answer.text
    assert answer.headers["Content-Type"].startswith("application/problem+json")
