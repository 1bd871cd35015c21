"""One port for every protocol, and what becomes of its connections."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator

import pytest
import requests

from emulator.firestore.wire.port import PortSwitch
from tests.emulator.firestore.conftest import connect

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


def test_grpc_and_rest_share_a_port(rest):
    client = connect(rest.url.removeprefix("http://"), rest.project)
    client.document("c/d").set({"n": 1})
    assert rest.ok("GET", "/c/d")["fields"] == {"n": {"integerValue": "1"}}
    rest.put("c/e", n={"integerValue": "2"})
    assert [one.get("n") for one in client.collection("c").stream()] == [1, 2]
    client.close()


def test_a_document_as_large_as_can_be_goes_through(rest):
    client = connect(rest.url.removeprefix("http://"), rest.project)
    text = "x" * 1_040_000
    batch = client.batch()
    for number in range(8):
        batch.set(client.document(f"c/d{number}"), {"t": text})
    batch.commit()
    assert [one.get("t") == text for one in client.collection("c").stream()] == [True] * 8
    client.close()


def test_a_taken_port_is_an_error(rest):
    host, _, port = rest.url.removeprefix("http://").partition(":")

    async def main():
        with pytest.raises(OSError, match="in use"):
            await PortSwitch(refuse, asyncio.Protocol).start(host, int(port))

    asyncio.run(main())


def test_connections_that_begin_slowly_or_end_early(rest):
    host, _, port = rest.url.removeprefix("http://").partition(":")
    for begin in (b"", b"P", PREFACE[:10], PREFACE, b"POST", b"\x00\xff", b"PRI * HTTP/3"):
        with socket.create_connection((host, int(port)), 20) as one:
            one.sendall(begin)
    with socket.create_connection((host, int(port)), 20) as one:
        for byte in b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":
            one.sendall(bytes([byte]))
        assert one.makefile("rb").read().endswith(b"\r\n\r\nOk")
    assert requests.get(rest.url, timeout=20).text == "Ok"


async def refuse(_):
    raise OSError("nobody is there")


@contextlib.asynccontextmanager
async def switched(serve) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection in HTTP/2 through a switch to a server that does what `serve` says."""
    behind = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = behind.sockets[0].getsockname()
    loop = asyncio.get_running_loop()
    switch = PortSwitch(lambda protocol: loop.create_connection(protocol, *address), asyncio.Protocol)
    port = await switch.start("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        switch.stop_listening()
        switch.close()
        behind.close()
        await asyncio.sleep(0)


def run(steps, serve):
    async def main():
        async with asyncio.timeout(20), switched(serve) as (reader, writer):
            await steps(reader, writer)

    asyncio.run(main())


def test_bytes_go_both_ways_and_each_way_ends_by_itself():
    async def serve(reader, writer):
        everything = await reader.read()  # until the client has said all
        writer.write(everything[::-1])
        writer.close()

    async def steps(reader, writer):
        said = PREFACE + bytes(range(256)) * 4000
        writer.write(said)
        writer.write_eof()
        assert await reader.read() == said[::-1]

    run(steps, serve)


def test_who_does_not_read_is_not_sent_without_end():
    sent = 0

    async def serve(reader, writer):
        nonlocal sent
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(bytes(1 << 16))
                await writer.drain()
                sent += 1 << 16

    async def steps(reader, writer):
        writer.write(PREFACE)
        reader._transport.pause_reading()
        before = -1
        while before != sent or not sent:
            before = sent
            await asyncio.sleep(0.05)
        assert sent < 64 << 20
        reader._transport.resume_reading()
        while sent < before + (8 << 20):
            await reader.read(1 << 20)

    run(steps, serve)


def test_a_reset_is_passed_on():
    reset = asyncio.Event()

    async def serve(reader, writer):
        linger = struct.pack("ii", 1, 0)
        await reader.readexactly(len(PREFACE))
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()
        reset.set()

    async def steps(reader, writer):
        writer.write(PREFACE)
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
        assert reset.is_set()

    run(steps, serve)


def test_a_client_that_goes_takes_the_other_end_with_it():
    gone = asyncio.Event()

    async def serve(reader, writer):
        await reader.readexactly(len(PREFACE))
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
        gone.set()

    async def steps(_, writer):
        writer.write(PREFACE)
        await writer.drain()
        writer.close()
        await gone.wait()

    run(steps, serve)
