from __future__ import annotations

import base64
from html.parser import HTMLParser

import pytest
import requests

from tests.emulator.mail.conftest import mail

HOSTILE = "</title></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg onload=alert(1)>"
ADDRESS = "a'&amp@secura.com"


class Tags(HTMLParser):
    """Every tag with its attributes, and the visible text."""

    def __init__(self, page):
        super().__init__()
        self.tags = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def hostile(outbox):
    answer = outbox.post(
        mail(
            subject=HOSTILE,
            content=[{"type": "text/plain", "value": HOSTILE}, {"type": "text/html", "value": HOSTILE}],
            personalizations=[{"to": [{"email": ADDRESS, "name": HOSTILE}]}],
            headers={"X-Hostile": HOSTILE},
            attachments=[{"content": base64.b64encode(b"<script>").decode(), "filename": f"a\r\nb{HOSTILE}.html"}],
        )
        | {"from": {"email": "no-reply@secura.com", "name": HOSTILE}}
    )
    assert answer.status_code == 202
    return answer.headers["X-Message-Id"]


@pytest.mark.parametrize("view", ["html", "text", "headers", "source"])
def test_what_a_mail_contains_is_text_on_the_page(outbox, hostile, view):
    answer = outbox.get(f"/messages/{hostile}", view=view, q=HOSTILE)
    page = Tags(answer.text)
    assert [tag for tag, _ in page.tags].count("script") == 1
    assert not {"img", "svg"} & {tag for tag, _ in page.tags}
    assert not [name for _, attributes in page.tags for name in attributes if name.startswith("on")]
    assert HOSTILE in page.text
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_the_html_of_a_mail_can_do_nothing(outbox, hostile):
    page = Tags(outbox.get(f"/messages/{hostile}").text)
    (frame,) = [attributes for tag, attributes in page.tags if tag == "iframe"]
    answer = outbox.get(frame["src"])
    policy = answer.headers["Content-Security-Policy"]
    for allowed in (frame["sandbox"], policy):
        assert "allow-scripts" not in allowed
        assert "allow-same-origin" not in allowed
    assert policy.startswith("sandbox")
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


def test_an_attachment_is_downloaded_and_never_shown(outbox, hostile):
    answer = outbox.get(f"/messages/{hostile}/attachments/0")
    assert answer.content == b"<script>"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''a%0D%0Ab")
    assert outbox.get(f"/messages/{hostile}/attachments/1").status_code == 404


def test_an_inline_image_is_shown_and_no_other_is_fetched(outbox):
    image = {"content": "iVBORw==", "filename": "x.png", "type": "image/png", "content_id": "logo"}
    html = '<img src="cid:logo"><img src="https://elsewhere.example/pixel">'
    sent = outbox.post(mail(content=[{"type": "text/html", "value": html}], attachments=[image]))
    answer = outbox.get(f"/messages/{sent.headers['X-Message-Id']}/html")
    assert 'src="data:image/png;base64,iVBORw=="' in answer.text
    assert "img-src data:;" in answer.headers["Content-Security-Policy"]


def test_the_page_needs_nothing_from_elsewhere(outbox, hostile):
    page = Tags(outbox.get("/").text)
    sources = [attributes.get("src") or attributes.get("href") or "" for _, attributes in page.tags]
    assert not [source for source in sources if source.startswith(("http:", "https:", "//"))]


def test_an_empty_outbox_says_how_mail_gets_there(outbox):
    text = Tags(outbox.get("/").text).text
    assert "Nothing here yet" in text
    assert "/v3/mail/send" in text


def test_the_search_finds_all_words_anywhere(outbox):
    outbox.post(mail(subject="Phishing at the desk"))
    outbox.post(mail(subject="Ransomware"))
    found = Tags(outbox.get("/", q="lead@secura.com desk").text).text
    assert "Phishing at the desk" in found
    assert "Ransomware" not in found
    assert "No mail has all of these words" in outbox.get("/", q="nothing like it").text


def test_the_list_is_sent_again_only_when_it_changed(outbox):
    outbox.post(mail(subject="First"))
    first = outbox.get("/list")
    again = requests.get(f"{outbox.url}/list", headers={"If-None-Match": first.headers["ETag"]}, timeout=20)
    assert again.status_code == 304
    outbox.post(mail(subject="Second"))
    later = requests.get(f"{outbox.url}/list", headers={"If-None-Match": first.headers["ETag"]}, timeout=20)
    assert later.status_code == 200
    assert "Second" in later.text


def test_older_mails_are_a_link_away(outbox):
    for count in range(51):
        outbox.post(mail(subject=f"Mail {count};"))
    page = Tags(outbox.get("/").text)
    assert "Mail 0;" not in page.text
    (older,) = [attributes["href"] for _, attributes in page.tags if "before=" in attributes.get("href", "")]
    assert "Mail 0;" in outbox.get(older).text


def test_an_unknown_mail_is_not_found(outbox):
    for path in ("/messages/x", "/messages/x/html", "/messages/x/attachments/0", "/api/messages/x"):
        assert outbox.get(path).status_code == 404
