"""An HTTP client that takes no answer that is too long or too slow: the SDK's own time-out is for each read."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx2

MOST_BYTES = 1_000_000  # of an answer; what is asked for stays below 65,536 tokens


class AnswerTooLongError(Exception):
    """The answer has more bytes than any answer that was asked for."""


class _Bounded(httpx2.SyncByteStream):
    """A body that ends with an error when it has too many bytes, or goes on after the deadline (monotonic seconds)."""

    def __init__(self, inner: httpx2.SyncByteStream, request: httpx2.Request, deadline: float) -> None:
        self._inner = inner
        self._request = request
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self._inner:
            size += len(chunk)
            if size > MOST_BYTES:
                raise AnswerTooLongError
            if time.monotonic() > self._deadline:
                raise httpx2.ReadTimeout("the answer trickles", request=self._request)
            yield chunk

    def close(self) -> None:
        self._inner.close()


class BoundedTransport(httpx2.BaseTransport):
    """Hands requests on, and bounds what comes back."""

    def __init__(self) -> None:
        self._inner = httpx2.HTTPTransport()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        # Compressed, few bytes could become very many: none is asked for, and none is taken.
        request.headers["Accept-Encoding"] = "identity"
        deadline = time.monotonic() + float(request.extensions["timeout"]["read"])
        response = self._inner.handle_request(request)
        if response.headers.get("Content-Encoding", "identity") != "identity":
            response.close()
            raise AnswerTooLongError
        if isinstance(response.stream, httpx2.SyncByteStream):
            response.stream = _Bounded(response.stream, request, deadline)
        return response

    def close(self) -> None:
        self._inner.close()


def bounded_client(seconds: float) -> httpx2.Client:
    """A client for Google's API: follows no redirect, asks no proxy of the environment."""
    return httpx2.Client(transport=BoundedTransport(), timeout=seconds, follow_redirects=False, trust_env=False)
