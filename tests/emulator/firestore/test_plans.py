"""Every way to run a query gives the same: the planner's threshold only chooses between them."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator

import pytest
from google.cloud.firestore_v1 import _helpers
from google.cloud.firestore_v1.types import Document, Write
from hypothesis import given
from hypothesis import strategies as st

from emulator.clock import SystemClock
from emulator.firestore.names import Parent
from emulator.firestore.proto import v1
from emulator.firestore.query.execute import Execution
from emulator.firestore.query.model import Contains, Query, equals
from emulator.firestore.query.parse import parse
from emulator.firestore.query.plan import plan
from emulator.firestore.storage.index import Kind
from emulator.firestore.storage.records import Commit
from emulator.firestore.storage.store import Store
from emulator.firestore.write.apply import Application, check
from tests.emulator.firestore.strategies import documents, queries
from tests.emulator.firestore.test_queries_by_model import structured

DATABASE = "projects/demo-plans/databases/(default)"
_COLLECTIONS = itertools.count()


class Unobserved:
    def written(self, connection, commit):
        pass

    def committed(self, commit):
        pass


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Iterator[Store]:
    store = Store(tmp_path_factory.mktemp("plans") / "firestore.sqlite3", SystemClock(), Unobserved())
    yield store
    store.close()


def save(store: Store, collection: str, contents) -> None:
    writes = [
        v1.Write.FromString(
            Write(
                update=Document(name=f"{DATABASE}/documents/{collection}/{name}", fields=_helpers.encode_dict(content))
            )._pb.SerializeToString()
        )
        for name, content in contents.items()
    ]
    keys = check(writes, DATABASE)

    def build(writer, time) -> tuple[Commit, None]:
        application = Application(writer.get, time)
        for write, key in zip(writes, keys, strict=True):
            application.apply(write, key)
        return application.commit(), None

    asyncio.run(store.commit(build))


def run(store: Store, query: Query, few: int) -> list[str]:
    def work(reader):
        return [found.record.key.id for found in Execution(query, reader, store.timeline.read_time(), few).results()]

    return asyncio.run(store.read(work))


@given(data=st.data())
def test_a_walk_in_order_finds_what_a_sorted_selection_does(store, shared_client, data):
    name = f"c{next(_COLLECTIONS)}"
    contents = data.draw(documents(shared_client))
    save(store, name, contents)
    for asked in data.draw(st.lists(queries(shared_client), min_size=1, max_size=12)):
        message = v1.StructuredQuery.FromString(
            structured(shared_client.collection(name), asked)._pb.SerializeToString()
        )
        query = parse(Parent(DATABASE, ""), message)
        expected = asked.run(contents)
        assert run(store, query, few=0) == expected
        assert run(store, query, few=1_000_000) == expected


class Many:
    """Statistics of a collection where everything is frequent, except membership in an array."""

    def count(self, seek, most):
        return 3 if seek.kind is Kind.ELEMENTS else most


def planned(query: str, conjunction):
    message = v1.StructuredQuery()
    message.from_.add(collection_id="c")
    if query:
        message.order_by.add().field.field_path = query
    return plan(parse(Parent(DATABASE, ""), message), conjunction, Many())


def test_a_frequent_value_is_looked_up_along_the_order():
    walk = planned("created_at", (equals(("status",), b"\x51x"),))
    assert walk is not None
    assert walk.index is not None
    assert walk.index.path == ("created_at",)
    assert [seek.path for seek in walk.also] == [("status",)]
    assert walk.ordered


def test_a_rare_value_is_selected_and_sorted():
    walk = planned("created_at", (Contains(("tags",), b"\x51x"),))
    assert walk is not None
    assert walk.index is not None
    assert walk.index.kind is Kind.ELEMENTS
    assert not walk.ordered
