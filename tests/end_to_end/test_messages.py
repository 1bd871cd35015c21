"""The conversation through the gateway, and the answer by e-mail link as a browser gives it."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
import requests

from scripts.backend.keys import platform_keys
from shared.adapters.link_tokens import SignedLinkTokens
from shared.adapters.system import SystemClock
from shared.services.messages.replying import LIFETIME, PURPOSE

REPORT = {"title": "A mail asked for my password", "description": "A mail led to a page that looked like ours."}


def call(backend, method, path, who=None, json=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"{backend.url}/api/incidents{path}"
    return requests.request(method, url, headers=(who or {}) | named, json=json, timeout=60)


@pytest.fixture(scope="module")
def analyst(backend):
    return backend.sign_in("analyst1@secura.com", "SecuraAnalyst123!")


@pytest.fixture(scope="module")
def admin(backend):
    return backend.sign_in("admin@secura.com", "SecuraAdmin123!")


@pytest.fixture(scope="module")
def reporter(backend):
    return backend.join("Rita Reporter")


@pytest.fixture
def messages(backend, reporter):
    """The path of the messages of a new incident."""
    made = call(backend, "POST", "", reporter.headers, REPORT | {"notify": True})
    assert made.status_code == 201, made.text
    return f"/{made.json()['id']}/messages"


def test_a_conversation_with_notes_that_its_reporter_never_meets(backend, messages, reporter, analyst, admin):
    who = reporter.headers
    key = {"Idempotency_Key": uuid.uuid4().hex}
    asked = call(backend, "POST", messages, who, {"body": "It went to hxxp://evil[.]example"}, **key)
    assert (asked.status_code, asked.headers["ETag"]) == (201, '"1"')
    first = asked.json()["id"]
    assert asked.headers["Location"] == f"/api/incidents{messages}/{first}"
    again = call(backend, "POST", messages, who, {"body": "It went to hxxp://evil[.]example"}, **key)
    assert (again.json(), again.headers["Idempotency-Replayed"]) == (asked.json(), "true")
    assert call(backend, "POST", messages, who, {"body": "Other words"}, **key).status_code == 422

    note = call(backend, "POST", messages, analyst, {"body": "Seen before.", "internal": True, "reply_to": first})
    answer = call(backend, "POST", messages, analyst, {"body": "Did you sign in there?", "reply_to": first})
    assert (note.status_code, answer.status_code) == (201, 201)
    mine = call(backend, "GET", messages, who).json()
    assert [one["body"] for one in mine["items"]] == ["It went to hxxp://evil[.]example", "Did you sign in there?"]
    assert (mine["unread"], mine["next_cursor"]) == (1, None)
    theirs = call(backend, "GET", f"{messages}?thread={first}&order=-created_at&limit=2", analyst).json()
    assert [one["id"] for one in theirs["items"]] == [answer.json()["id"], note.json()["id"]]
    rest = call(backend, "GET", f"{messages}?thread={first}&order=-created_at&cursor={theirs['next_cursor']}", analyst)
    assert [one["id"] for one in rest.json()["items"]] == [first]

    hidden = f"{messages}/{note.json()['id']}"
    for method, path, body in (
        ("GET", hidden, None),
        ("GET", f"{hidden}/history", None),
        ("PUT", hidden, {"body": "x"}),
        ("DELETE", hidden, None),
        ("POST", f"{messages}/read", {"up_to": note.json()["id"]}),
        ("POST", messages, {"body": "x", "reply_to": note.json()["id"]}),
    ):
        refused = call(backend, method, path, who, body)
        assert (refused.status_code, refused.json()["detail"]) == (404, "There is no such message")
        assert call(backend, method, path, None, body).status_code == 401
    assert call(backend, "POST", messages, who, {"body": "x", "internal": True}).status_code == 403

    assert call(backend, "POST", f"{messages}/read", who, {"up_to": answer.json()["id"]}).status_code == 204
    assert call(backend, "POST", f"{messages}/read", analyst, {"up_to": answer.json()["id"]}).status_code == 204
    seen = call(backend, "GET", messages, analyst).json()["items"]
    assert [[one["uid"] for one in shown["read_by"]] for shown in seen][1:] == [[], [reporter.uid]]
    mine = call(backend, "GET", messages, who).json()
    assert [(one["read_by"], one["read_by_team"]) for one in mine["items"]] == [([], True), ([], False)]
    assert mine["unread"] == 0

    edited = call(backend, "PUT", f"{messages}/{first}", who, {"body": "It went to evil"}, If_Match='"1"')
    assert (edited.status_code, edited.headers["ETag"]) == (200, '"2"')
    assert call(backend, "PUT", f"{messages}/{first}", who, {"body": "no"}, If_Match='"1"').status_code == 412
    assert call(backend, "PUT", f"{messages}/{first}", analyst, {"body": "no"}).status_code == 403
    assert call(backend, "DELETE", f"{messages}/{first}", analyst).status_code == 403
    gone = call(backend, "DELETE", f"{messages}/{first}", admin)
    assert (gone.status_code, gone.json()["body"]) == (200, None)
    history = call(backend, "GET", f"{messages}/{first}/history", analyst).json()["items"]
    assert [one["body"] for one in history] == ["It went to hxxp://evil[.]example", "It went to evil"]
    assert call(backend, "GET", f"{messages}/{first}/history", who).status_code == 403
    assert call(backend, "PUT", f"{messages}/{first}", who, {"body": "no"}).json()["code"] == "message_deleted"


def test_only_who_sees_the_incident_is_mentioned_and_only_they_write(backend, messages, reporter, analyst):
    other = backend.join("Olga Other")
    bodies = {
        call(backend, "POST", messages, reporter.headers, {"body": "look", "mentions": [name]}).text.split(
            '"request_id"'
        )[0]
        for name in (other.uid, other.address, "nobody@example.org", "nobody")
    }
    assert len(bodies) == 1
    assert "cannot see this incident" in bodies.pop()
    named = call(backend, "POST", messages, analyst, {"body": f"@{reporter.address} look"})
    assert named.json()["mentions"] == [reporter.uid]
    for method, path, body in (("GET", messages, None), ("POST", messages, {"body": "x"})):
        assert call(backend, method, path, other.headers, body).status_code == 404


@pytest.fixture
def link(backend, messages, reporter, analyst):
    """Makes the link that a mail about a message of the team carries, with the platform's own key."""
    tokens = SignedLinkTokens(platform_keys(backend.data)["SECURA_LINK_KEY"], SystemClock())
    question = call(backend, "POST", messages, analyst, {"body": "Did you <b>sign in</b> there?"}).json()["id"]
    claims = {"incident": messages.split("/")[1], "message": question, "uid": reporter.uid}
    return lambda lifetime=LIFETIME: tokens.make(PURPOSE, claims, lifetime)


