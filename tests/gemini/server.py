"""Google's API on this machine: checks each request with Google's own types and answers as a test wants it."""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from google.genai import types

_PATH = re.compile(r"/v1/projects/([^/]+)/locations/([^/]+)/publishers/google/models/([^/:]+):generateContent")
_FIELDS = {"contents", "systemInstruction", "safetySettings", "generationConfig"}


@dataclass(frozen=True)
class Received:
    """A request as Google would understand it."""

    project: str
    location: str
    model: str
    contents: list[types.Content]
    system: types.Content
    config: types.GenerationConfig
    safety: list[types.SafetySetting]
    token: str
    raw: str

    @property
    def text(self) -> str:
        return "".join(part.text or "" for content in self.contents for part in content.parts or [])

    @property
    def instruction(self) -> str:
        return "".join(part.text or "" for part in self.system.parts or [])


def parsed(path: str, body: bytes, token: str) -> Received:
    """The request; ValueError where Google's types or the API's fields do not have what was sent."""
    place = _PATH.fullmatch(path)
    sent = json.loads(body)
    if place is None or set(sent) - _FIELDS:
        raise ValueError(f"not an API call: {path} with {sorted(sent)}")
    project, location, model = place.groups()
    return Received(
        project=project,
        location=location,
        model=model,
        contents=[types.Content.model_validate(one) for one in sent["contents"]],
        system=types.Content.model_validate(sent["systemInstruction"]),
        config=types.GenerationConfig.model_validate(sent["generationConfig"]),
        safety=[types.SafetySetting.model_validate(one) for one in sent["safetySettings"]],
        token=token,
        raw=body.decode(),
    )


Answer = Callable[["Handler"], None]


class Gemini(ThreadingHTTPServer):
    """The server. `answers` are given in their order, the last one again and again."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: deque[Answer] = deque([says("{}")])
        self.received: list[Received] = []
        self.faults: list[str] = []
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def will(self, *answers: Answer) -> None:
        self.answers = deque(answers)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is what several tests are about."""


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    server: Gemini

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            self.server.received.append(parsed(self.path, body, self.headers["Authorization"]))
        except (ValueError, KeyError) as error:
            self.server.faults.append(repr(error))
            self.reply(400, json.dumps({"error": {"code": 400, "status": "INVALID_ARGUMENT"}}).encode())
            return
        answers = self.server.answers
        (answers.popleft() if len(answers) > 1 else answers[0])(self)

    def reply(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
        """Tests need no log."""


def response(text: str, *, finish: str = "STOP", tokens: tuple[int, int, int] | None = (120, 30, 7)) -> bytes:
    """A response of the API, made and checked with Google's types; tokens of the prompt, the answer and thoughts."""
    counted = None
    if tokens:
        counted = types.GenerateContentResponseUsageMetadata(
            prompt_token_count=tokens[0], candidates_token_count=tokens[1], thoughts_token_count=tokens[2]
        )
    content = types.Content(role="model", parts=[types.Part(text="a thought", thought=True), types.Part(text=text)])
    candidate = types.Candidate(content=content, finish_reason=types.FinishReason(finish))
    whole = types.GenerateContentResponse(candidates=[candidate], usage_metadata=counted)
    return whole.model_dump_json(by_alias=True, exclude_none=True).encode()


def says(text: str, **options: Any) -> Answer:
    """A normal answer with this text."""
    return lambda handler: handler.reply(200, response(text, **options))


def sends(body: bytes, status: int = 200, **headers: str) -> Answer:
    """These bytes as they are."""
    return lambda handler: handler.reply(status, body, **headers)


def fails(status: int, told: str = "") -> Answer:
    """An error as Google tells it."""
    error = {"error": {"code": status, "message": f"no: {told}", "status": "RESOURCE_EXHAUSTED"}}
    return sends(json.dumps(error).encode(), status)


def blocks() -> Answer:
    """The filters refuse the prompt."""
    return sends(json.dumps({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}).encode())


def hangs() -> Answer:
    """Nothing, until the test is over."""

    def wait(handler: Handler) -> None:
        handler.close_connection = True
        handler.server.released.wait(60)

    return wait


def trickles() -> Answer:
    """A sign now and then, each before the time-out of a read."""

    def drip(handler: Handler) -> None:
        handler.close_connection = True
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        while not handler.server.released.wait(0.05):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    return drip


def cuts() -> Answer:
    """Half an answer, then nothing more."""

    def cut(handler: Handler) -> None:
        handler.close_connection = True
        body = response('{"summary": "all"}')
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: len(body) // 2])

    return cut


def bombs() -> Answer:
    """Few bytes that unpack to many."""
    return sends(gzip.compress(b" " * 50_000_000 + response("{}")), Content_Encoding="gzip")
