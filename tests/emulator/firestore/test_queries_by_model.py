"""Random queries over random documents, compared with a plain model of the documented semantics."""

from __future__ import annotations

import itertools

import pytest
from google.cloud.firestore import And, FieldFilter, Or, Query
from google.cloud.firestore_v1 import _helpers
from google.cloud.firestore_v1.types import Cursor
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulator.firestore.model import Condition, ModelQuery
from tests.emulator.firestore.strategies import documents, queries

_COLLECTIONS = itertools.count()


def _filter(where):
    if isinstance(where, Condition):
        return FieldFilter(where.path, where.operator, where.value)
    parts = [_filter(part) for part in where.parts]
    return And(parts) if where.operator == "AND" else Or(parts)


def structured(collection, query: ModelQuery):
    """The query's message. Cursors are put in by hand: the client's own checks are stricter than the protocol."""
    built: Query = collection if query.where is None else collection.where(filter=_filter(query.where))
    for path, descending in query.orders:
        built = built.order_by(path, direction=Query.DESCENDING if descending else Query.ASCENDING)
    built = built.offset(query.offset)
    if query.limit is not None:
        built = built.limit(query.limit)
    message = built._to_protobuf()
    if query.start is not None:
        message.start_at = Cursor(
            values=[_helpers.encode_value(value) for value in query.start[0]], before=query.start[1]
        )
    if query.end is not None:
        message.end_at = Cursor(values=[_helpers.encode_value(value) for value in query.end[0]], before=query.end[1])
    return message


def run(collection, query: ModelQuery) -> list[str]:
    """Ask the server."""
    client, message = collection._client, structured(collection, query)
    parent, _ = collection._parent_info()
    responses = client._firestore_api.run_query(
        request={"parent": parent, "structured_query": message}, metadata=client._rpc_metadata
    )
    return [response.document.name.rpartition("/")[2] for response in responses if response.document.name]


@given(data=st.data())
@settings(max_examples=60)
def test_a_query_gives_what_the_documentation_says(shared_client, data):
    collection = shared_client.collection(f"c{next(_COLLECTIONS)}")
    stored = data.draw(documents(shared_client))
    batch = shared_client.batch()
    for name, content in stored.items():
        batch.set(collection.document(name), content)
    batch.commit()
    for query in data.draw(st.lists(queries(shared_client), min_size=1, max_size=12)):
        expected = query.run(stored)
        assert run(collection, query) == expected, query


@given(data=st.data())
@settings(max_examples=20)
def test_the_last_ones_are_those_of_the_whole(shared_client, data):
    collection = shared_client.collection(f"c{next(_COLLECTIONS)}")
    stored = data.draw(documents(shared_client))
    batch = shared_client.batch()
    for name, content in stored.items():
        batch.set(collection.document(name), content)
    batch.commit()
    for query in data.draw(st.lists(queries(shared_client).filter(lambda query: query.orders), max_size=8)):
        whole = ModelQuery(query.where, query.orders)
        built = collection if query.where is None else collection.where(filter=_filter(query.where))
        for path, descending in query.orders:
            built = built.order_by(path, direction=Query.DESCENDING if descending else Query.ASCENDING)
        found = [snapshot.id for snapshot in built.limit_to_last(3).get()]
        assert found == whole.run(stored)[-3:]


@pytest.mark.parametrize("size", [1, 7])
def test_pages_by_cursor_give_everything_once(shared_client, size):
    collection = shared_client.collection(f"c{next(_COLLECTIONS)}")
    batch = shared_client.batch()
    for number in range(20):
        batch.set(collection.document(f"d{number:02}"), {"group": number % 3})
    batch.commit()
    seen: list[str] = []
    query = collection.order_by("group", direction=Query.DESCENDING).limit(size)
    page = list(query.stream())
    while page:
        seen += [snapshot.id for snapshot in page]
        page = list(query.start_after(page[-1]).stream())
    expected = sorted((f"d{number:02}" for number in range(20)), reverse=True)
    assert seen == sorted(expected, key=lambda name: -(int(name[1:]) % 3))
