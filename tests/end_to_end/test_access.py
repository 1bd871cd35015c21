"""Sessions, limits and watching, as a client meets them."""

from __future__ import annotations

import requests

from scripts.demo import DEMO_USERS
from shared.domain.permissions import Role
from tests.end_to_end.conftest import PASSWORD, eventually

ADMIN = next(user for user in DEMO_USERS if user.role is Role.ADMIN)


def get(backend, path, headers=None, **query):
    return requests.get(f"{backend.url}{path}", headers=headers, params=query, timeout=60)


def test_every_answer_tells_what_is_left_but_for_the_platforms_own_pages(backend):
    person = backend.join()
    answer = get(backend, "/api/incidents", person.headers)
    assert answer.status_code == 200
    assert '"read-user";q=300;w=60' in answer.headers["RateLimit-Policy"]
    assert '"read-user";r=' in answer.headers["RateLimit"]
    assert "RateLimit" not in get(backend, "/health").headers


def test_all_sessions_can_be_seen_and_ended_and_then_no_token_of_before_is_taken(backend):
    person = backend.join()
    assert get(backend, "/api/auth/profile", {**person.headers, "User-Agent": "First"}).status_code == 200
    listed = get(backend, "/api/auth/sessions", person.headers).json()["items"]
    assert [one["current"] for one in listed] == [True]
    assert listed[0]["address"] == "127.0.0.1"
    ended = requests.delete(f"{backend.url}/api/auth/sessions", headers=person.headers, timeout=60)
    assert ended.status_code == 200
    assert set(ended.json()) == {"valid_from"}
    token = person.headers["Authorization"].removeprefix("Bearer ")

    def refused():
        return get(backend, "/api/auth/profile", person.headers).status_code == 401

    assert eventually(refused)
    looked_at = requests.post(f"{backend.url}/api/auth/verify-token", json={"token": token}, timeout=60).json()
    assert (looked_at["valid"], looked_at["reason"]) == (False, "revoked")
    again = backend.sign_in(person.address, PASSWORD)
    assert get(backend, "/api/auth/profile", again).status_code == 200


def test_what_is_refused_again_and_again_is_seen_by_administrators_and_mailed(backend):
    person = backend.join()
    for _ in range(20):
        assert get(backend, "/api/auth/admin/access", person.headers).status_code == 403
    admin = backend.sign_in(ADMIN.email, ADMIN.password)
    query = {"kind": "user", "subject": person.uid, "alerts_only": "true"}
    found = eventually(lambda: get(backend, "/api/auth/admin/access", admin, **query).json()["items"])
    assert (found[0]["counts"]["forbidden"], found[0]["subject"]) == (20, person.uid)
    assert found[0]["last_path"] == "GET /api/auth/admin/access"
    assert eventually(lambda: [one for one in backend.mails(to=ADMIN.email) if "refused" in str(one["subject"])])
