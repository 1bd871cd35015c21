"""The mails in SQLite: one row for each accepted request, and its recipients."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from emulator.mail.message import Message, preview_of, recipients_of, subject_of

_SCHEMA = """
    create table if not exists messages (
        number integer primary key autoincrement, id text not null unique, received_at real not null,
        sender text not null, sender_name text, subject text not null, preview text not null,
        attachments integer not null, request text not null
    );
    create table if not exists recipients (
        message integer not null references messages (number) on delete cascade,
        position integer not null, kind text not null, email text not null, name text,
        primary key (message, position)
    ) without rowid;
    create index if not exists recipients_email on recipients (email collate nocase);
"""


@dataclass(frozen=True, slots=True)
class Summary:
    """A mail in a list."""

    number: int
    id: str
    received_at: datetime
    sender: str
    sender_name: str | None
    subject: str
    preview: str
    attachments: int
    to: list[str]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which mails to list: those with all of it. `before` is a number to go on from; `words` is looked for anywhere."""

    to: str | None = None
    subject: str | None = None
    words: str | None = None
    before: int | None = None


class Store:
    """The database of the mails; used on the event loop's thread only."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        self._connection.execute("pragma journal_mode = wal")
        # WAL keeps every commit through the end of the process; only the loss of the machine's power can undo one.
        self._connection.execute("pragma synchronous = normal")
        self._connection.execute("pragma foreign_keys = on")
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    def add(self, message_id: str, received_at: datetime, request: dict[str, Any]) -> None:
        """Keep an accepted request."""
        people = recipients_of(request)
        self._connection.execute("begin immediate")
        with self._connection:
            number = self._connection.execute(
                "insert into messages (id, received_at, sender, sender_name, subject, preview, attachments, request)"
                " values (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    message_id,
                    received_at.timestamp(),
                    request["from"]["email"],
                    request["from"].get("name"),
                    subject_of(request),
                    preview_of(request),
                    len(request.get("attachments") or []),
                    json.dumps(request, ensure_ascii=False),
                ),
            ).lastrowid
            self._connection.executemany(
                "insert into recipients values (?, ?, ?, ?, ?)",
                [(number, position, one.kind, one.email, one.name) for position, one in enumerate(people)],
            )

    def get(self, message_id: str) -> Message | None:
        """A mail by its id."""
        row = self._connection.execute(
            "select number, id, received_at, request from messages where id = ?", (message_id,)
        ).fetchone()
        return None if row is None else Message(row[0], row[1], _moment(row[2]), json.loads(row[3]))

    def listed(self, wanted: Filter, limit: int) -> list[Summary]:
        """Up to `limit` mails, newest first."""
        clauses, values = _conditions(wanted)
        rows = self._connection.execute(
            "select number, id, received_at, sender, sender_name, subject, preview, attachments from messages"
            f" where {' and '.join(clauses)} order by number desc limit ?",
            (*values, limit),
        ).fetchall()
        return [
            Summary(
                number=row[0],
                id=row[1],
                received_at=_moment(row[2]),
                sender=row[3],
                sender_name=row[4],
                subject=row[5],
                preview=row[6],
                attachments=row[7],
                to=self._to(row[0]),
            )
            for row in rows
        ]

    def state(self) -> str:
        """Changes whenever the mails do."""
        newest, count = self._connection.execute("select max(number), count(*) from messages").fetchone()
        return f"{newest or 0}-{count}"

    def count(self) -> int:
        """How many mails there are."""
        return int(self._connection.execute("select count(*) from messages").fetchone()[0])

    def clear(self) -> None:
        """Remove all mails."""
        self._connection.execute("delete from messages")

    def _to(self, number: int) -> list[str]:
        rows = self._connection.execute(
            "select email from recipients where message = ? and kind = 'to' order by position", (number,)
        )
        return [row[0] for row in rows]


def _conditions(wanted: Filter) -> tuple[list[str], list[str | int]]:
    clauses, values = ["true"], list[str | int]()
    if wanted.before is not None:
        clauses.append("number < ?")
        values.append(wanted.before)
    if wanted.to:
        clauses.append("number in (select message from recipients where email = ? collate nocase)")
        values.append(wanted.to)
    if wanted.subject:
        clauses.append("subject like ? escape '!'")
        values.append(_containing(wanted.subject))
    for word in (wanted.words or "").split()[:20]:
        anywhere = [
            f"{column} like ? escape '!'" for column in ("subject", "sender", "coalesce(sender_name, '')", "preview")
        ]
        anywhere.append("number in (select message from recipients where email like ? escape '!')")
        clauses.append(f"({' or '.join(anywhere)})")
        values.extend([_containing(word)] * len(anywhere))
    return clauses, values


def _containing(words: str) -> str:
    escaped = words.replace("!", "!!").replace("%", "!%").replace("_", "!_")
    return f"%{escaped}%"


def _moment(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)