def submit(backend, token, body):
    return requests.post(f"{backend.url}/api/incidents/reply", data={"token": token, "body": body}, timeout=60)


def test_the_reporter_answers_by_the_link_of_a_mail_once(backend, messages, reporter, analyst, link):
    token = link()
    page = requests.get(f"{backend.url}/api/incidents/reply", params={"token": token, "utm_source": "m"}, timeout=60)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "Did you &lt;b&gt;sign in&lt;/b&gt; there?" in page.text
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    expected = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store"}
    assert expected.items() <= dict(page.headers).items()
    assert re.findall(r'name="token" value="([^"]+)"', page.text) == [token]

    empty = submit(backend, token, " ")
    assert (empty.status_code, "nothing was sent" in empty.text) == (422, True)
    sent = submit(backend, token, "Yes,\r\nI did.")
    assert (sent.status_code, "Your answer was sent" in sent.text) == (200, True)
    again = submit(backend, token, "No!")
    assert (again.status_code, "Already sent" in again.text) == (200, True)
    items = call(backend, "GET", messages, analyst).json()["items"]
    assert [(one["body"], one["channel"], one["author_id"]) for one in items[1:]] == [
        ("Yes,\nI did.", "mail_link", reporter.uid)
    ]


def test_a_link_that_does_not_hold_says_so_in_words(backend, link):
    forged = link()[:-5] + "AAAAA"
    for token in (link(timedelta(seconds=-1)), forged, "", "x" * 5_000):
        for answer in (
            requests.get(f"{backend.url}/api/incidents/reply", params={"token": token}, timeout=60),
            submit(backend, token, "hello"),
        ):
            assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
            assert "This link does not hold any more" in answer.text


def test_the_log_never_holds_a_token(backend, link):
    token = link()
    submit(backend, token, "Yes.")
    requests.get(f"{backend.url}/api/incidents/reply", params={"token": token}, timeout=60)
    logs = [path for path in (backend.data / "logs").rglob("*") if path.is_file()]
    assert logs
    assert not [path.name for path in logs if token.encode() in path.read_bytes()]
