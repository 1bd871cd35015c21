"""One Listen stream: requests and commits in, responses out, in an order that keeps its promises.

Everything goes through one queue and is worked off by one task, so a target's first snapshot and the commits around it
cannot overtake each other.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator
from functools import partial
from typing import NamedTuple

from emulator.firestore.callers import Caller
from emulator.firestore.engine import Engine
from emulator.firestore.errors import FirestoreError, invalid
from emulator.firestore.listen import responses
from emulator.firestore.listen.hub import Hub
from emulator.firestore.listen.permits import Permits
from emulator.firestore.listen.targets import DocumentsTarget, Effect, QueryTarget, Target, differences
from emulator.firestore.names import DocumentKey, parse_database, parse_document, parse_parent
from emulator.firestore.proto.v1 import ListenRequest, ListenResponse
from emulator.firestore.proto.v1 import Target as TargetMessage
from emulator.firestore.query import indexing, parse
from emulator.firestore.storage.reader import Reader
from emulator.firestore.storage.records import Change, Commit, Record
from emulator.firestore.storage.writer import HISTORY_KEPT
from emulator.firestore.values.times import from_timestamp


class Session:
    """The state of one stream."""

    def __init__(self, engine: Engine, hub: Hub, caller: Caller) -> None:
        self._engine = engine
        self._hub = hub
        self._permits = Permits(engine, caller)
        self._targets: dict[int, Target] = {}
        self._commits: deque[Commit] = deque()
        self._requests: deque[ListenRequest] = deque()
        self._changed = asyncio.Event()
        self._ended = False

    def notify(self, commit: Commit) -> None:
        """See `hub.Subscriber`."""
        if self._targets:
            self._commits.append(commit)
            self._changed.set()

    async def run(self, requests: AsyncIterator[ListenRequest]) -> AsyncIterator[ListenResponse]:
        """The responses to a stream of requests.

        Raises:
            FirestoreError: a request is malformed as a whole.
        """
        self._hub.subscribe(self)
        receiving = asyncio.create_task(self._receive(requests))
        try:
            while True:
                await self._changed.wait()
                self._changed.clear()
                async for response in self._work_off():
                    # Billed: what is new, what changed, what changed so that it left. Not: what was deleted.
                    if response.WhichOneof("response_type") in {"document_change", "document_remove"}:
                        self._engine.meter.read(1, listener=True)
                    yield response
                if self._ended and not self._requests:
                    return
        finally:
            self._hub.unsubscribe(self)
            receiving.cancel()

    async def _receive(self, requests: AsyncIterator[ListenRequest]) -> None:
        try:
            async for request in requests:
                self._requests.append(request)
                self._changed.set()
        finally:
            self._ended = True
            self._changed.set()

    async def _work_off(self) -> AsyncIterator[ListenResponse]:
        while self._requests or self._commits:
            while self._commits:
                for response in await self._commit(self._commits.popleft()):
                    yield response
            if self._requests:
                async for response in self._request(self._requests.popleft()):
                    yield response

    async def _request(self, request: ListenRequest) -> AsyncIterator[ListenResponse]:
        database = parse_database(request.database)
        match request.WhichOneof("target_change"):
            case "add_target":
                async for response in self._add(request.add_target, database):
                    yield response
            case "remove_target":
                self._targets.pop(request.remove_target, None)
                self._permits.forget(request.remove_target)
                yield responses.removed(request.remove_target)
            case _:
                raise invalid("A listen request must add or remove a target.")

    async def _add(self, asked: TargetMessage, database: str) -> AsyncIterator[ListenResponse]:
        target_id = asked.target_id or max(self._targets, default=0) + 1
        try:
            if target_id in self._targets:
                raise invalid(f"Target id {target_id} is in use already.")
            target = _parse(asked, target_id, database)
            self._permits.grant(target, asked.query.structured_query, self._engine.store.timeline.read_time())
            if isinstance(target, QueryTarget):
                indexing.check_followed(self._engine.store.indexes, target.query)
        except FirestoreError as error:
            yield responses.removed(target_id, error)
            return
        yield responses.added(target_id)
        # Registered before the time is taken, so that no commit behind that time is missed.
        self._targets[target_id] = target
        at = self._engine.store.timeline.observed_time()
        for response in await self._snapshot(target, asked, at):
            yield response
        await asyncio.sleep(0)  # every commit up to `at` has been published by now: let it arrive
        while self._commits and self._commits[0].time <= at:
            for response in await self._commit(self._commits.popleft(), without=target_id):
                yield response
        yield responses.current(target_id, at)
        yield responses.consistent(at)
        if asked.once:
            del self._targets[target_id]
            yield responses.removed(target_id)

    async def _snapshot(self, target: Target, asked: TargetMessage, at: int) -> list[ListenResponse]:
        """The target's documents, or what changed since the client last knew."""
        since = responses.token_time(asked.resume_token) if asked.resume_token else None
        if asked.HasField("read_time"):
            since = from_timestamp(asked.read_time)
        resumable = since is not None and at - HISTORY_KEPT < since <= at
        moved, after = await self._engine.store.read(partial(_move, target, since if resumable else None, at))
        if isinstance(target, QueryTarget) and target.windowed:
            target.window = after
        result = list(_differences(target, moved, at))
        if asked.resume_token and not resumable:
            result.insert(0, responses.reset(target.id))
        if resumable and asked.HasField("expected_count") and asked.expected_count.value != len(after):
            unchanged = after.keys() - {change.key for change in moved.changes}
            result.append(responses.count_filter(target.id, len(after), unchanged))
        if isinstance(target, DocumentsTarget) and not resumable:
            missing = sorted(target.keys - after.keys())
            result += [responses.left(key, [target.id], at, deleted=True) for key in missing]
        return result

    async def _commit(self, commit: Commit, without: int | None = None) -> list[ListenResponse]:
        """What a commit means for the targets, and the promise that they all stand at its time."""
        result: list[ListenResponse] = []
        for revoked, error in self._permits.revoked(list(self._targets.values()), commit):
            del self._targets[revoked.id]
            result.append(responses.removed(revoked.id, error))
        targets = [target for target in self._targets.values() if target.id != without]
        simple = [target for target in targets if not (isinstance(target, QueryTarget) and target.windowed)]
        for change in commit.changes:
            result += _effects(simple, change, commit.time)
        for target in targets:
            if isinstance(target, QueryTarget) and target.windowed and any(map(target.touches, commit.changes)):
                result += await self._move_window(target, commit)
        if result:
            result.append(responses.consistent(commit.time))
        return result

    async def _move_window(self, target: QueryTarget, commit: Commit) -> list[ListenResponse]:
        old = target.window
        moved, target.window = await self._engine.store.read(partial(_move, target, old, commit.time))
        return list(_differences(target, moved, commit.time))


