"""Uploads in parts, cut at any place on their way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.storage.errors import InvalidError
from emulator.storage.exchange.multipart import Parts, read_upload

CONTENTS = st.binary(max_size=60) | st.lists(st.sampled_from([b"\r\n--b", b"\r", b"\n", b"--", b"b", b"-", b"x"])).map(
    b"".join
).filter(lambda content: b"\r\n--bound" not in b"\r\n" + content)


def read(body: bytes, cuts: list[int]) -> tuple[Parts, bytes]:
    async def chunks() -> AsyncIterator[bytes]:
        places = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
        for start, end in pairwise(places):
            yield body[start:end]

    content = bytearray()
    parts = asyncio.run(read_upload("multipart/related; boundary=bound", chunks(), content.extend))
    return parts, bytes(content)


@given(CONTENTS, st.dictionaries(st.text(), st.text(), max_size=3), st.lists(st.integers(0, 400), max_size=8))
def test_the_content_is_what_was_sent_wherever_it_is_cut(
    content: bytes, metadata: dict[str, str], cuts: list[int]
) -> None:
    head = b"preamble\r\n--bound\r\nContent-Type: application/json\r\n\r\n" + json.dumps(metadata).encode()
    body = head + b"\r\n--bound\r\ncontent-type: text/x\r\n\r\n" + content + b"\r\n--bound--\r\nepilogue"
    assert read(body, cuts) == (Parts(metadata, "text/x"), content)


@given(st.binary(max_size=80), st.lists(st.integers(0, 400), max_size=5))
def test_any_other_body_is_refused(body: bytes, cuts: list[int]) -> None:
    with pytest.raises(InvalidError):
        read(body, cuts)


@given(st.integers(0, 88))
def test_a_body_that_breaks_off_is_refused(length: int) -> None:
    whole = (
        b"--bound\r\nContent-Type: application/json\r\n\r\n{}\r\n--bound\r\ncontent-type: a/b\r\n\r\nxy\r\n--bound--"
    )
    assert read(whole, [])[1] == b"xy"
    with pytest.raises(InvalidError):
        read(whole[: min(length, len(whole) - 1)], [])
