"""WebChannel, step by step: what the official SDK never shows, for it makes no mistakes and loses nothing here."""

from __future__ import annotations

import asyncio
import json

import pytest
import requests

from emulator.firestore.errors import Code, FirestoreError
from emulator.firestore.proto.v1 import ListenRequest, ListenResponse
from emulator.firestore.wire.webchannel.session import Bounds, Session
from tests.emulator.web.channel import Channel


@pytest.fixture
def channel(rest):
    return Channel(rest.url, rest.project)


def until(messages, wanted):
    """The messages up to the first that has the wanted member."""
    found = []
    for number, message in messages:
        found.append((number, message))
        if wanted in message:
            return found
    raise AssertionError("the messages ended")


def test_a_listener_hears_of_a_change(rest, channel):
    channel.open(channel.add_target(2, "c/d"))
    messages = channel.messages()
    *_, (_, deleted) = until(messages, "documentDelete")
    assert deleted["documentDelete"]["document"].endswith("/c/d")
    rest.put("c/d", text={"stringValue": "Grüße 🦊"})
    *_, (_, changed) = until(messages, "documentChange")
    assert changed["documentChange"]["document"]["fields"]["text"] == {"stringValue": "Grüße 🦊"}
    assert changed["documentChange"]["targetIds"] == [2]
    channel.terminate()


def test_writes_are_answered_in_order(rest):
    channel = Channel(rest.url, rest.project, "Write")
    channel.open({"database": channel.database})
    messages = channel.messages()
    _, first = next(messages)
    token = first["streamToken"]
    for number in range(3):
        write = {"update": {"name": f"{rest.root}/c/d", "fields": {"n": {"integerValue": str(number)}}}}
        channel.post({"streamToken": token, "writes": [write]})
        _, answer = next(messages)
        token = answer["streamToken"]
        assert len(answer["writeResults"]) == 1
    assert rest.ok("GET", "/c/d")["fields"]["n"] == {"integerValue": "2"}
    channel.terminate()


def test_what_is_not_acknowledged_is_sent_again(channel):
    channel.open(channel.add_target(2, "c/d"))
    first = channel.read(0)
    again = channel.read(0)
    assert again[: len(first)] == first
    last = first[-1][0]
    channel.post(channel.add_target(3, "c/e"), acknowledged=last)
    assert channel.read(last)[0][0] == last + 1
    assert channel.read(0)[0][0] == last + 1, "what was acknowledged is gone"


def test_a_request_that_comes_twice_counts_once(rest):
    channel = Channel(rest.url, rest.project, "Write")
    channel.open({"database": channel.database})
    _, first = next(channel.messages())
    transform = {"fieldPath": "n", "increment": {"integerValue": "1"}}
    write = {"update": {"name": f"{rest.root}/c/d"}, "updateMask": {}, "updateTransforms": [transform]}
    message = {"streamToken": first["streamToken"], "writes": [write]}
    for _ in range(3):
        channel.post(message, offset=1)
    _, answer = next(channel.messages(1))
    assert answer["writeResults"][0]["transformResults"] == [{"integerValue": "1"}]
    assert rest.ok("GET", "/c/d")["fields"]["n"] == {"integerValue": "1"}


def test_a_request_that_is_missing_is_noticed(channel):
    channel.open()
    assert channel.try_post(channel.add_target(2, "c/d"), offset=5).status_code == 400


def test_a_post_tells_what_is_outstanding(channel):
    channel.open()
    assert channel.post() == [0, 0, 0]
    answer = channel.get(0, once=False)
    assert next(answer.iter_content(None)).decode() == '14\n[[1,["noop"]]]'
    assert channel.post() == [1, 1, len('["noop"]')]
    channel.terminate()
    assert not list(answer.iter_content(None))


def test_a_later_get_takes_the_place_of_an_earlier_one(channel):
    channel.open()
    first = channel.get(0, once=False)
    second = channel.get(0, once=False)
    assert "".join(one.decode() for one in first.iter_content(None)) == '14\n[[1,["noop"]]]'
    assert next(second.iter_content(None)).decode() == '14\n[[1,["noop"]]]'
    channel.terminate()


def test_a_long_poll_ends_when_its_client_wants_it_to(channel):
    channel.open()
    assert channel.read(0, patience=1) == [[1, ["noop"]]]


def test_an_error_ends_the_session(channel):
    channel.open({"database": "nonsense", "addTarget": {"targetId": 2, "documents": {"documents": ["x"]}}})
    (_, error), (_, close) = channel.read(0)
    assert error[0]["error"]["status"] == "INVALID_ARGUMENT"
    assert error[0]["error"]["code"] == 400
    assert close == ["close"]
    assert channel.post(channel.add_target(2, "c/d"))[0] == 0


@pytest.mark.parametrize("text", ["[]", "{", '{"addTarget": 5}', '{"nonsense": true}', "\ud800"])
def test_a_malformed_request_ends_the_session(channel, text):
    channel.open()
    body = {"count": "1", "ofs": "0", "req0___data__": text.encode("utf-8", "surrogatepass")}
    query = channel.query(SID=channel.session, RID="101", AID="0")
    assert requests.post(channel.url, params=query, data=body, timeout=20).status_code == 200
    (_, error), _ = channel.read(0)
    assert error[0]["error"]["status"] == "INVALID_ARGUMENT"


def test_a_bad_token_is_told_in_the_channel(channel):
    channel.open(channel.add_target(2, "c/d"), token="nonsense")
    assert channel.read(0)[0][1][0]["error"]["status"] == "UNAUTHENTICATED"


