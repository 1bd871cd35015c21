from __future__ import annotations

import socket
import struct
import threading

import pytest

from shared.adapters.scanning.clamd_scanner import Clamd, ClamdScanner
from shared.domain.errors import UnavailableError
from shared.domain.inspection import ScanVerdict
from shared.settings import Settings, SettingsError

MB = 1024 * 1024
VERSION = b"ClamAV 1.4.6/27000/Mon Nov 23 09:00:00 2026\0"


class Daemon:
    """Speaks the protocol as far as a test wants: answers streams with `answer`, hangs up after `most` bytes."""

    def __init__(self, answer: bytes | None = b"stream: OK\0", *, most: int | None = None, version: bytes = VERSION):
        self.answer = answer
        self.most = most
        self.version = version
        self.streams: list[bytes] = []
        self._ended = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def scanner(self, **settings):
        port = self._listener.getsockname()[1]
        return ClamdScanner(Clamd(f"127.0.0.1:{port}", **settings))

    def _serve(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                self._talk(connection)

    def _talk(self, connection):
        with connection.makefile("rb") as incoming:
            command = b""
            while not command.endswith(b"\0"):
                command += incoming.read(1)
            if command == b"zVERSION\0":
                connection.sendall(self.version)
                return
            assert command == b"zINSTREAM\0"
            self.streams.append(b"")
            while size := struct.unpack("!L", incoming.read(4))[0]:
                self.streams[-1] += incoming.read(size)
                if self.most is not None and len(self.streams[-1]) > self.most:
                    break
            if self.answer is None:
                self._ended.wait()  # never answers while the test lasts
            else:
                connection.sendall(self.answer)


def scan(scanner, data: bytes):
    under_way = scanner.begin(len(data))
    try:
        under_way.feed(data)
        return under_way.finish()
    finally:
        under_way.close()


def test_the_file_is_sent_and_the_version_kept():
    with Daemon() as daemon:
        result = scan(daemon.scanner(), b"abc" * 200_000)
    assert daemon.streams == [b"abc" * 200_000]
    assert (result.verdict, result.reason) == (ScanVerdict.CLEAN, "")
    assert result.version == VERSION[:-1].decode()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"stream: OK",  # cut before its end
        b"stream: \0",
        b"UNKNOWN COMMAND\0",
        b"stream: Can't allocate memory ERROR\0",
        b"COMMAND READ TIMED OUT\0",
        b"x" * 100_000,
    ],
)
def test_what_is_no_answer_is_never_clean(answer):
    with Daemon(answer) as daemon, pytest.raises(UnavailableError):
        scan(daemon.scanner(), b"abc")


def test_no_answer_in_time_is_never_clean():
    with Daemon(None) as daemon, pytest.raises(UnavailableError):
        scan(daemon.scanner(answer_timeout=0.05), b"abc")


def test_nobody_there_is_never_clean():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for address in (f"127.0.0.1:{port}", "/nonexistent/clamd.sock", "localhost:none"):
        with pytest.raises(UnavailableError):
            ClamdScanner(Clamd(address)).begin(3)


def test_a_daemon_that_hangs_up_at_its_version_is_never_clean():
    with Daemon(version=b"") as daemon, pytest.raises(UnavailableError):
        daemon.scanner().begin(3)


def test_a_limit_smaller_than_configured_is_an_error_that_says_so():
    with (
        Daemon(b"INSTREAM size limit exceeded. ERROR\0", most=MB) as daemon,
        pytest.raises(UnavailableError, match=r"stream limit|broke off"),
    ):
        scan(daemon.scanner(), bytes(8 * MB))


def test_windows_overlap():
    data = bytes(range(256)) * (4 * 7 * 1024)  # 7 MB
    with Daemon() as daemon:
        result = scan(daemon.scanner(stream_limit=3 * MB), data)
    assert [len(stream) for stream in daemon.streams] == [3 * MB, 3 * MB, 3 * MB]
    assert daemon.streams[0] + daemon.streams[1][MB:] + daemon.streams[2][MB:] == data
    assert "3 windows of 3 MB" in result.reason


def test_what_is_found_in_a_window_is_enough():
    with Daemon(b"stream: Win.Test.A-1 FOUND\0") as daemon:
        result = scan(daemon.scanner(stream_limit=3 * MB), bytes(7 * MB))
    assert (result.verdict, result.signatures) == (ScanVerdict.INFECTED, ["Win.Test.A-1"])
    assert len(daemon.streams) == 1


def test_a_limit_of_the_daemon_is_neither_infected_nor_clean():
    with Daemon(b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0") as daemon:
        result = scan(daemon.scanner(), b"abc")
    assert result.verdict is ScanVerdict.NOT_SCANNED
    assert "MaxFileSize" in result.reason
    assert result.signatures == []


@pytest.mark.parametrize("address", ["clamd.internal:3310", "[::1]:3310", "10.0.0.5:3310", "/run/clamav/clamd.ctl"])
def test_addresses_that_can_be_set(address):
    assert Settings.read({"GOOGLE_CLOUD_PROJECT": "demo-test", "SECURA_CLAMD": address}).clamd == address


@pytest.mark.parametrize("address", ["clamd.internal", "http://clamd:3310", "clamd:port", "run/clamd.ctl", ":3310"])
def test_addresses_that_cannot(address):
    with pytest.raises(SettingsError, match="SECURA_CLAMD"):
        Settings.read({"GOOGLE_CLOUD_PROJECT": "demo-test", "SECURA_CLAMD": address})


def test_a_stream_limit_without_room_for_the_overlap_is_refused():
    with pytest.raises(ValueError, match="stream limit"):
        ClamdScanner(Clamd("localhost:3310", stream_limit=2 * MB))
