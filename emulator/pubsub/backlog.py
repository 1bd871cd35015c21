"""Messages, and what each subscription still has to deliver. Every method works inside the caller's transaction."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from emulator.pubsub.proto.v1 import PubsubMessage
from emulator.pubsub.resources import Queue

_RETENTION: Final = timedelta(days=7)  # of a subscription that does not say
_LONGEST_BACK_OFF: Final = 600.0  # seconds, of a retry policy that does not say; the shortest is 10
_SHORTEST_BACK_OFF: Final = 10.0
_LEASE: Final = """
    select b.id, b.attempts, m.published_at, m.proto
    from backlog b join messages m on m.id = b.message
    where b.subscription = ? and b.due_at <= ? order by b.due_at, b.id limit ?
"""
_ADD: Final = """
    insert into backlog (subscription, message, ordering_key, due_at)
    select :queue, :message, :key, case when :key is not null and exists (
        select 1 from backlog where subscription = :queue and ordering_key = :key) then null else :now end
"""
_RELEASE: Final = """
    update backlog set due_at = :now where due_at is null and id = (
        select min(id) from backlog where subscription = :queue and ordering_key = :key)
"""
_FORGET: Final = """
    delete from messages where id = ? and not exists (select 1 from backlog where message = messages.id)
        and not exists (select 1 from retained where message = messages.id)
"""
_SWEEP: Final = """
    delete from messages where not exists (select 1 from backlog where message = messages.id)
        and not exists (select 1 from retained where message = messages.id)
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """A message in a subscriber's hands; `attempts` counts this delivery too, `until` is the end of the lease."""

    row: int
    message: PubsubMessage
    attempts: int
    until: float

    @property
    def ack_id(self) -> str:
        """What the subscriber answers with. It names the delivery, so a late answer cannot touch a newer one."""
        return f"{self.row:x}-{self.attempts:x}"


@dataclass(frozen=True, slots=True)
class Taken:
    """What a look at the backlog gave; `expired` when messages were dropped for their age."""

    leases: list[Lease]
    expired: bool


def parse_ack_id(ack_id: str) -> tuple[int, int] | None:
    """Row and delivery of an `ack_id`; None for what is none."""
    row, dash, attempts = ack_id.partition("-")
    try:
        return (int(row, 16), int(attempts, 16)) if dash and len(ack_id) < 40 else None
    except ValueError:
        return None


def insert(connection: sqlite3.Connection, message: PubsubMessage, now: datetime) -> int:
    """Give the message its id and time, and keep it for the queues that get it; the row."""
    row = connection.execute("insert into messages (published_at, proto) values (?, x'')", (now.timestamp(),)).lastrowid
    assert row is not None  # noqa: S101  # sqlite3's type for statements that insert nothing
    message.message_id = str(row)
    message.publish_time.FromDatetime(now)
    return row


def fan_out(
    connection: sqlite3.Connection, row: int, message: PubsubMessage, queues: Iterable[Queue], now: float
) -> bool:
    """Add the message to the queues; whether anybody has it."""
    receivers = [queue for queue in queues if queue.accepts(message.attributes)]
    if not receivers:
        connection.execute("delete from messages where id = ?", (row,))
        return False
    connection.execute("update messages set proto = ? where id = ?", (message.SerializeToString(), row))
    for queue in receivers:
        key = message.ordering_key if queue.proto.enable_message_ordering else None
        _add(connection, queue.id, row, key or None, now)
    return True


def _add(connection: sqlite3.Connection, queue: int, message: int, key: str | None, now: float) -> None:
    connection.execute(_ADD, {"queue": queue, "message": message, "key": key, "now": now})


def lease(connection: sqlite3.Connection, queue: Queue, limit: int, seconds: float, now: float) -> Taken:
    """Hand out what is due, for so many seconds; what is too old is dropped instead."""
    leases: list[Lease] = []
    expired: list[int] = []
    oldest = now - retention(queue).total_seconds()
    for row, attempts, published, proto in connection.execute(_LEASE, (queue.id, now, limit)).fetchall():
        if published < oldest:
            expired.append(row)
        else:
            leases.append(Lease(row, PubsubMessage.FromString(proto), attempts + 1, now + seconds))
    remove(connection, queue, expired, now, retain=False)
    connection.executemany(
        "update backlog set attempts = attempts + 1, due_at = ? where id = ?",
        # A lease that runs out is a failed delivery: the retry policy's pause comes behind it.
        [(one.until + policy_pause(queue, one.attempts), one.row) for one in leases],
    )
    return Taken(leases, bool(expired))