def test_headers_may_come_in_the_query(rest, channel):
    headers = {"$httpHeaders": "Authorization:Bearer nonsense\r\n"}
    channel.open(channel.add_target(2, "c/d"), token="", **headers)
    assert channel.read(0)[0][1][0]["error"]["status"] == "UNAUTHENTICATED"


def test_a_foreign_page_is_no_administrator(channel):
    body = {"headers": "Authorization:Bearer owner\r\n", "count": "0"}
    query = channel.query(RID="1")
    foreign = {"Origin": "https://evil.example"}
    answer = requests.post(channel.url, params=query, data=body, headers=foreign, timeout=20)
    assert (answer.status_code, answer.json()["error"]["status"]) == (403, "PERMISSION_DENIED")


def test_a_session_that_is_unknown_or_over(channel):
    """The client looks for the words behind the first letter of a 400."""
    for call in (channel.try_post, lambda: channel.get(0)):
        channel.session = "made-up"
        answer = call()
        assert (answer.status_code, answer.text.find("Unknown SID") > 0) == (400, True)
        channel.sent = 0
        channel.open()
        channel.terminate()
        assert call().status_code == 400
    channel.terminate()


@pytest.mark.parametrize(
    ("verb", "path", "query", "status"),
    [
        ("POST", "Listen", {"VER": "7"}, 400),
        ("GET", "Listen", {"VER": "8"}, 400),
        ("POST", "Commit", {"VER": "8"}, 404),
        ("PUT", "Listen", {"VER": "8"}, 404),
    ],
)
def test_what_is_not_the_protocol_is_refused(rest, verb, path, query, status):
    address = f"{rest.url}/google.firestore.v1.Firestore/{path}/channel"
    assert requests.request(verb, address, params=query, timeout=20).status_code == status


def test_numbers_that_are_none_are_refused(channel):
    channel.open()
    for query in ({"AID": "-1"}, {"AID": "x"}, {"AID": "9" * 40}):
        full = {**channel.query(SID=channel.session, RID="rpc"), **query}
        assert requests.get(channel.url, params=full, timeout=20).status_code == 400


async def turns():
    """Let everything go on until it waits for something."""
    for _ in range(300):
        await asyncio.sleep(0)


class TestSessions:
    """Sessions without a network, where their bounds are small."""

    BOUNDS = Bounds(keepalive=0.01, expiry=0.01, waiting=2, kept=100, response=150)

    @staticmethod
    async def endless(requests):
        async for _ in requests:
            yield ListenResponse()

    @staticmethod
    async def flood(_):
        while True:
            yield ListenResponse()
            await asyncio.sleep(0)

    def run(self, steps, call, bounds=BOUNDS):
        async def main():
            gone = asyncio.Event()
            session = Session(ListenRequest, call, bounds, lambda _: gone.set())
            await asyncio.wait_for(steps(session, gone), 20)
            await session.close()

        asyncio.run(main())

    def test_idle_sessions_expire(self):
        async def main():
            left = 200
            done = asyncio.Event()

            def gone(_):
                nonlocal left
                left -= 1
                if not left:
                    done.set()

            sessions = [Session(ListenRequest, self.endless, self.BOUNDS, gone) for _ in range(200)]
            await asyncio.wait_for(done.wait(), 20)
            await asyncio.gather(*(session.close() for session in sessions))

        asyncio.run(main())

    def test_a_session_that_is_read_does_not_expire(self):
        async def steps(session, gone):
            heard = []

            async def send(chunk):
                heard.append(chunk)
                if len(heard) == 5:
                    raise ConnectionResetError

            with pytest.raises(ConnectionResetError):
                await session.read(0, send, once=False, patience=1)
            assert [json.loads(one.partition(b"\n")[2])[0][1] for one in heard] == [["noop"]] * 5
            assert not gone.is_set()
            await gone.wait()

        self.run(steps, self.endless)

    def test_a_client_that_does_not_acknowledge_is_not_sent_more(self):
        async def steps(session, _):
            await turns()
            _, last, size = json.loads(session.state())
            assert 100 <= size < 110
            session.acknowledge(last)
            await turns()
            assert json.loads(session.state())[1] == 2 * last

        self.run(steps, self.flood, Bounds(kept=100))

    def test_a_response_ends_when_it_is_long(self):
        async def steps(session, _):
            sent = []

            async def send(chunk):
                sent.append(len(chunk))
                session.acknowledge(len(sent) * 1000)

            await session.read(0, send, once=False, patience=20)
            assert sum(sent) >= 150

        self.run(steps, self.flood, Bounds(kept=100, response=150))

    def test_requests_wait_when_the_call_does_not_read_them(self):
        async def steps(session, _):
            posting = asyncio.create_task(session.post((number, "{}") for number in range(5)))
            await turns()
            assert not posting.done()
            await session.end(FirestoreError(Code.UNAVAILABLE, "over"))
            await posting

        async def deaf(_):
            await asyncio.Event().wait()
            yield ListenResponse()

        self.run(steps, deaf, Bounds(waiting=2))

    def test_a_call_that_fails_unforeseen_is_told(self, caplog):
        async def steps(session, _):
            heard = []

            async def send(chunk):
                heard.append(chunk)

            await session.read(0, send, once=True, patience=20)
            assert b'"INTERNAL"' in heard[0]
            assert b"secret" not in heard[0]

        async def failing(_):
            raise ZeroDivisionError("secret")
            yield ListenResponse()

        self.run(steps, failing, Bounds())
        assert "a streaming call failed" in caplog.text
