"""The pages for people who come from a mail, and the forms they send."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from http import HTTPStatus
from urllib.parse import quote, urlencode

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import BadRequest

from functions.http.incident_reply import ENDPOINT
from shared.domain.messages import ReplyForm
from shared.entry import forms
from shared.entry.contract import document
from shared.entry.endpoint import MAX_BODY, Answer, Call, Endpoint, Operation
from shared.entry.pages import page
from shared.settings import Settings
from tests.access_fakes import FakeWorld
from tests.fakes import FakeVerifier

SETTINGS = Settings.read({"GOOGLE_CLOUD_PROJECT": "demo-test"})
HOSTILE = "</textarea></blockquote><script>alert(1)</script>'\"&<img src=x onerror=alert(1)>"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def values(**changes):
    common = {"reference": "INC-1", "question": "Well?", "token": "t", "body": "", "problem": None}
    return common | {"action": "/api/incidents/reply", "longest": 10} | changes


def tags(text):
    parser = _Tags()
    parser.feed(text)
    return parser.tags


def test_a_page_runs_nothing_loads_nothing_and_is_kept_by_nobody():
    response = page("reply", values())
    text = response.get_data(as_text=True)
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = response.headers["Content-Security-Policy"]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    expected = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store"}
    assert expected.items() <= dict(response.headers).items()
    assert response.mimetype == "text/html"
    assert not {"script", "img", "link", "iframe"} & {tag for tag, _ in tags(text)}


def test_a_page_can_be_used_by_everybody():
    found = tags(page("reply", values(problem="Write something.", body="x")).get_data(as_text=True))
    attributes = dict(found)
    ids = {given["id"] for _, given in found if "id" in given}
    assert attributes["html"]["lang"] == "en"
    assert attributes["label"]["for"] == attributes["textarea"]["id"] == "body"
    assert set(str(attributes["textarea"]["aria-describedby"]).split()) <= ids
    assert attributes["textarea"]["aria-invalid"] == "true"
    assert ("p", {"class": "problem", "role": "alert", "id": "problem"}) in found


def test_hostile_words_stay_words():
    plain = [tag for tag, _ in tags(page("reply", values(body="x")).get_data(as_text=True))]
    hostile = page("reply", values(question=HOSTILE, body=HOSTILE, token=HOSTILE, reference=HOSTILE))
    text = hostile.get_data(as_text=True)
    assert [tag for tag, _ in tags(text)] == plain
    assert dict(tags(text))["html"] == {"lang": "en"}
    (token,) = [given["value"] for tag, given in tags(text) if tag == "input"]
    assert token == HOSTILE


def test_a_question_that_is_not_quoted_is_named():
    text = page("reply", values(question=None)).get_data(as_text=True)
    assert "<blockquote" not in text
    assert "sign in to read it" in text


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=200), max_size=20))
def test_forms_come_back_as_they_were_sent(fields):
    assume_valid = {name: text for name, text in fields.items() if not _surrogates(name + text)}
    assert forms.decode(urlencode(assume_valid).encode()) == assume_valid


def _surrogates(text):
    return any(0xD800 <= ord(char) <= 0xDFFF for char in text)


@given(st.binary(max_size=200))
def test_whatever_is_sent_is_a_form_or_refused(raw):
    try:
        fields = forms.decode(raw)
    except BadRequest:
        return
    # What is taken is what a browser would send for it again.
    assert forms.decode(urlencode(fields).encode()) == fields


MANY = b"&".join(b"a%d=1" % number for number in range(21))


@pytest.mark.parametrize("raw", [b"a=1&a=2", b"a=%ff", "a=\u00e9".encode(), MANY])
def test_what_is_no_form_is_refused(raw):
    with pytest.raises(BadRequest):
        forms.decode(raw)


def echo(call: Call[ReplyForm, None]) -> Answer:
    return Answer(page("notice", {"title": "Got it", "text": call.body.body}))


FORM = Endpoint(
    "echo",
    Operation("POST", "/form", echo, "Echo", returns=None, form=ReplyForm, page=True),
    settings=lambda: SETTINGS,
)


def post(data, content_type=forms.CONTENT_TYPE, path="/form"):
    with Flask("test").test_request_context(path, method="POST", data=data, content_type=content_type):
        return FORM(request)


def test_an_operation_takes_a_form_and_answers_a_page():
    answer = post("token=t&body=" + quote("one\r\ntwo é"))
    assert (answer.status_code, answer.mimetype) == (HTTPStatus.OK, "text/html")
    assert "one\ntwo é" in answer.get_data(as_text=True)
    assert "X-Request-Id" in answer.headers


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        ("{}", "application/json", HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
        ("a=1", "multipart/form-data; boundary=x", HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
        ("body=" + "x" * MAX_BODY, forms.CONTENT_TYPE, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        ("a=%ff", forms.CONTENT_TYPE, HTTPStatus.BAD_REQUEST),
        ("other=1", forms.CONTENT_TYPE, HTTPStatus.UNPROCESSABLE_ENTITY),
    ],
)
def test_what_is_no_usable_form_is_a_problem_like_any_other(data, content_type, status):
    answer = post(data, content_type)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


@pytest.mark.parametrize(("is_page", "status"), [(True, HTTPStatus.OK), (False, HTTPStatus.UNAUTHORIZED)])
def test_a_page_is_asked_for_by_a_browser_and_not_by_an_app(is_page, status):
    world = FakeWorld(FakeVerifier, mode="enforce")
    operation = Operation("POST", "/form", echo, "Echo", returns=None, form=ReplyForm, page=is_page)
    endpoint = Endpoint("echo", operation, settings=lambda: SETTINGS, gate=lambda: world.gate)
    with Flask("test").test_request_context("/form", method="POST", data="body=x", content_type=forms.CONTENT_TYPE):
        answer = endpoint(request)
    assert answer.status_code == status


def test_the_contract_tells_of_pages_and_forms():
    reply = document([ENDPOINT], "1")["paths"]["/api/incidents/reply"]
    assert list(reply["post"]["requestBody"]["content"]) == [forms.CONTENT_TYPE]
    assert list(reply["get"]["responses"]["200"]["content"]) == ["text/html"]
    assert set(reply["post"]["responses"]["404"]["content"]) == {"text/html", "application/problem+json"}
    assert reply["post"]["security"] == []
