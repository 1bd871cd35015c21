"""The Write stream of the web and mobile SDKs: a handshake, then one commit for each request, in order."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

from emulator.firestore.callers import Caller
from emulator.firestore.engine import Engine
from emulator.firestore.errors import invalid
from emulator.firestore.names import parse_database
from emulator.firestore.proto.v1 import WriteRequest, WriteResponse
from emulator.firestore.values.times import to_timestamp


class WriteStream:
    """Write, as google/firestore/v1/write.proto and firestore.proto describe it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def write(self, requests: AsyncIterator[WriteRequest], caller: Caller) -> AsyncIterator[WriteResponse]:
        """The responses to a stream of requests.

        The first request names the database and holds no writes; its response gives the stream's id and token. A
        client that comes back with an earlier token is taken at its word: what it has not been told of it sends again,
        as it does to production after a token has expired.

        Raises:
            FirestoreError: of any kind; the stream is over then.
        """
        database = ""
        stream = secrets.token_hex(8)
        number = 0
        async for request in requests:
            if not database:
                database = parse_database(request.database)
                if request.writes:
                    raise invalid("The first request of a write stream must not contain writes.")
                yield WriteResponse(stream_id=stream, stream_token=_token(number))
                continue
            if not request.stream_token:
                raise invalid("A write request must carry the stream token of the last response.")
            response = WriteResponse()
            if request.writes:
                commit, results = await self._engine.commit(database, request.writes, caller=caller)
                response.write_results.extend(results)
                response.commit_time.CopyFrom(to_timestamp(commit.time))
            number += 1
            response.stream_token = _token(number)
            yield response


def _token(number: int) -> bytes:
    return number.to_bytes(8, "big")
