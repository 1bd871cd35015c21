"""What became of each function's last run, kept so that the end of the process neither doubles nor loses one."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_SCHEMA: Final = """
    create table if not exists runs (
        function text primary key, scheduled real not null, begun real not null, attempts integer not null,
        ended real, status text
    ) without rowid;
"""
_BEGIN: Final = "insert or replace into runs (function, scheduled, begun, attempts) values (?, ?, ?, 0)"


@dataclass(frozen=True, slots=True)
class Run:
    """One run: `ended` None while it goes on, `status` that of its last attempt."""

    scheduled: datetime
    begun: datetime
    attempts: int
    ended: datetime | None
    status: str | None


class Ledger:
    """The last run of each function, in SQLite; used by the event loop's thread only."""

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            sqlite3.Error: it is no database, or cannot be written.
        """
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = normal")  # survives every end but that of the machine's power
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def begin(self, function: str, scheduled: datetime, now: datetime) -> None:
        """A run is about to be tried for the first time."""
        self._connection.execute(_BEGIN, (function, scheduled.timestamp(), now.timestamp()))

    def attempted(self, function: str, status: str, ended: datetime | None) -> None:
        """An attempt ended like this; with `ended` there is no other."""
        self._connection.execute(
            "update runs set attempts = attempts + 1, status = ?, ended = ? where function = ?",
            (status, None if ended is None else ended.timestamp(), function),
        )

    def last(self, function: str) -> Run | None:
        """The last run that was begun."""
        row = self._connection.execute(
            "select scheduled, begun, attempts, ended, status from runs where function = ?", (function,)
        ).fetchone()
        if row is None:
            return None
        scheduled, begun, attempts, ended, status = row
        return Run(_time(scheduled), _time(begun), attempts, None if ended is None else _time(ended), status)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
