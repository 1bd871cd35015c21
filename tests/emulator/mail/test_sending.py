from __future__ import annotations

import base64

import pytest
import requests
from python_http_client.exceptions import UnauthorizedError
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import Attachment, Bcc, Cc, Mail, MailSettings, SandBoxMode

from tests.emulator.mail.conftest import Outbox, mail
from tests.emulator.support import running


def test_a_mail_of_the_official_client_is_accepted_and_kept_whole(outbox):
    sent = Mail(
        ("no-reply@secura.com", "Secura"), ["lead@secura.com", "a@secura.com"], "Hello", "In short", "<b>In long</b>"
    )
    sent.add_cc(Cc("cc@secura.com"))
    sent.add_bcc(Bcc("bcc@secura.com"))
    sent.attachment = Attachment(base64.b64encode(b"1,2,3").decode(), "figures.csv", "text/csv")
    response = outbox.client.send(sent)
    assert response.status_code == 202
    assert response.body == b""
    (listed,) = outbox.messages()
    assert listed["id"] == response.headers["X-Message-Id"]
    kept = outbox.get(f"/api/messages/{listed['id']}").json()
    assert kept["from"] == {"email": "no-reply@secura.com", "name": "Secura"}
    assert {one["email"] for one in kept["to"]} == {"lead@secura.com", "a@secura.com"}
    assert [one["email"] for one in kept["cc"] + kept["bcc"]] == ["cc@secura.com", "bcc@secura.com"]
    assert (kept["subject"], kept["text"], kept["html"]) == ("Hello", "In short", "<b>In long</b>")
    assert kept["attachments"] == [{"file_name": "figures.csv", "type": "text/csv", "size": 5}]
    assert kept["request"] == sent.get()


def test_mails_are_there_after_a_restart(config):
    with running(config, "mail") as suite:
        url = f"http://{suite.addresses['mail']}"
        SendGridAPIClient("key", host=url).client.mail.send.post(request_body=mail(subject="Kept"))
    with running(config, "mail") as suite:
        assert [one["subject"] for one in Outbox(f"http://{suite.addresses['mail']}").messages()] == ["Kept"]


def test_a_mail_in_sandbox_mode_is_checked_and_not_kept(outbox):
    sent = Mail("no-reply@secura.com", "lead@secura.com", "Hello", "Text")
    sent.mail_settings = MailSettings(sandbox_mode=SandBoxMode(enable=True))
    assert outbox.client.send(sent).status_code == 200
    assert outbox.post(mail(subject="", mail_settings={"sandbox_mode": {"enable": True}})).status_code == 400
    assert outbox.messages() == []


def test_without_a_key_nothing_is_accepted(outbox):
    with pytest.raises(UnauthorizedError) as refused:
        SendGridAPIClient(" ", host=outbox.url).send(Mail("a@secura.com", "b@secura.com", "Hello", "Text"))
    assert refused.value.to_dict == {
        "errors": [
            {
                "message": "The provided authorization grant is invalid, expired, or revoked",
                "field": None,
                "help": None,
            }
        ]
    }
    assert outbox.post(mail(), authorization=None).status_code == 401
    assert outbox.messages() == []


def test_the_same_mail_twice_is_two_mails(outbox):
    ids = {outbox.post(mail()).headers["X-Message-Id"] for _ in range(2)}
    assert {one["id"] for one in outbox.messages()} == ids
    assert len(ids) == 2


def test_a_request_beyond_30_megabytes_is_refused(outbox):
    large = base64.b64encode(bytes(24 * 2**20)).decode()
    answer = outbox.post(mail(attachments=[{"content": large, "filename": "large.bin"}]))
    assert answer.status_code == 413
    assert answer.json()["errors"][0]["message"]
    assert outbox.messages() == []


def test_pages_of_the_list_join_without_gap_or_repetition(outbox):
    for count in range(7):
        outbox.post(mail(subject=f"Mail {count}"))
    seen, cursor = [], ""
    while cursor is not None:
        page = outbox.get("/api/messages", limit="3", cursor=cursor).json()
        seen += [one["subject"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert seen == [f"Mail {count}" for count in reversed(range(7))]


def test_the_list_is_filtered_by_recipient_and_subject(outbox):
    outbox.post(mail(subject="100% done"))
    outbox.post(mail(subject="100 things"))
    outbox.post(mail(personalizations=[{"to": [{"email": "other@secura.com"}], "subject": "Own"}], subject=None))
    assert [one["subject"] for one in outbox.messages(to="OTHER@secura.com")] == ["Own"]
    assert [one["subject"] for one in outbox.messages(subject="100%")] == ["100% done"]
    assert len(outbox.messages(to="lead@secura.com", subject="100")) == 2


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"cursor": "-1"}, {"cursor": "²"}])
def test_a_malformed_page_request_is_refused(outbox, query):
    assert outbox.get("/api/messages", **query).status_code == 400


def test_the_outbox_can_be_emptied(outbox):
    outbox.post(mail())
    assert requests.delete(f"{outbox.url}/api/messages", timeout=20).status_code == 204
    assert outbox.messages() == []
