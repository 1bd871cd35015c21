from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from python_http_client.exceptions import BadRequestsError

from emulator.mail.message import Message
from emulator.mail.validation import problems
from tests.emulator.mail.conftest import mail

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TEXT = {"type": "text/plain", "value": "Text"}
HTML = {"type": "text/html", "value": "<p>Text"}


def people(count, start=0):
    return [{"email": f"p{number}@secura.com"} for number in range(start, start + count)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"personalizations": None}, "personalizations"),
        ({"personalizations": []}, "personalizations"),
        ({"personalizations": [{"to": people(1)}] * 1001}, "personalizations"),
        ({"personalizations": [{"to": people(600)}, {"to": people(600)}]}, "personalizations"),
        ({"personalizations": ["x"]}, "personalizations.0"),
        ({"personalizations": [{"cc": people(1)}]}, "personalizations.0.to"),
        ({"personalizations": [{"to": []}]}, "personalizations.0.to"),
        ({"personalizations": [{"to": [{"email": "nobody"}]}]}, "personalizations.0.to.0.email"),
        ({"personalizations": [{"to": [{"name": "Nobody"}]}]}, "personalizations.0.to.0.email"),
        ({"personalizations": [{"to": [{"email": "a@b.c\r\nBcc: d@e.f"}]}]}, "personalizations.0.to.0.email"),
        ({"personalizations": [{"to": people(1), "bcc": [{"email": "P0@secura.com"}]}]}, "personalizations.0"),
        ({"personalizations": [{"to": people(1), "headers": {"Subject": "x"}}]}, "personalizations.0.headers"),
        (
            {"personalizations": [{"to": people(1), "custom_args": {"a": "x" * 10_001}}]},
            "personalizations.0.custom_args",
        ),
        ({"from": None}, "from.email"),
        ({"from": {"name": "Secura"}}, "from.email"),
        ({"from": {"email": "@"}}, "from.email"),
        ({"reply_to": {"email": "x"}}, "reply_to.email"),
        ({"reply_to": people(1)[0], "reply_to_list": people(1)}, "reply_to_list"),
        ({"subject": None}, "subject"),
        ({"subject": ""}, "subject"),
        ({"content": None}, "content"),
        ({"content": []}, "content"),
        ({"content": [HTML, TEXT]}, "content"),
        ({"content": [TEXT, TEXT]}, "content"),
        ({"content": [{"type": "text/plain", "value": ""}]}, "content.0.value"),
        ({"content": [{"type": "text/plain\r\n", "value": "x"}]}, "content.0.type"),
        ({"content": [{"value": "x"}]}, "content.0.type"),
        ({"attachments": [{"content": "not base64!", "filename": "x"}]}, "attachments.0.content"),
        ({"attachments": [{"content": "YQ=="}]}, "attachments.0.filename"),
        ({"attachments": [{"content": "YQ==", "filename": "x", "disposition": "hidden"}]}, "attachments.0.disposition"),
        ({"headers": {"X-Fine": "a\r\nBcc: b"}}, "headers"),
        ({"categories": ["a", "a"]}, "categories"),
        ({"categories": [str(number) for number in range(11)]}, "categories"),
        ({"custom_args": {"a": 1}}, "custom_args"),
        ({"send_at": int(NOW.timestamp()) + 73 * 3600}, "send_at"),
        ({"mail_settings": {"sandbox_mode": {"enable": "yes"}}}, "mail_settings.sandbox_mode.enable"),
    ],
)
def test_what_sendgrid_refuses_is_refused_and_the_field_is_named(changes, field):
    found = problems(mail(**changes), NOW)
    assert field in {one["field"] for one in found}
    assert all(one["message"] for one in found)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"content": [TEXT, HTML, {"type": "text/calendar", "value": "BEGIN:VCALENDAR"}]},
        {"content": [HTML]},
        {"subject": None, "personalizations": [{"to": people(1), "subject": "Own"}]},
        {"subject": None, "content": None, "template_id": "d-1"},
        {"personalizations": [{"to": people(1, number)} for number in range(1000)]},
        {"send_at": int(NOW.timestamp()) + 71 * 3600, "custom_args": {"outbox_id": "x"}, "categories": ["a", "b"]},
    ],
)
def test_what_sendgrid_accepts_is_accepted(changes):
    assert problems(mail(**changes), NOW) == []


def test_the_client_raises_its_error_with_sendgrids_words(outbox):
    twice = [{"to": people(1), "cc": people(1)}]
    with pytest.raises(BadRequestsError) as refused:
        outbox.client.client.mail.send.post(request_body=mail(personalizations=twice))
    (error,) = refused.value.to_dict["errors"]
    assert error["field"] == "personalizations.0"
    assert error["message"].startswith("Each email address in the personalization block should be unique")
    assert error["help"].startswith("http://sendgrid.com/docs/")
    assert outbox.messages() == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"subject": "\\ud800"}', b'{"send_at": NaN}', b"[" * 100_000, b"\xff"]
)
def test_what_is_no_json_object_is_refused(outbox, body):
    headers = {"Authorization": "Bearer key", "Content-Type": "application/json"}
    answer = requests.post(f"{outbox.url}/v3/mail/send", data=body, headers=headers, timeout=20)
    assert answer.status_code == 400
    assert set(answer.json()["errors"][0]) == {"message", "field", "help"}


def test_another_content_type_is_refused(outbox):
    headers = {"Authorization": "Bearer key", "Content-Type": "text/plain"}
    answer = requests.post(f"{outbox.url}/v3/mail/send", data=json.dumps(mail()), headers=headers, timeout=20)
    assert answer.status_code == 415


scraps = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("a@b.c"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["email", "name", "to", "type", "value", "content", "enable"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)
fields = st.sampled_from(
    [
        "personalizations",
        "from",
        "subject",
        "content",
        "attachments",
        "headers",
        "categories",
        "custom_args",
        "send_at",
        "mail_settings",
        "reply_to",
        "reply_to_list",
        "template_id",
        "asm",
    ]
)


@given(st.dictionaries(fields, scraps))
def test_whatever_is_sent_is_judged_and_what_is_accepted_can_be_shown(changes):
    body = mail() | changes
    if not problems(body, NOW):
        message = Message(1, "id", NOW, body)
        json.dumps(message.shown())
        assert message.recipients
