"""Requests that few send, and moments that few choose."""

from __future__ import annotations

import asyncio
import signal

import aiohttp
import pytest
import requests

from tests.local.conftest import PATIENCE, READY

pytestmark = pytest.mark.slow

# As much of RFC 6455 as an echo of short messages takes. The function owns the socket, as WebSocket libraries do.
SOCKET = """
import base64
import hashlib

import flask
from firebase_functions import https_fn


@https_fn.on_request()
def echo(request):
    return {"upgrade": "Upgrade" in request.headers}


def talk():
    request = flask.request
    stream = request.environ["werkzeug.socket"]
    key = request.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    stream.sendall(
        b"HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n"
        b"Sec-WebSocket-Protocol: secura\\r\\nSec-WebSocket-Accept: " + accept.encode() + b"\\r\\n\\r\\n"
    )
    frames = stream.makefile("rb")
    while True:
        first, length = frames.read(2)
        mask = frames.read(4)
        body = bytes(byte ^ mask[n % 4] for n, byte in enumerate(frames.read(length & 127)))
        if body == b"leave":
            first, body = 0x88, (4000).to_bytes(2, "big")
        stream.sendall(bytes([first, len(body)]) + body)
        if first == 0x88:
            return ""


# functions-framework imports us inside its application, whose router knows WebSockets only as routes of their own.
if flask.has_app_context():
    flask.current_app.add_url_rule("/ws", view_func=talk, websocket=True)
"""


def own_url(backend, function):
    line = next(line for line in backend.output if "/REGION/FUNCTION" in line)
    host = next(word for word in line.split() if word.startswith("http://"))
    return host.replace("REGION", "europe-west1").replace("FUNCTION", function)


def test_a_cookie_that_no_standard_allows_harms_no_request(running):
    _, backend = running
    headers = {"Cookie": "a=1; b@d{=x; __session=s"}
    assert requests.get(backend.url, headers=headers, timeout=PATIENCE).status_code == 200


def test_a_function_answers_in_its_own_region_only(running):
    _, backend = running
    url = own_url(backend, "echo")
    assert requests.get(url, timeout=PATIENCE).status_code == 200
    assert requests.get(url.replace("europe-west1", "us-central1"), timeout=PATIENCE).status_code == 404


def test_websockets_pass_on_the_function_s_own_url_and_are_refused_by_what_serves_none(project):
    (project.root / "main.py").write_text(SOCKET)
    backend = project.start().ready()
    url = own_url(backend, "echo")

    async def talk():
        async with aiohttp.ClientSession() as client:
            async with client.ws_connect(f"{url}/ws", protocols=["other", "secura"]) as stream:
                await stream.send_str("été")
                await stream.send_bytes(b"\x00\xff")
                said = [(await stream.receive()).data, (await stream.receive()).data]
                await stream.send_str("leave")
                await stream.receive()
                outcome = (stream.protocol, said, stream.close_code)
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await client.ws_connect(f"{url}/no-socket")
            with pytest.raises(aiohttp.WSServerHandshakeError) as hosting:
                await client.ws_connect(f"{backend.url}/api/x")
            return outcome, refused.value.status, hosting.value.status

    outcome, refused, hosting = asyncio.run(talk())
    assert outcome == ("secura", ["été", b"\x00\xff"], 4000)
    assert (refused, hosting) == (400, 400)
    assert backend.end() == 0


def test_stopped_while_it_starts_it_ends_at_once_and_never_says_that_it_is_ready(project):
    (project.root / "functions" / "words.py").write_text("import time\nprint('loading', flush=True)\ntime.sleep(600)\n")
    backend = project.start()
    backend.until(lambda lines: any("loading" in line for line in lines))
    backend.remember()
    assert backend.end(signal.SIGINT) == 0
    assert backend.survivors() == []
    assert not any(line.startswith(READY) for line in backend.output)


def test_a_host_that_dies_ends_everything(project):
    backend = project.start().ready()
    next(child for child in backend.children if "scripts.backend.zygote" in child.cmdline()).kill()
    assert backend.ended() == 1
    assert backend.survivors() == []
    assert any("ended unexpectedly" in line for line in backend.output)


def test_a_change_right_after_the_ready_line_is_not_missed(project):
    backend = project.start().ready()
    project.say("changed at once")
    backend.until(lambda lines: any("The code changed" in line for line in lines))
    assert requests.get(backend.url, timeout=PATIENCE).json()["word"] == "changed at once"
    assert backend.end() == 0
