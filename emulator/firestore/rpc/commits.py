"""The calls that write, and the life of transactions."""

from __future__ import annotations

from emulator.firestore.callers import Caller
from emulator.firestore.engine import Engine
from emulator.firestore.errors import FirestoreError, invalid
from emulator.firestore.names import parse_database
from emulator.firestore.proto.v1 import (
    BatchWriteRequest,
    BatchWriteResponse,
    BeginTransactionRequest,
    BeginTransactionResponse,
    CommitRequest,
    CommitResponse,
    Empty,
    RollbackRequest,
    Write,
    WriteResult,
)
from emulator.firestore.values.times import to_timestamp
from emulator.firestore.write.apply import key_of

MAX_BATCH_WRITES = 500


class Commits:
    """BeginTransaction, Commit, Rollback, BatchWrite."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def begin_transaction(self, request: BeginTransactionRequest, caller: Caller) -> BeginTransactionResponse:
        """A new transaction.

        Raises:
            FirestoreError: INVALID_ARGUMENT.
        """
        database = parse_database(request.database)
        return BeginTransactionResponse(transaction=self._engine.begin(database, request.options).id)

    async def commit(self, request: CommitRequest, caller: Caller) -> CommitResponse:
        """All writes or none.

        Raises:
            FirestoreError: of any kind.
        """
        database = parse_database(request.database)
        commit, results = await self._engine.commit(database, request.writes, request.transaction, caller)
        return CommitResponse(write_results=results, commit_time=to_timestamp(commit.time))

    async def rollback(self, request: RollbackRequest, caller: Caller) -> Empty:
        """The transaction's end without effect.

        Raises:
            FirestoreError: INVALID_ARGUMENT.
        """
        self._engine.transactions.rollback(request.transaction, parse_database(request.database))
        return Empty()

    async def batch_write(self, request: BatchWriteRequest, caller: Caller) -> BatchWriteResponse:
        """Each write by itself, with a status of its own.

        Raises:
            FirestoreError: INVALID_ARGUMENT for the request as a whole.
        """
        database = parse_database(request.database)
        if len(request.writes) > MAX_BATCH_WRITES:
            raise invalid(f"maximum {MAX_BATCH_WRITES} writes allowed per request")
        if len({key_of(write) for write in request.writes}) != len(request.writes):
            raise invalid("A document may be written only once in a batch write.")
        response = BatchWriteResponse()
        for write in request.writes:
            result, code, message = await self._one(database, write, caller)
            response.write_results.append(result)
            response.status.add(code=code, message=message)
        return response

    async def _one(self, database: str, write: Write, caller: Caller) -> tuple[WriteResult, int, str]:
        try:
            _, results = await self._engine.commit(database, [write], caller=caller)
        except FirestoreError as error:
            return WriteResult(), error.code, error.message
        return results[0], 0, ""
