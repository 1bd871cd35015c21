"""The accounts in SQLite, apart for each project.

Every call is made on the event loop's thread and takes well under a millisecond, so between two awaits a method sees
and changes the accounts alone.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from emulator.auth.model import Account, ActionCode, Challenge, Session

_SCHEMA = """
    create table if not exists accounts (
        project text not null, local_id text not null, email text, phone text, body text not null,
        primary key (project, local_id)
    ) without rowid;
    create unique index if not exists accounts_email on accounts (project, email) where email is not null;
    create unique index if not exists accounts_phone on accounts (project, phone) where phone is not null;
    create table if not exists identities (
        project text not null, provider text not null, raw_id text not null, local_id text not null,
        primary key (project, provider, raw_id)
    ) without rowid;
    create index if not exists identities_account on identities (project, local_id);
    create table if not exists sessions (
        token_hash blob primary key, project text not null, local_id text not null, provider text not null,
        auth_time integer not null, claims text not null, revoked integer not null default 0, second_factor text
    ) without rowid;
    create index if not exists sessions_account on sessions (project, local_id);
    create table if not exists codes (
        project text not null, code text not null, email text not null, body text not null, expires_at integer not null,
        primary key (project, code)
    );
    create table if not exists challenges (
        token_hash blob primary key, project text not null, local_id text not null, created_at integer not null,
        body text not null, revoked integer not null default 0
    ) without rowid;
    create index if not exists challenges_account on challenges (project, local_id);
    create index if not exists challenges_age on challenges (created_at);
    create table if not exists settings (project text primary key, body text not null) without rowid;
