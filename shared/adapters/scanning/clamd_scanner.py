"""Scanning with ClamAV's daemon over its protocol (clamd(8), "COMMANDS": VERSION, INSTREAM).

Written here because the packaged client (clamav-client 0.7) pulls from a file object instead of being fed, speaks no
IPv6, connects to unix sockets without a time-out, and loses the daemon's "size limit exceeded" behind the broken pipe.
"""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from shared.domain.errors import UnavailableError
from shared.domain.inspection import MAX_NAMES, ScanResult, ScanVerdict

NAME = "clamd"
_MB = 1024 * 1024
_OVERLAP = _MB
_PIECE = 256 * 1024
_MAX_REPLY = 4096
_REPLY = re.compile(r"^stream: (?:(?P<name>.+) FOUND|OK)$")
# Found because of the daemon's options AlertExceedsMax and AlertEncrypted, not because something is malicious.
_LIMITS = "Heuristics.Limits.Exceeded"
_ENCRYPTED = "Heuristics.Encrypted"


@dataclass(frozen=True)
class Clamd:
    """Where the daemon listens, and what it takes.

    `address` is `host:port`, or the path of a unix socket. `stream_limit`, in bytes, is at most the daemon's
    StreamMaxLength (100 MB by default, 25 MB in Debian's configuration). Times in seconds: for connecting and sending,
    and for the answer, which comes after the scan (MaxScanTime is 120 by default).
    """

    address: str
    stream_limit: int = 25 * _MB
    connect_timeout: float = 10
    answer_timeout: float = 180

    def connected(self) -> socket.socket:
        """A new connection.

        Raises:
            UnavailableError: nobody answers there.
        """
        try:
            if self.address.startswith("/"):
                return self._unix()
            host, _, port = self.address.rpartition(":")
            return socket.create_connection((host.strip("[]"), int(port)), timeout=self.connect_timeout)
        except (OSError, ValueError) as error:
            raise UnavailableError("The malware scanner does not answer") from error

    def _unix(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(self.connect_timeout)
            connection.connect(self.address)
        except OSError:
            connection.close()
            raise
        return connection


class ClamdScanner:
    """Finds what ClamAV's signatures describe. The daemon unpacks archives, mails and documents itself."""

    def __init__(self, daemon: Clamd) -> None:
        if daemon.stream_limit <= 2 * _OVERLAP:
            raise ValueError(f"clamd's stream limit has to be more than {2 * _OVERLAP} bytes")
        self._daemon = daemon
        self._known = ""

    @property
    def name(self) -> str:
        """As shown with its answers."""
        return NAME

    def unpacks(self, size: int) -> bool:
        """What is cut into windows cannot be unpacked by the daemon."""
        return size <= self._daemon.stream_limit

    def begin(self, size: int | None) -> ClamdScan:
        # Signatures are updated while the daemon runs: their version is asked for with each file, not each entry.
        if size is not None or not self._known:
            self._known = self._version()
        return ClamdScan(self._daemon, self._known)

    def _version(self) -> str:
        with _faults(), self._daemon.connected() as connection:
            connection.sendall(b"zVERSION\0")
            connection.settimeout(self._daemon.answer_timeout)
            return _answer(connection)


class ClamdScan:
    """One file: a stream, or several that overlap where it is larger than what the daemon takes at once."""

    def __init__(self, daemon: Clamd, version: str) -> None:
        self._daemon = daemon
        self._version = version
        self._stream: socket.socket | None = None
        self._sent = 0
        self._streams = 0
        self._tail = b""
        self._names: dict[str, None] = {}

    def feed(self, chunk: bytes) -> None:
        for at in range(0, len(chunk), _PIECE):
            self._feed(chunk[at : at + _PIECE])

    def finish(self) -> ScanResult:
        if self._stream is not None or not self._streams:
            self._open()
            self._end()
        return self._result()

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _feed(self, piece: bytes) -> None:
        if self._sent + len(piece) > self._daemon.stream_limit:
            self._end()
        if self._infected():
            return
        if self._stream is None:
            self._open()
        self._send(piece)
        self._tail = (self._tail + piece)[-_OVERLAP:]

    def _open(self) -> None:
        if self._stream is not None:
            return
        self._stream = self._daemon.connected()
        self._streams += 1
        self._sent = 0
        with _faults():
            self._stream.sendall(b"zINSTREAM\0")
        if self._tail:
            self._send(self._tail)

    def _send(self, piece: bytes) -> None:
        if self._stream is None:
            raise AssertionError("nothing is sent before a stream is open")
        try:
            self._stream.sendall(struct.pack("!L", len(piece)) + piece)
        except OSError:
            # The daemon answers and hangs up when it has had enough: its answer says more than the broken pipe.
            self._end()
            raise UnavailableError("The malware scanner broke off") from None
        self._sent += len(piece)

    def _end(self) -> None:
        stream, self._stream = self._stream, None
        if stream is None:
            return
        with stream:
            with suppress(OSError):  # the answer, or its absence, decides: see _send
                stream.sendall(struct.pack("!L", 0))
            with _faults():
                stream.settimeout(self._daemon.answer_timeout)
                self._note(_answer(stream))

    def _note(self, answer: str) -> None:
        if "size limit exceeded" in answer:
            raise UnavailableError("The malware scanner takes less than the configured stream limit")
        told = _REPLY.match(answer)
        if told is None:
            raise UnavailableError("The malware scanner failed")
        if told["name"]:
            self._names[told["name"]] = None

    def _infected(self) -> list[str]:
        return [name for name in self._names if not name.startswith((_LIMITS, _ENCRYPTED))]

    def _result(self) -> ScanResult:
        infected = self._infected()
        exceeded = [name for name in self._names if name.startswith(_LIMITS)]
        reasons = [f"{name}: a limit of the daemon, the file was not wholly scanned" for name in exceeded]
        if self._streams > 1:
            size = self._daemon.stream_limit // _MB
            reasons.append(f"scanned in {self._streams} windows of {size} MB, as the daemon takes no more at once")
        verdict = ScanVerdict.NOT_SCANNED if exceeded else ScanVerdict.CLEAN
        return ScanResult(
            scanner=NAME,
            version=self._version,
            verdict=ScanVerdict.INFECTED if infected else verdict,
            signatures=infected[:MAX_NAMES],
            suspicious=[name for name in self._names if name.startswith(_ENCRYPTED)][:MAX_NAMES],
            reason="; ".join(reasons),
        )


def _answer(connection: socket.socket) -> str:
    data = b""
    while not data.endswith(b"\0") and len(data) < _MAX_REPLY:
        piece = connection.recv(_MAX_REPLY)
        if not piece:
            break
        data += piece
    if not data.endswith(b"\0"):
        raise UnavailableError("The malware scanner broke off")
    return data.rstrip(b"\0").decode("utf-8", "replace").strip()


@contextmanager
def _faults() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError("The malware scanner broke off") from error