def remove(connection: sqlite3.Connection, queue: Queue, rows: Iterable[int], now: float, *, retain: bool) -> None:
    """Be done with rows of the backlog, and let the next of their ordering keys go."""
    for row in rows:
        gone = connection.execute(
            "delete from backlog where id = ? and subscription = ? returning message, ordering_key", (row, queue.id)
        ).fetchone()
        if gone is None:
            continue
        message, key = gone
        if retain:
            connection.execute("insert or ignore into retained values (?, ?, ?)", (message, queue.id, key))
        else:
            connection.execute(_FORGET, (message,))
        if key is not None:
            connection.execute(_RELEASE, {"now": now, "queue": queue.id, "key": key})


def postpone(
    connection: sqlite3.Connection, queue: Queue, deliveries: Iterable[tuple[int, int]], due_at: float
) -> None:
    """Set when the messages of these deliveries are due again."""
    connection.executemany(
        "update backlog set due_at = ? where id = ? and attempts = ? and subscription = ? and due_at is not null",
        [(due_at, row, attempts, queue.id) for row, attempts in deliveries],
    )


def next_due(connection: sqlite3.Connection, queue: Queue, now: float) -> float | None:
    """When the next message becomes due that is not yet."""
    due: tuple[float | None] = connection.execute(
        "select min(due_at) from backlog where subscription = ? and due_at > ?", (queue.id, now)
    ).fetchone()
    return due[0]


def seek(connection: sqlite3.Connection, queue: Queue, to: float, now: float) -> None:
    """Acknowledge what was published before the time, and take back the acknowledgement of what was retained since."""
    before = "select id from messages where published_at < ?"
    rows = connection.execute(
        f"select id from backlog where subscription = ? and message in ({before})", (queue.id, to)
    ).fetchall()
    remove(connection, queue, [row for (row,) in rows], now, retain=queue.proto.retain_acked_messages)
    again = connection.execute(
        "select message, ordering_key from retained join messages on id = message"
        " where subscription = ? and published_at >= ? order by message",
        (queue.id, to),
    ).fetchall()
    for message, key in again:
        _add(connection, queue.id, message, key, now)
        connection.execute("delete from retained where message = ? and subscription = ?", (message, queue.id))


def sweep(connection: sqlite3.Connection, queues: Sequence[Queue], now: float) -> None:
    """Drop what is older than the subscriptions keep, and messages that nobody has."""
    for queue in queues:
        oldest = now - retention(queue).total_seconds()
        old = "select id from messages where published_at < ?"
        rows = connection.execute(
            f"select id from backlog where subscription = ? and message in ({old})", (queue.id, oldest)
        ).fetchall()
        remove(connection, queue, [row for (row,) in rows], now, retain=False)
        connection.execute(f"delete from retained where subscription = ? and message in ({old})", (queue.id, oldest))
    connection.execute(_SWEEP)


def retention(queue: Queue) -> timedelta:
    """How long the subscription keeps messages."""
    kept = queue.proto.message_retention_duration
    return kept.ToTimedelta() if queue.proto.HasField("message_retention_duration") else _RETENTION


def policy_pause(queue: Queue, attempts: int) -> float:
    """Seconds before the next try by the retry policy: exponential with jitter; none without a policy."""
    if not queue.proto.HasField("retry_policy"):
        return 0.0
    policy = queue.proto.retry_policy
    first = policy.minimum_backoff.ToTimedelta().total_seconds() if policy.HasField("minimum_backoff") else None
    last = policy.maximum_backoff.ToTimedelta().total_seconds() if policy.HasField("maximum_backoff") else None
    shortest = _SHORTEST_BACK_OFF if first is None else first
    longest = max(shortest, _LONGEST_BACK_OFF if last is None else last)
    pause = min(longest, shortest * 2.0 ** min(attempts - 1, 30))
    return max(shortest, random.uniform(pause / 2, pause))  # noqa: S311  # jitter, not a secret
