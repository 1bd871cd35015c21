"""The calls that query."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import islice
from typing import Final

from emulator.firestore.callers import Caller
from emulator.firestore.engine import Engine
from emulator.firestore.errors import invalid
from emulator.firestore.names import parse_parent
from emulator.firestore.proto.v1 import (
    AggregationResult,
    Cursor,
    Document,
    PartitionQueryRequest,
    PartitionQueryResponse,
    RunAggregationQueryRequest,
    RunAggregationQueryResponse,
    RunQueryRequest,
    RunQueryResponse,
    Value,
)
from emulator.firestore.query import aggregate, parse
from emulator.firestore.query.execute import Execution
from emulator.firestore.rpc.masks import project
from emulator.firestore.storage.reader import Reader
from emulator.firestore.storage.records import Record
from emulator.firestore.values.times import to_timestamp

_PARTITION: Final = 128  # documents that a partition has at least, about what production's have


class Queries:
    """RunQuery, RunAggregationQuery, PartitionQuery."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def run_query(self, request: RunQueryRequest, caller: Caller) -> AsyncIterator[RunQueryResponse]:
        """The documents that match, in order.

        Raises:
            FirestoreError: INVALID_ARGUMENT, or as any read.
        """
        parent = parse_parent(request.parent)
        query = parse.parse(parent, request.structured_query)
        begin = request.new_transaction if request.HasField("new_transaction") else None
        reading = self._engine.reading(request, parent.database, begin)
        if reading.began:
            yield RunQueryResponse(transaction=reading.began)
        at = await self._engine.time_for_query(reading, query.scope)
        self._engine.allow_query(caller, query, request.structured_query, at)
        read_time = to_timestamp(at)
        skipped = query.offset

        def documents(reader: Reader) -> Iterator[Document]:
            return (project(found.record, query.projection) for found in Execution(query, reader, at).results())

        empty = True
        async for chunk in self._engine.store.stream(documents):
            self._engine.meter.read(len(chunk) + skipped)  # what an offset skips is billed as well
            for document in chunk:
                yield RunQueryResponse(document=document, read_time=read_time, skipped_results=skipped)
                empty, skipped = False, 0
        if empty:
            self._engine.meter.read(skipped, minimum=1)
            yield RunQueryResponse(read_time=read_time, skipped_results=skipped)

    async def run_aggregation_query(
        self, request: RunAggregationQueryRequest, caller: Caller
    ) -> AsyncIterator[RunAggregationQueryResponse]:
        """The numbers asked for, in one response.

        Raises:
            FirestoreError: INVALID_ARGUMENT, or as any read.
        """
        parent = parse_parent(request.parent)
        asked = aggregate.parse(request.structured_aggregation_query)
        aggregated = [aggregation.path for aggregation in asked if aggregation.path is not None]
        query = parse.parse(parent, request.structured_aggregation_query.structured_query, aggregated)
        begin = request.new_transaction if request.HasField("new_transaction") else None
        reading = self._engine.reading(request, parent.database, begin)
        at = await self._engine.time_for_query(reading, query.scope)
        self._engine.allow_query(caller, query, request.structured_aggregation_query.structured_query, at)

        def compute(reader: Reader) -> AggregationResult:
            return _aggregated(asked, Execution(query, reader, at))

        result = await self._engine.store.read(compute)
        yield RunAggregationQueryResponse(result=result, read_time=to_timestamp(at), transaction=reading.began)

    async def partition_query(self, request: PartitionQueryRequest, caller: Caller) -> PartitionQueryResponse:
        """Cursors that divide a collection group into parts of about the same size.

        Raises:
            FirestoreError: INVALID_ARGUMENT, or as any read.
        """
        self._engine.guard.check_privileged(caller)
        parent = parse_parent(request.parent)
        query = parse.parse(parent, request.structured_query)
        if request.partition_count <= 0:
            raise invalid("Partition count must be positive.")
        at = self._engine.time_of(request)

        def names(reader: Reader) -> list[str]:
            return [found.record.key.name for found in Execution(query, reader, at).results()]

        found = await self._engine.store.read(names)
        parts = min(request.partition_count + 1, max(1, len(found) // _PARTITION))
        chosen = [found[len(found) * number // parts] for number in range(1, parts)]
        return PartitionQueryResponse(
            partitions=[Cursor(values=[Value(reference_value=name)], before=True) for name in chosen]
        )


def _aggregated(asked: Sequence[aggregate.Aggregation], execution: Execution) -> AggregationResult:
    records: Iterator[Record] = (found.record for found in execution.results())
    if all(aggregation.up_to is not None for aggregation in asked):
        records = islice(records, max(aggregation.up_to or 0 for aggregation in asked))
    return aggregate.aggregate(asked, records)
