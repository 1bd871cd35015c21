"""Every way to run a query gives the same: the planner's threshold only chooses between them."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.cloud.firestore_v1 import _helpers
from google.cloud.firestore_v1.types import Document, Write
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.clock import SystemClock
from emulator.firestore.indexes.catalog import IndexCatalog
from emulator.firestore.indexes.definitions import Index, IndexField, Mode, default_name_descending
from emulator.firestore.indexes.file import IndexFile
from emulator.firestore.names import Parent
from emulator.firestore.proto import v1
from emulator.firestore.query.execute import Execution
from emulator.firestore.query.model import Contains, Query, equals
from emulator.firestore.query.parse import parse
from emulator.firestore.query.plan import plan
from emulator.firestore.storage.composite import kept as kept_as
from emulator.firestore.storage.index import Kind
from emulator.firestore.storage.records import Commit
from emulator.firestore.storage.store import Store
from emulator.firestore.write.apply import Application, check
from tests.emulator.firestore.model import Both, Condition, ModelQuery
from tests.emulator.firestore.strategies import documents, queries
from tests.emulator.firestore.test_queries_by_model import structured

DATABASE = "projects/demo-plans/databases/(default)"
_DATABASES = itertools.count()


class Unobserved:
    def written(self, connection, commit):
        pass

    def committed(self, commit):
        pass


def field(path: str, mode: str) -> IndexField:
    return IndexField(tuple(path.split(".")), Mode(mode))


def index(*fields: IndexField, wide: bool = False, name_descending: bool | None = None) -> Index:
    descending = default_name_descending(fields) if name_descending is None else name_descending
    return Index("c", wide, fields, descending)


UP, DOWN, HAS = "ASCENDING", "DESCENDING", "CONTAINS"
INDEXES = [
    index(field("a", UP), field("b", UP)),
    index(field("a", UP), field("b", DOWN)),
    index(field("b", DOWN), field("a", UP), name_descending=True),
    index(field("m.x", UP), field("a", HAS), field("b", DOWN)),
    index(field("a", HAS), field("b", UP)),
    index(field("a", UP), field("b", UP), field("m.x", DOWN)),
]
WIDE = [
    index(field("a", UP), wide=True),
    index(field("a", DOWN), wide=True),
    index(field("b", UP), field("a", DOWN), wide=True),
    index(field("a", HAS), field("b", UP), wide=True),
]


def open_store(path: Path, *indexes: Index) -> Store:
    catalog = IndexCatalog(IndexFile(indexes), checks=False)
    return Store(path / "firestore.sqlite3", SystemClock(), Unobserved(), indexes=catalog)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Iterator[Store]:
    store = open_store(tmp_path_factory.mktemp("plans"), *INDEXES, *WIDE)
    yield store
    store.close()


@pytest.fixture(scope="module")
def plain_store(tmp_path_factory) -> Iterator[Store]:
    store = open_store(tmp_path_factory.mktemp("plain"))
    yield store
    store.close()


def save(store: Store, database: str, contents) -> None:
    """Write documents by path."""
    writes = [
        v1.Write.FromString(
            Write(
                update=Document(name=f"{database}/documents/{path}", fields=_helpers.encode_dict(content))
            )._pb.SerializeToString()
        )
        for path, content in contents.items()
    ]
    keys = check(writes, database)

    def build(writer, time) -> tuple[Commit, None]:
        application = Application(writer.get, time)
        for write, key in zip(writes, keys, strict=True):
            application.apply(write, key)
        return application.commit(), None

    asyncio.run(store.commit(build))


def run(store: Store, query: Query, few: int, at: int | None = None) -> list[str]:
    """The results, and that a count of them is their number."""
    at = at or store.timeline.read_time()

    def work(reader):
        found = [found.record.key.path for found in Execution(query, reader, at, few).results()]
        counted = Execution(query, reader, at, few).count()
        assert counted in {None, len(found)}
        return found

    return asyncio.run(store.read(work))


def parsed(client, database: str, asked: ModelQuery, *, group: bool) -> Query:
    message = structured(client.collection_group("c") if group else client.collection("c"), asked)
    return parse(Parent(database, ""), v1.StructuredQuery.FromString(message._pb.SerializeToString()))


@given(data=st.data())
@settings(max_examples=60)
def test_every_way_through_the_indexes_finds_the_same(store, plain_store, shared_client, data):
    database = f"projects/demo-plans-{next(_DATABASES)}/databases/(default)"
    group = data.draw(st.booleans())
    contents = {f"c/{name}": content for name, content in data.draw(documents(shared_client)).items()}
    if group:
        below = data.draw(documents(shared_client))
        contents |= {f"c/{name[0]}/c/{name}": content for name, content in below.items()}
    for each in (store, plain_store):
        save(each, database, contents)
    for asked in data.draw(st.lists(queries(shared_client), min_size=1, max_size=12)):
        query = parsed(shared_client, database, asked, group=group)
        expected = asked.run(contents)
        assert run(store, query, few=0) == expected
        assert run(store, query, few=1_000_000) == expected
        assert run(plain_store, query, few=0) == expected
        assert run(plain_store, query, few=1_000_000) == expected


@given(data=st.data())
@settings(max_examples=20)
def test_the_past_stays_what_it_was(store, shared_client, data):
    database = f"projects/demo-past-{next(_DATABASES)}/databases/(default)"
    before, after = (
        {f"c/{name}": content for name, content in data.draw(documents(shared_client)).items()} for _ in range(2)
    )
    save(store, database, before)
    at = store.timeline.read_time()
    save(store, database, after)
    for asked in data.draw(st.lists(queries(shared_client), min_size=1, max_size=8)):
        query = parsed(shared_client, database, asked, group=False)
        assert run(store, query, few=0, at=at) == asked.run(before)
        assert run(store, query, few=0) == asked.run(before | after)


def test_indexes_follow_changes_and_are_built_for_what_was_there(tmp_path, shared_client):
    database = "projects/demo-built/databases/(default)"
    contents = {f"c/{number:04}": {"a": number % 3, "b": number % 7} for number in range(1200)}
    wanted = ModelQuery(Condition("a", "==", 1), (("b", True),), limit=7)
    query = parsed(shared_client, database, wanted, group=False)
    store = open_store(tmp_path)
    save(store, database, contents)
    store.close()
    for indexes in ([*INDEXES, *WIDE], [], [*INDEXES]):
        store = open_store(tmp_path, *indexes)
        assert run(store, query, few=0) == wanted.run(contents)
        asyncio.run(store.indexed())
        assert {kept for group in store._writer.composites.ready.values() for kept in group} == set(
            map(kept_as, indexes)
        )
        assert run(store, query, few=0) == wanted.run(contents)
        contents["c/0001"] = {"a": 0 if contents["c/0001"]["a"] else 1, "b": 9}
        save(store, database, {"c/0001": contents["c/0001"]})
        assert run(store, query, few=0) == wanted.run(contents)
        store.close()


def test_long_values_that_an_index_cuts_are_still_told_apart(store, shared_client):
    database = "projects/demo-cut/databases/(default)"
    long = "x" * 2000
    contents = {f"c/{number}": {"a": 1, "b": f"{long}{number % 4}", "m": {"x": number}} for number in range(12)}
    save(store, database, contents)
    asked = [
        ModelQuery(Condition("a", "==", 1), (("b", True),)),
        ModelQuery(Condition("a", "==", 1), (("b", False),), start=([f"{long}1"], False)),
        ModelQuery(Both("AND", (Condition("a", "==", 1), Condition("b", ">", f"{long}1")))),
        ModelQuery(Both("AND", (Condition("a", "==", 1), Condition("b", "==", f"{long}2")))),
        ModelQuery(Condition("a", "==", 1), (("b", False), ("m.x", True)), end=([f"{long}2", 6], True)),
    ]
    for one in asked:
        assert run(store, parsed(shared_client, database, one, group=False), few=0) == one.run(contents), one


EVERYWHERE = [
    None,
    Condition("a", "==", 1),
    Condition("a", "!=", 1),
    Condition("a", "in", [0, 2]),
    Condition("list", "array_contains", 1),
    Both("AND", (Condition("b", "==", 1), Condition("m.x", "==", 1))),
    Both("AND", (Condition("list", "array_contains", 1), Condition("b", "==", 2))),
]
BY_OTHERS = [Condition("b", ">", 2), Both("AND", (Condition("a", "==", 1), Condition("b", ">", 2)))]
COUNTED = [
    *((where, group) for where in EVERYWHERE for group in (False, True)),
    *((where, False) for where in BY_OTHERS),
]


@pytest.mark.parametrize(("where", "group"), COUNTED)
def test_a_count_reads_no_documents(store, shared_client, where, group):
    database = f"projects/demo-count-{next(_DATABASES)}/databases/(default)"
    contents = {
        f"c/{number}": {"a": number % 3, "b": number % 5, "m": {"x": number % 2}, "list": [number % 4]}
        for number in range(40)
    }
    save(store, database, contents)
    asked = ModelQuery(where)
    query = parsed(shared_client, database, asked, group=group)

    def work(reader):
        execution = Execution(query, reader, store.timeline.read_time())
        return execution.count(), execution.scanned

    counted, scanned = asyncio.run(store.read(work))
    assert (counted, scanned) == (len(asked.run(contents)), 0)


class Many:
    """Statistics of a collection where everything is frequent, except membership in an array."""

    def count(self, seek, most):
        return 3 if seek.index.kind is Kind.ELEMENTS else most


def planned(query: str, conjunction):
    message = v1.StructuredQuery()
    message.from_.add(collection_id="c")
    if query:
        message.order_by.add().field.field_path = query
    return plan(parse(Parent(DATABASE, ""), message), conjunction, Many())


def test_a_frequent_value_is_looked_up_along_the_order():
    walk = planned("created_at", (equals(("status",), b"\x51x"),))
    assert walk is not None
    assert walk.seek is not None
    assert walk.seek.index.text == "created_at"
    assert [seek.index.text for seek in walk.also] == ["status"]
    assert walk.sorts == 2


def test_a_rare_value_is_selected_and_sorted():
    walk = planned("created_at", (Contains(("tags",), b"\x51x"),))
    assert walk is not None
    assert walk.seek is not None
    assert walk.seek.index.kind is Kind.ELEMENTS
    assert not walk.sorts
