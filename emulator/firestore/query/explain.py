"""How a query is run (firebase.google.com/docs/firestore/query-explain): the metrics that a client asks for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from emulator.firestore.indexes.definitions import Index
from emulator.firestore.proto.v1 import ExecutionStats, ExplainMetrics, PlanSummary
from emulator.firestore.query.execute import ENTRIES_A_READ

_NANOS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Spent:
    """What a query took: results, documents and index entries that were read, seconds."""

    results: int
    documents: int
    entries: int
    seconds: float
    entries_billed: int = 0
    reads: int = 0  # for other things than documents


def aggregation(entries: int, seconds: float) -> Spent:
    """What an aggregation over so many index entries took."""
    return Spent(1, 0, entries, seconds, entries, max(1, -(-entries // ENTRIES_A_READ)))


def planned(indexes: Iterable[Index]) -> ExplainMetrics:
    """The plan alone."""
    summary = PlanSummary()
    for index in indexes:
        scope = "Collection group" if index.wide else "Collection"
        summary.indexes_used.add().update({"properties": index.properties, "query_scope": scope})
    return ExplainMetrics(plan_summary=summary)


def analyzed(indexes: Iterable[Index], spent: Spent) -> ExplainMetrics:
    """The plan, and what running it took."""
    metrics = planned(indexes)
    stats = ExecutionStats(results_returned=spent.results, read_operations=max(1, spent.documents + spent.reads))
    duration: Any = stats.execution_duration
    duration.FromNanoseconds(round(spent.seconds * _NANOS))
    nothing = spent.documents == 0 and spent.entries_billed == 0
    stats.debug_stats.update(
        {
            "index_entries_scanned": str(spent.entries),
            "documents_scanned": str(spent.documents),
            "billing_details": {
                "documents_billable": str(spent.documents),
                "index_entries_billable": str(spent.entries_billed),
                "small_ops": "0",
                "min_query_cost": str(int(nothing)),
            },
        }
    )
    metrics.execution_stats.CopyFrom(stats)
    return metrics
