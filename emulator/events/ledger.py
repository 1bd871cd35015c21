"""The tables of deliveries and every statement on them.

Two connections use them: the service's own, which adds deliveries inside the transactions of their causes, and the
dispatcher's, which claims and settles. All order and all waiting is in the rows, so nothing is known only to a process
that may be killed. Times are seconds since the epoch.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from emulator.events.cloudevent import CloudEvent
from emulator.events.triggers import Trigger

# A null due_at waits for the delivery before it with the same ordering key.
SCHEMA = """
    create table if not exists deliveries (
        id integer primary key autoincrement,
        function text not null, region text not null, retry integer not null,
        headers text not null, body blob not null, ordering_key text,
        attempts integer not null default 0, last_error text, enqueued_at real not null, due_at real
    );
    create index if not exists deliveries_due on deliveries (function, due_at, id);
    create index if not exists deliveries_ordered on deliveries (function, ordering_key, id)
        where ordering_key is not null;
    create table if not exists dead_deliveries (
        id integer primary key, function text not null, headers text not null, body blob not null,
        attempts integer not null, reason text not null, enqueued_at real not null, ended_at real not null
    );
"""
_DEAD_KEPT = 1000
_ADD = """
    insert into deliveries (function, region, retry, headers, body, ordering_key, enqueued_at, due_at)
    values (:function, :region, :retry, :headers, :body, :key, :now, case when :key is not null and exists (
        select 1 from deliveries where function = :function and ordering_key = :key) then null else :now end)
"""
# A loose index scan: one probe for each function instead of a look at each row.
_FUNCTIONS = """
    with recursive f (name) as (
        select min(function) from deliveries
        union all select (select min(function) from deliveries where function > f.name) from f where f.name is not null
    ) select name from f where name is not null
"""
_CLAIM = """
    select id, function, region, retry, headers, body, ordering_key, attempts, enqueued_at from deliveries
    where function = ? and due_at <= ? and id not in (select value from json_each(?)) order by due_at, id limit ?
"""
_NEXT_DUE = "select min(due_at) from deliveries where function = ? and due_at > ?"
_RELEASE = """
    update deliveries set due_at = :now where id = (
        select min(id) from deliveries where function = :function and ordering_key = :key)
"""
_BURY = """
    insert or replace into dead_deliveries (id, function, headers, body, attempts, reason, enqueued_at, ended_at)
    select id, function, headers, body, attempts + 1, :reason, enqueued_at, :now from deliveries where id = :id
"""
_FORGET = "delete from dead_deliveries where id <= (select id from dead_deliveries order by id desc limit 1 offset ?)"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one function; `attempts` are those that failed before."""

    id: int
    function: str
    region: str
    retry: bool
    headers: dict[str, str]
    body: bytes
    ordering_key: str | None
    attempts: int
    enqueued_at: float


@dataclass(frozen=True, slots=True)
class Delivered:
    """The function took it."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Failed:
    """It is tried again at `due_at`."""

    delivery: Delivery
    reason: str
    due_at: float


@dataclass(frozen=True, slots=True)
class Dropped:
    """It is tried no more."""

    delivery: Delivery
    reason: str


Outcome = Delivered | Failed | Dropped


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a person sees of a delivery: `reason` is its last failure, `due` None while it waits for its turn."""

    id: int
    function: str
    event_id: str
    event_type: str
    source: str
    subject: str | None
    attempts: int
    reason: str | None
    enqueued: datetime
    due: datetime | None


def add(connection: sqlite3.Connection, trigger: Trigger, event: CloudEvent, now: float, key: str | None) -> None:
    """Add a delivery inside the transaction that `connection` is in."""
    connection.execute(
        _ADD,
        {
            "function": trigger.function,
            "region": trigger.region,
            "retry": trigger.retry,
            "headers": json.dumps(event.headers()),
            "body": event.data,
            "key": key,
            "now": now,
        },
    )


class Ledger:
    """The dispatcher's side of the tables.

    It runs on the event loop and so never waits for a lock: what cannot be written now raises
    `sqlite3.OperationalError` with SQLITE_BUSY.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        self._connection.execute("pragma journal_mode = wal")
        # WAL keeps every commit through the end of the process; only the loss of the machine's power can undo one.
        self._connection.execute("pragma synchronous = normal")
        self._connection.executescript(SCHEMA)
        self._connection.execute("pragma busy_timeout = 0")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def functions(self) -> list[str]:
        """Those that something waits for."""
        return [name for (name,) in self._connection.execute(_FUNCTIONS)]

    def claim(self, function: str, now: float, running: Collection[int], limit: int) -> list[Delivery]:
        """What is due and does not run, in the order of becoming due."""
        rows = self._connection.execute(_CLAIM, (function, now, json.dumps(list(running)), limit))
        return [Delivery(row[0], row[1], row[2], bool(row[3]), json.loads(row[4]), *row[5:]) for row in rows]

    def next_due(self, function: str, now: float) -> float | None:
        """When the next delivery becomes due that is not yet."""
        row: tuple[float | None] = self._connection.execute(_NEXT_DUE, (function, now)).fetchone()
        return row[0]

    def settle(self, outcomes: Sequence[Outcome], now: float) -> None:
        """Write what became of deliveries, in one transaction."""
        self._connection.execute("begin immediate")
        try:
            for outcome in outcomes:
                self._settle(outcome, now)
            self._connection.execute("commit")
        except BaseException:
            self._connection.execute("rollback")
            raise

    def _settle(self, outcome: Outcome, now: float) -> None:
        delivery = outcome.delivery
        if isinstance(outcome, Failed):
            self._connection.execute(
                "update deliveries set attempts = attempts + 1, last_error = ?, due_at = ? where id = ?",
                (outcome.reason, outcome.due_at, delivery.id),
            )
            return
        if isinstance(outcome, Dropped):
            self._connection.execute(_BURY, {"id": delivery.id, "reason": outcome.reason, "now": now})
            self._connection.execute(_FORGET, (_DEAD_KEPT,))
        self._connection.execute("delete from deliveries where id = ?", (delivery.id,))
        if delivery.ordering_key is not None:
            self._connection.execute(
                _RELEASE, {"now": now, "function": delivery.function, "key": delivery.ordering_key}
            )

    def count(self) -> int:
        """How many deliveries wait or run."""
        (count,) = self._connection.execute("select count(*) from deliveries").fetchone()
        return int(count)

    def pending(self, limit: int) -> list[DeliveryReport]:
        """What waits or runs, the oldest first."""
        return self._report("attempts, last_error, enqueued_at, due_at from deliveries order by id", limit)

    def dead(self, limit: int) -> list[DeliveryReport]:
        """What was dropped, the latest first; the last 1000 are kept."""
        return self._report("attempts, reason, enqueued_at, ended_at from dead_deliveries order by id desc", limit)

    def _report(self, rest: str, limit: int) -> list[DeliveryReport]:
        rows = self._connection.execute(f"select id, function, headers, {rest} limit ?", (limit,))
        return [_report(*row) for row in rows]


def _report(
    identity: int, function: str, headers: str, attempts: int, reason: str | None, enqueued: float, due: float | None
) -> DeliveryReport:
    names = json.loads(headers)
    return DeliveryReport(
        id=identity,
        function=function,
        event_id=names["ce-id"],
        event_type=names["ce-type"],
        source=names["ce-source"],
        subject=names.get("ce-subject"),
        attempts=attempts,
        reason=reason,
        enqueued=datetime.fromtimestamp(enqueued, UTC),
        due=None if due is None else datetime.fromtimestamp(due, UTC),
    )