"""


class Store:
    """The database of the accounts."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        self._connection.execute("pragma journal_mode = wal")
        # WAL keeps every commit through the end of the process; only the loss of the machine's power can undo one.
        self._connection.execute("pragma synchronous = normal")
        self._connection.executescript(_SCHEMA)
        columns = {row[1] for row in self._connection.execute("pragma table_info(sessions)")}
        if "second_factor" not in columns:  # made before there were second factors
            self._connection.execute("alter table sessions add column second_factor text")

    def close(self) -> None:
        """Close the database."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the changes inside or none. No await inside: there is one connection."""
        self._connection.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def account(self, project: str, local_id: str) -> Account | None:
        """By id."""
        return self._one("project = ? and local_id = ?", (project, local_id))

    def by_email(self, project: str, email: str) -> Account | None:
        """By e-mail address, in lower case."""
        return self._one("project = ? and email = ?", (project, email))

    def by_phone(self, project: str, phone: str) -> Account | None:
        """By phone number."""
        return self._one("project = ? and phone = ?", (project, phone))

    def by_identity(self, project: str, provider: str, raw_id: str) -> Account | None:
        """By the id at a federated provider."""
        clause = "project = ? and local_id = (select local_id from identities where project = ? and provider = ?"
        return self._one(f"{clause} and raw_id = ?)", (project, project, provider, raw_id))

    def accounts(self, project: str, after: str, limit: int) -> list[Account]:
        """Accounts in the order of their ids, those beyond `after`."""
        rows = self._connection.execute(
            "select body from accounts where project = ? and local_id > ? order by local_id limit ?",
            (project, after, limit),
        )
        return [Account.read(json.loads(row[0])) for row in rows]

    def put(self, project: str, account: Account) -> None:
        """Write an account, new or changed.

        Raises:
            sqlite3.IntegrityError: another account has the e-mail address, phone number or identity.
        """
        self._connection.execute(
            "insert into accounts values (?, ?, ?, ?, ?) on conflict (project, local_id)"
            " do update set email = excluded.email, phone = excluded.phone, body = excluded.body",
            (project, account.local_id, account.email, account.phone_number, json.dumps(account.kept())),
        )
        self._connection.execute(
            "delete from identities where project = ? and local_id = ?", (project, account.local_id)
        )
        self._connection.executemany(
            "insert into identities values (?, ?, ?, ?)",
            [(project, one["providerId"], one["rawId"], account.local_id) for one in account.identities],
        )

    def delete(self, project: str, local_id: str) -> None:
        """Remove an account. Its sessions stay, so that their use is answered with USER_NOT_FOUND."""
        for table in ("accounts", "identities"):
            self._connection.execute(f"delete from {table} where project = ? and local_id = ?", (project, local_id))

    def clear(self, project: str) -> None:
        """Remove all accounts of a project, their sessions, codes and challenges."""
        with self.transaction():
            for table in ("accounts", "identities", "sessions", "codes", "challenges"):
                self._connection.execute(f"delete from {table} where project = ?", (project,))

    def add_session(self, project: str, refresh_token: str, session: Session) -> None:
        """Keep a session under the hash of its refresh token."""
        self._connection.execute(
            "insert into sessions (token_hash, project, local_id, provider, auth_time, claims, second_factor)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            (
                _hash(refresh_token),
                project,
                session.local_id,
                session.provider,
                session.auth_time,
                json.dumps(session.claims),
                session.second_factor,
            ),
        )

    def session(self, refresh_token: str) -> tuple[str, Session] | None:
        """The project and session of a refresh token."""
        row = self._connection.execute(
            "select project, local_id, provider, auth_time, claims, second_factor, revoked from sessions"
            " where token_hash = ?",
            (_hash(refresh_token),),
        ).fetchone()
        if row is None:
            return None
        return row[0], Session(row[1], row[2], row[3], json.loads(row[4]), row[5], bool(row[6]))

    def revoke_sessions(self, project: str, local_id: str, until: int) -> None:
        """Revoke the sessions begun so far, up to and including the second `until`, and those half begun.

        A second is too coarse to tell a session begun before a revocation from one begun after it in the same second;
        marking those that exist tells them apart.
        """
        self._connection.execute(
            "update sessions set revoked = 1 where project = ? and local_id = ? and auth_time <= ?",
            (project, local_id, until),
        )
        self._connection.execute(
            "update challenges set revoked = 1 where project = ? and local_id = ? and created_at <= ?",
            (project, local_id, until),
        )

    def put_challenge(self, project: str, token: str, challenge: Challenge) -> None:
        """Keep a challenge, new or changed, under the hash of its token, and forget those of another day."""
        self._connection.execute("delete from challenges where created_at < ?", (challenge.created_at - 86400,))
        body = {name: value for name, value in asdict(challenge).items() if name != "revoked"}
        self._connection.execute(
            "insert into challenges values (?, ?, ?, ?, ?, ?)"
            " on conflict (token_hash) do update set body = excluded.body",
            (_hash(token), project, challenge.local_id, challenge.created_at, json.dumps(body), challenge.revoked),
        )

    def challenge(self, project: str, token: str) -> Challenge | None:
        """The challenge of a token."""
        row = self._connection.execute(
            "select body, revoked from challenges where token_hash = ? and project = ?", (_hash(token), project)
        ).fetchone()
        return None if row is None else Challenge(**json.loads(row[0]), revoked=bool(row[1]))

    def add_code(self, project: str, code: ActionCode, now: int) -> None:
        """Keep a code, and forget those that expired."""
        self._connection.execute("delete from codes where project = ? and expires_at < ?", (project, now - 86400))
        self._connection.execute(
            "insert into codes values (?, ?, ?, ?, ?)",
            (project, code.code, code.email, json.dumps(asdict(code)), code.expires_at),
        )

    def code(self, project: str, code: str) -> ActionCode | None:
        """A code that was not used yet."""
        row = self._connection.execute(
            "select body from codes where project = ? and code = ?", (project, code)
        ).fetchone()
        return None if row is None else ActionCode(**json.loads(row[0]))

    def codes(self, project: str) -> list[ActionCode]:
        """The codes not used yet, oldest first."""
        rows = self._connection.execute("select body from codes where project = ? order by rowid", (project,))
        return [ActionCode(**json.loads(row[0])) for row in rows]

    def use_code(self, project: str, code: str) -> None:
        """Remove a code."""
        self._connection.execute("delete from codes where project = ? and code = ?", (project, code))

    def settings(self, project: str) -> dict[str, Any]:
        """The settings that were changed in a project."""
        row = self._connection.execute("select body from settings where project = ?", (project,)).fetchone()
        return {} if row is None else json.loads(row[0])

    def put_settings(self, project: str, settings: dict[str, Any]) -> None:
        """Keep the settings of a project."""
        self._connection.execute("insert or replace into settings values (?, ?)", (project, json.dumps(settings)))

    def _one(self, clause: str, values: tuple[str, ...]) -> Account | None:
        row = self._connection.execute(f"select body from accounts where {clause}", values).fetchone()
        return None if row is None else Account.read(json.loads(row[0]))


def _hash(token: str) -> bytes:
    """Refresh tokens and those of challenges have 256 random bits or more, so a plain digest hides them."""
    return hashlib.sha256(token.encode()).digest()
