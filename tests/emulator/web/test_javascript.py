"""Runs tests/js/firestore: the official web SDK, in Node.js and in a browser."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any
from urllib.parse import quote

import pytest

from tests.emulator.browser import BROWSER, browse
from tests.emulator.web.place import JS, place

NODE = shutil.which("node")
_PATIENCE = 120.0  # seconds; reached only by a failure
_NO_PACKAGES = "needs Node.js: install Node 20 or newer, then run: npm ci --prefix tests/js"
_NO_BROWSER = "needs a browser: install Chromium, for example by: apt-get install chromium"
_LITE = {"documents", "queries", "rules", "transactions"}
_STREAMS = {"listeners", "reconnect"}
_FULL = _LITE | _STREAMS

pytestmark = [
    pytest.mark.skipif(not (JS / "node_modules" / "firebase").is_dir(), reason=_NO_PACKAGES),
    pytest.mark.slow,
]


def _judge(outcomes: dict[str, dict[str, str | None]], groups: set[str]) -> None:
    failures = [
        f"{group}: {name}\n{error}" for group, some in outcomes.items() for name, error in some.items() if error
    ]
    assert not failures, "\n\n".join(failures)
    assert set(outcomes) == groups
    assert all(outcomes.values())


@pytest.mark.skipif(NODE is None, reason=_NO_PACKAGES)
@pytest.mark.parametrize(("lite", "groups"), [(True, _LITE), (False, _FULL)], ids=["rest", "grpc"])
def test_the_web_sdk_in_node(lite, groups, tmp_path):
    with place(tmp_path) as one:
        settings = json.dumps(one.settings("demo-node", lite=lite))
        done = subprocess.run(  # noqa: S603
            [str(NODE), str(JS / "firestore" / "node.js")],
            env=os.environ | {"SETTINGS": settings},
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    _judge(json.loads(done.stdout), groups)


@pytest.mark.skipif(NODE is None, reason=_NO_PACKAGES)
def test_the_official_library_for_tests_of_rules(tmp_path):
    with place(tmp_path) as one:
        done = subprocess.run(  # noqa: S603
            [str(NODE), "--test", "--test-reporter=tap", str(JS / "firestore_rules.test.js")],
            env=os.environ | {"FIRESTORE_EMULATOR_HOST": one.url.removeprefix("http://")},
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout


@pytest.mark.skipif(BROWSER is None, reason=_NO_BROWSER)
@pytest.mark.parametrize(
    ("options", "groups"),
    [
        ({"lite": True}, _LITE),
        ({"settings": {"experimentalAutoDetectLongPolling": False}}, _FULL),
        ({"settings": {"experimentalForceLongPolling": True}, "groups": ["listeners", "reconnect"]}, _STREAMS),
    ],
    ids=["rest", "streaming", "long-polling"],
)
def test_the_web_sdk_in_a_browser(options, groups, tmp_path):
    outcomes: dict[str, Any] = {}
    with place(tmp_path / "data") as one:
        settings = quote(json.dumps(one.settings("demo-browser", **options)))

        async def steps(page):
            await page.call("Page.navigate", url=f"{one.control}/firestore/page.html#{settings}")
            await page.until("window.outcomes", _PATIENCE)
            outcomes.update(await page.value("window.outcomes"))

        browse(tmp_path / "profile", steps)
    _judge(outcomes, groups)
