"""A client of WebChannel that does what it is told, wrong things too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import requests

_TIMEOUT = 20


class Channel:
    """One channel to Listen or Write on a database."""

    def __init__(self, url: str, project: str, rpc: str = "Listen") -> None:
        self.url = f"{url}/google.firestore.v1.Firestore/{rpc}/channel"
        self.database = f"projects/{project}/databases/(default)"
        self.sent = 0
        self.session = ""

    def query(self, **more: str) -> dict[str, str]:
        return {"VER": "8", "database": self.database, "zx": "any", "t": "1", **more}

    def open(self, *messages: Any, token: str = "owner", **more: str) -> str:
        """The handshake, with messages; the session."""
        answer = self.try_open(*messages, token=token, **more)
        assert answer.status_code == 200, answer.text
        ((number, (kind, self.session, prefix, version, *_)),) = self.chunks(answer.text)
        assert (number, kind, prefix, version) == (0, "c", "", 8)
        return self.session

    def try_open(self, *messages: Any, token: str = "owner", **more: str) -> requests.Response:
        body = self.body(messages)
        if token:
            body["headers"] = f"Authorization:Bearer {token}\r\nContent-Type:text/plain\r\n"
        query = self.query(RID="100", CVER="22", **{"X-HTTP-Session-Id": "gsessionid"}, **more)
        return requests.post(self.url, params=query, data=body, timeout=_TIMEOUT)

    def post(self, *messages: Any, acknowledged: int = 0, offset: int | None = None) -> list[int]:
        """Send messages; the state that is answered."""
        answer = self.try_post(*messages, acknowledged=acknowledged, offset=offset)
        assert answer.status_code == 200, answer.text
        return list(self.chunks(answer.text))

    def try_post(self, *messages: Any, acknowledged: int = 0, offset: int | None = None) -> requests.Response:
        query = self.query(SID=self.session, RID="101", AID=str(acknowledged))
        return requests.post(self.url, params=query, data=self.body(messages, offset), timeout=_TIMEOUT)

    def get(self, acknowledged: int, *, once: bool = True, patience: int = 20_000) -> requests.Response:
        query = self.query(
            SID=self.session,
            RID="rpc",
            AID=str(acknowledged),
            CI="1" if once else "0",
            TO=str(patience),
            TYPE="xmlhttp",
        )
        return requests.get(self.url, params=query, timeout=_TIMEOUT, stream=not once)

    def read(self, acknowledged: int, patience: int = 20_000) -> list[Any]:
        """The arrays of one GET that ends with the first, or after so many milliseconds."""
        answer = self.get(acknowledged, patience=patience)
        assert answer.status_code == 200, answer.text
        return list(self.chunks(answer.text))

    def messages(self, acknowledged: int = 0) -> Iterator[tuple[int, Any]]:
        """All messages from here on, by one GET after the other, noops left out."""
        while True:
            for number, array in self.read(acknowledged):
                acknowledged = number
                if array != ["noop"]:
                    yield number, array[0]

    def terminate(self) -> None:
        query = self.query(SID=self.session, RID="102", TYPE="terminate")
        assert requests.post(self.url, params=query, data="", timeout=_TIMEOUT).status_code == 200

    def body(self, messages: tuple[Any, ...], offset: int | None = None) -> dict[str, str]:
        start = self.sent if offset is None else offset
        self.sent = max(self.sent, start + len(messages))
        data = {f"req{index}___data__": json.dumps(message) for index, message in enumerate(messages)}
        return {"count": str(len(messages)), "ofs": str(start), **data}

    @staticmethod
    def chunks(text: str) -> Iterator[Any]:
        """The elements of all chunks, which are in ASCII."""
        while text:
            size, _, text = text.partition("\n")
            yield from json.loads(text[: int(size)])
            text = text[int(size) :]

    def add_target(self, target: int, path: str) -> dict[str, Any]:
        documents = {"documents": [f"{self.database}/documents/{path}"]}
        return {"database": self.database, "addTarget": {"targetId": target, "documents": documents}}
