"""People through the gateway: joining, being let in, gaining and losing rights, leaving."""

from __future__ import annotations

import uuid

import pytest
import requests

from tests.end_to_end.conftest import PASSWORD, eventually

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def admin(backend):
    return backend.sign_in("admin@secura.com", "SecuraAdmin123!")


def call(backend, method, path, headers=None, **body):
    return requests.request(method, f"{backend.url}{path}", headers=headers, json=body or None, timeout=60)


def test_nobody_is_let_in_before_the_address_is_verified(backend):
    address = f"person-{uuid.uuid4().hex[:12]}@example.org"
    body = {"email": address, "password": PASSWORD, "display_name": "Pat"}
    made = call(backend, "POST", "/api/auth/register", **body)
    assert made.json()["role"] == "employee"
    before = backend.sign_in(address, PASSWORD)
    refused = call(backend, "GET", "/api/incidents", before)
    assert (refused.status_code, refused.json()["code"]) == (403, "email_unverified")
    assert call(backend, "POST", "/api/auth/verify-email", before).json() == {"sent": True}

    again = call(backend, "POST", "/api/auth/register", **body)
    assert again.status_code == made.status_code
    assert set(again.json()) == set(made.json())
    assert "has" not in again.text
    assert backend.mail_to(address, "You have an account")


def test_a_role_is_gained_and_lost_and_tokens_die_with_it(backend, admin):
    pat = backend.join()
    uid, employee, address = pat.uid, pat.headers, pat.address
    assert call(backend, "GET", "/api/auth/admin/users", employee).status_code == 403

    change = {"user_id": uid, "reason": "joins the team"}
    added = call(backend, "POST", "/api/auth/admin/manage-security-team", admin, action="add", **change)
    assert added.json()["role"] == "security_team", added.text
    member = backend.sign_in(address, PASSWORD)
    listed = call(backend, "GET", "/api/incidents", member)
    assert listed.status_code == 200, listed.text

    removed = call(backend, "POST", "/api/auth/admin/manage-security-team", admin, action="remove", **change)
    assert removed.json()["role"] == "employee"
    # Sensitive calls know at once; the others when their instance looks for revocations again.
    assert call(backend, "GET", "/api/auth/account", member).status_code == 401
    eventually(lambda: call(backend, "GET", "/api/incidents", member).status_code == 401)
    fresh = backend.sign_in(address, PASSWORD)
    answer = call(backend, "POST", "/api/auth/verify-token", token=fresh["Authorization"].split()[1]).json()
    assert (answer["valid"], answer["role"]) == (True, "employee")
    assert backend.mail_to(address, "Your account on Secura changed")

    disabled = call(backend, "POST", "/api/auth/admin/manage-security-team", admin, action="disable", **change)
    assert disabled.json()["disabled"]
    answer = call(backend, "POST", "/api/auth/verify-token", token=fresh["Authorization"].split()[1]).json()
    assert not answer["valid"]
    with pytest.raises(requests.HTTPError):
        backend.sign_in(address, PASSWORD)


def test_the_last_administrator_stays(backend, admin):
    me = call(backend, "GET", "/api/auth/profile", admin).json()["uid"]
    refused = call(
        backend, "POST", "/api/auth/admin/manage-security-team", admin, user_id=me, action="remove", reason="no reason"
    )
    assert refused.status_code == 409


def test_an_application_is_approved_and_the_person_is_on_the_team(backend, admin):
    pat = backend.join()
    uid, employee, address = pat.uid, pat.headers, pat.address
    assert call(backend, "GET", "/api/security-applications/can-apply", employee).json()["can_apply"]
    motivation = "I have handled incidents for years and would like to do it here as well, with this team."
    made = call(backend, "POST", "/api/security-applications/apply", employee, motivation=motivation, experience="SOC")
    assert (made.status_code, made.json()["status"]) == (201, "pending")
    assert not call(backend, "GET", "/api/security-applications/can-apply", employee).json()["can_apply"]

    pending = call(backend, "GET", "/api/security-applications/admin/pending", admin).json()["items"]
    assert made.json()["id"] in {item["id"] for item in pending}
    path = f"/api/security-applications/admin/review/{made.json()['id']}"
    assert call(backend, "PUT", path, employee, decision="approve", comment="me").status_code == 403
    done = call(backend, "PUT", path, admin, decision="approve", comment="welcome")
    assert (done.status_code, done.json()["status"]) == (200, "approved")
    late = call(backend, "PUT", path, admin, decision="reject", comment="too late")
    assert late.status_code == 409
    assert backend.mail_to(address, "security team")

    def on_the_team():
        token = backend.sign_in(address, PASSWORD)["Authorization"].split()[1]
        return call(backend, "POST", "/api/auth/verify-token", token=token).json()["role"] == "security_team"

    eventually(on_the_team)
    people = call(backend, "GET", f"/api/auth/admin/users?q={address.split('@')[0]}", admin).json()["items"]
    assert [(one["uid"], one["role"]) for one in people] == [(uid, "security_team")]


def test_who_leaves_gets_a_copy_then_a_receipt_and_is_gone(backend):
    pat = backend.join()
    uid, person, address = pat.uid, pat.headers, pat.address
    report = {"title": "Odd login page", "description": "A page that looked like ours asked for my password."}
    incident_id = call(backend, "POST", "/api/incidents", person, **report).json()["id"]

    copy = call(backend, "GET", "/api/auth/account", person).json()
    assert copy["user"]["email"] == address
    assert [one["id"] for one in copy["documents"]["incidents"]] == [incident_id]
    assert copy["documents"]["sessions"]
    assert any(entry["action"] == "user:registered" for entry in copy["audit"])

    receipt = call(backend, "DELETE", "/api/auth/account", person)
    assert receipt.status_code == 200, receipt.text
    assert (receipt.json()["uid"], receipt.json()["erased"]["users"]) == (uid, 1)
    assert call(backend, "GET", "/api/auth/account", person).status_code == 401
    with pytest.raises(requests.HTTPError):
        backend.sign_in(address, PASSWORD)


def test_people_are_exported_as_a_table(backend, admin):
    answer = call(backend, "GET", "/api/auth/admin/users?format=csv&role=admin", admin)
    assert answer.headers["Content-Type"].startswith("text/csv")
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("uid,email,role")
    assert len([line for line in lines if "admin@secura.com" in line]) == 1


def test_sessions_are_listed_and_ended(backend):
    person = backend.join().headers
    assert call(backend, "GET", "/api/auth/profile", person).status_code == 200
    (session,) = call(backend, "GET", "/api/auth/sessions", person).json()["items"]
    assert session["current"]
    assert call(backend, "DELETE", "/api/auth/sessions", person).status_code == 200
    eventually(lambda: call(backend, "GET", "/api/auth/profile", person).status_code == 401)
