"""What only a browser can show: hostile mail does nothing, and the list renews itself."""

from __future__ import annotations

import pytest

from tests.emulator.browser import BROWSER, browse
from tests.emulator.mail.conftest import mail

pytestmark = [
    pytest.mark.skipif(
        BROWSER is None, reason="needs a browser: install Chromium, for example by: apt-get install chromium"
    ),
    pytest.mark.slow,
]
HOSTILE = """</pre></title><script>console.log('ran')</script><img src=x onerror="console.log('ran')">
<svg onload="console.log('ran')"></svg><iframe src="javascript:console.log('ran')"></iframe>
<script>parent.document.title = 'taken'; top.location = 'about:blank'</script>
<meta http-equiv="refresh" content="0;url=about:blank"><input autofocus onfocus="console.log('ran')">
<p id="end">end</p>"""


def test_hostile_mail_does_nothing_in_a_browser(outbox, tmp_path):
    sent = outbox.post(
        mail(
            subject=HOSTILE.replace("\n", " "),
            content=[{"type": "text/plain", "value": HOSTILE}, {"type": "text/html", "value": HOSTILE}],
            **{"from": {"email": "no-reply@secura.com", "name": HOSTILE}},
        )
    )
    address = f"{outbox.url}/messages/{sent.headers['X-Message-Id']}"

    async def steps(page):
        for view in ("html", "text", "headers", "source"):
            await page.open(f"{address}?view={view}")
            assert await page.value("document.querySelectorAll('script').length") == 1
        await page.open(f"{address}/html")
        assert await page.value("document.getElementById('end').textContent") == "end"
        assert page.console == []
        await page.value("console.log('control')")
        await page.value("1")
        assert page.console == ["control"]

    browse(tmp_path / "profile", steps)


def test_a_new_mail_appears_by_itself(outbox, tmp_path):
    outbox.post(mail(subject="First"))

    async def steps(page):
        await page.open(f"{outbox.url}/")
        await page.value("window.unmoved = true")
        outbox.post(mail(subject="Second"))
        await page.until("document.getElementById('list').textContent.includes('Second')")
        assert await page.value("window.unmoved")

    browse(tmp_path / "profile", steps)