def _parse(asked: TargetMessage, target_id: int, database: str) -> Target:
    match asked.WhichOneof("target_type"):
        case "documents":
            keys = frozenset(map(parse_document, asked.documents.documents))
            if any(key.database != database for key in keys):
                raise invalid("A document of the target is not in the database of the request.")
            return DocumentsTarget(target_id, keys)
        case "query":
            parent = parse_parent(asked.query.parent)
            if parent.database != database:
                raise invalid("The target's query is not in the database of the request.")
            return QueryTarget(target_id, parse.parse(parent, asked.query.structured_query))
        case _:
            raise invalid("A target must be of documents or a query.")


class _Moved(NamedTuple):
    """From one result of a target to another; `deleted` are those of the documents that exist no more."""

    changes: list[Change]
    deleted: set[DocumentKey]


def _move(
    target: Target, old: int | dict[DocumentKey, Record] | None, at: int, reader: Reader
) -> tuple[_Moved, dict[DocumentKey, Record]]:
    """The way from an old result, or from that of a past time, to the one of a time; and that one."""
    if isinstance(old, int):
        old = {record.key: record for record in target.result(reader, old)}
    new = {record.key: record for record in target.result(reader, at)}
    changes = differences(old or {}, new)
    gone = (change.key for change in changes if change.after is None)
    return _Moved(changes, {key for key in gone if reader.get(key, at) is None}), new


def _effects(targets: Iterable[Target], change: Change, at: int) -> Iterator[ListenResponse]:
    present, gone = [], []
    for target in targets:
        if target.concerns(change.key):
            effect = target.effect(change)
            if effect is Effect.PRESENT:
                present.append(target.id)
            elif effect is Effect.REMOVED:
                gone.append(target.id)
    if present and change.after is not None:
        yield responses.document(change.after, present, gone)
    elif gone:
        yield responses.left(change.key, gone, at, deleted=change.after is None)


def _differences(target: Target, moved: _Moved, at: int) -> Iterator[ListenResponse]:
    for change in moved.changes:
        if change.after is not None:
            yield responses.document(change.after, [target.id])
        else:
            yield responses.left(change.key, [target.id], at, deleted=change.key in moved.deleted)
