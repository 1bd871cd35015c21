"""The calls that query."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator, Sequence
from itertools import islice
from typing import Final

from emulator.firestore.callers import Caller
from emulator.firestore.engine import Engine
from emulator.firestore.errors import invalid
from emulator.firestore.indexes.definitions import Index
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
from emulator.firestore.query import aggregate, explain, indexing, parse
from emulator.firestore.query.execute import Execution
from emulator.firestore.query.model import Query
from emulator.firestore.query.nearest import with_distance
from emulator.firestore.rpc.masks import project
from emulator.firestore.storage.reader import Reader
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
        indexing.check(self._engine.store.indexes, query)
        read_time = to_timestamp(at)
        if request.HasField("explain_options") and not request.explain_options.analyze:
            self._engine.meter.read(0, minimum=1)
            yield RunQueryResponse(read_time=read_time, explain_metrics=explain.planned(self._indexes(query)))
            return
        began, results, skipped = time.perf_counter(), 0, query.offset
        executions: list[Execution] = []

        def documents(reader: Reader) -> Iterator[Document]:
            executions.append(Execution(query, reader, at))
            return _documents(executions[0])

        async for chunk in self._engine.store.stream(documents):
            self._engine.meter.read(len(chunk) + skipped)  # what an offset skips is billed as well
            results += len(chunk)
            for document in chunk:
                yield RunQueryResponse(document=document, read_time=read_time, skipped_results=skipped)
                skipped = 0
        reads = executions[0].reads
        self._engine.meter.read(reads if results else skipped + reads, minimum=int(not results))
        last = RunQueryResponse(read_time=read_time, skipped_results=skipped)
        if request.HasField("explain_options"):
            spent = _spent(executions[0], results, time.perf_counter() - began)
            last.explain_metrics.CopyFrom(explain.analyzed(self._indexes(query), spent))
            yield last
        elif not results:
            yield last

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
        indexing.check(self._engine.store.indexes, query)
        response = RunAggregationQueryResponse(read_time=to_timestamp(at), transaction=reading.began)
        explained = request.HasField("explain_options")
        if explained and not request.explain_options.analyze:
            self._engine.meter.read(0, minimum=1)
            response.explain_metrics.CopyFrom(explain.planned(self._indexes(query)))
            yield response
            return
        began = time.perf_counter()

        def compute(reader: Reader) -> tuple[AggregationResult, int]:
            return _aggregated(asked, Execution(query, reader, at))

        result, entries = await self._engine.store.read(compute)
        self._engine.meter.aggregated(entries)
        response.result.CopyFrom(result)
        if explained:
            spent = explain.aggregation(entries, time.perf_counter() - began)
            response.explain_metrics.CopyFrom(explain.analyzed(self._indexes(query), spent))
        yield response

    def _indexes(self, query: Query) -> list[Index]:
        return indexing.indexes_of(self._engine.store.indexes, query)

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


def _spent(execution: Execution, results: int, seconds: float) -> explain.Spent:
    """What a query took that has been run."""
    documents, entries = execution.documents_read, execution.entries_billed
    return explain.Spent(results, documents, max(documents, entries), seconds, entries, execution.reads)


def _documents(execution: Execution) -> Iterator[Document]:
    """What a client gets of the results."""
    query = execution.query
    if query.nearest is None:
        return (project(found.record, query.projection) for found in execution.results())
    return (
        with_distance(project(found.record, query.projection), query.nearest, found.distance)
        for found in execution.neighbours(query.nearest)
    )


def _aggregated(asked: Sequence[aggregate.Aggregation], execution: Execution) -> tuple[AggregationResult, int]:
    """The numbers, and how many index entries they were made from. Where indexes can tell, no document is read."""
    most = aggregate.most_counted(asked)
    if aggregate.only_counts(asked):
        count = execution.count(most)
        if count is not None:
            return aggregate.counts(asked, count), execution.index_entries_read
    result = aggregate.aggregate(asked, islice(execution.records(), most))
    return result, execution.documents_read
