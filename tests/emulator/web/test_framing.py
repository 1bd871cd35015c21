"""The wire format of WebChannel, read and written as its client does."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.firestore.wire.webchannel.framing import WireError, chunk, parse, parse_headers
from emulator.firestore.wire.webchannel.outbox import Outbox

texts = st.text(max_size=40)
arrays = st.lists(st.tuples(st.integers(0, 1 << 40), st.recursive(texts, st.lists, max_leaves=5)), max_size=5)


def read_chunks(text: str) -> list[object]:
    """As the client's ChannelRequest reads: a length in UTF-16 units, a line feed, as many units."""
    units = text.encode("utf-16-le")
    found, position = [], 0
    while position < len(units):
        line_end = units.index("\n".encode("utf-16-le"), position)
        size = int(units[position:line_end].decode("utf-16-le"))
        position = line_end + 2 + 2 * size
        found += json.loads(units[line_end + 2 : position].decode("utf-16-le"))
    return found


def body_of(maps: list[tuple[int, str]], offset: int) -> str:
    """As the client's WireV8 writes."""
    fields = [f"count={len(maps)}", f"ofs={offset}"]
    return "&".join([*fields, *(f"req{number - offset}___data__={quote(text, safe='')}" for number, text in maps)])


@given(st.lists(arrays, max_size=4))
def test_a_client_reads_what_is_written(chunks):
    written = b"".join(chunk((number, json.dumps([value])) for number, value in some) for some in chunks)
    assert read_chunks(written.decode()) == [[number, [value]] for some in chunks for number, value in some]


@given(st.dictionaries(st.integers(0, 10**8), texts, max_size=8), st.integers(0, 100))
def test_a_body_is_read_as_the_client_wrote_it(messages, before):
    maps = sorted(messages.items())
    offset = max(0, maps[0][0] - before) if maps else 0
    assert parse(body_of(maps, offset)).maps == maps


@given(st.dictionaries(st.from_regex(r"\A[A-Za-z][A-Za-z0-9-]*\Z"), st.from_regex(r"\A[!-~]*\Z"), max_size=4))
def test_headers_come_in_the_body(headers):
    text = "".join(f"{name}:{value}\r\n" for name, value in headers.items())
    assert parse(f"headers={quote(text, safe='')}&count=0").headers == {n.lower(): v for n, v in headers.items()}


@given(st.text(max_size=200))
def test_any_body_is_read_or_refused(text):
    try:
        posted = parse(text)
    except WireError:
        return
    assert all(number >= 0 for number, _ in posted.maps)


@pytest.mark.parametrize(
    "body", ["count=1", "count=0&req0___data__=x", "count=-1", "ofs=x", "count=1&req0_type=_badmap"]
)
def test_a_body_that_contradicts_itself_is_refused(body):
    with pytest.raises(WireError):
        parse(body)


def test_headers_without_a_colon_are_left_out():
    assert parse_headers("a:b:c\r\nnothing\r\nD: e ") == {"a": "b:c", "d": "e"}


@given(st.lists(st.text(alphabet="ab", max_size=5), max_size=20), st.lists(st.integers(0, 25), max_size=5))
def test_an_outbox_keeps_what_is_not_acknowledged(written, acknowledged):
    outbox = Outbox()
    for text in written:
        outbox.add(text)
    for number in acknowledged:
        outbox.acknowledge(number)
    seen = max(acknowledged, default=0)
    assert [(one.number, one.text) for one in outbox.after(0)] == list(enumerate(written, 1))[seen:]
    assert outbox.size == sum(map(len, written[seen:]))
    assert outbox.last == len(written)
