from __future__ import annotations

import queue
from collections.abc import Iterator
from contextlib import closing
from functools import cached_property

import pytest
from google.cloud.firestore import FieldFilter, Query
from google.cloud.firestore_v1.types import ListenRequest, ListenResponse, Target, TargetChange

from tests.emulator.support import eventually


class Watch:
    """Google's watch, with its snapshots in a list."""

    def __init__(self, watched):
        self.snapshots: list[list[str]] = []
        self.changes: list[list[tuple[str, str]]] = []
        self._watch = watched.on_snapshot(self._take)

    def _take(self, documents, changes, _):
        self.changes.append([(change.type.name, change.document.id) for change in changes])
        self.snapshots.append([document.id for document in documents if document.exists])

    def close(self):
        self._watch.unsubscribe()

    def present(self):
        return set(self.last() or ())

    def last(self):
        return self.snapshots[-1] if self.snapshots else None


def test_a_query_is_followed(client):
    collection = client.collection("c")
    collection.document("a").set({"n": 1})
    with closing(Watch(collection.where(filter=FieldFilter("n", ">", 0)).order_by("n"))) as watch:
        eventually(lambda: watch.last() == ["a"])
        collection.document("b").set({"n": 0.5})
        eventually(lambda: watch.last() == ["b", "a"])
        collection.document("b").update({"n": 2})
        eventually(lambda: watch.last() == ["a", "b"])
        collection.document("a").update({"n": 0})
        eventually(lambda: watch.last() == ["b"])
        collection.document("b").delete()
        eventually(lambda: watch.last() == [])
    assert watch.changes == [
        [("ADDED", "a")],
        [("ADDED", "b")],
        [("MODIFIED", "b")],
        [("REMOVED", "a")],
        [("REMOVED", "b")],
    ]


def test_an_empty_query_gives_an_empty_snapshot(client):
    with closing(Watch(client.collection("c"))) as watch:
        eventually(lambda: watch.last() == [])


def test_a_document_is_followed(client):
    document = client.document("c/a")
    with closing(Watch(document)) as watch:
        eventually(lambda: watch.snapshots)
        document.set({"n": 1})
        eventually(lambda: watch.last() == ["a"])
        document.delete()
        eventually(lambda: watch.last() == [] and len(watch.snapshots) == 3)


def test_a_window_lets_others_in(client):
    collection = client.collection("c")
    for number in range(5):
        collection.document(f"d{number}").set({"n": number})
    with closing(Watch(collection.order_by("n", direction=Query.DESCENDING).limit(2))) as watch:
        eventually(lambda: watch.present() == {"d4", "d3"})
        collection.document("d4").delete()
        eventually(lambda: watch.present() == {"d3", "d2"})
        collection.document("d0").update({"n": 9})
        eventually(lambda: watch.present() == {"d0", "d3"})


def test_a_batch_arrives_as_one(client):
    with closing(Watch(client.collection("c"))) as watch:
        eventually(lambda: watch.last() == [])
        batch = client.batch()
        for number in range(5):
            batch.set(client.document(f"c/d{number}"), {})
        batch.commit()
        eventually(watch.last)
        assert len(watch.last()) == 5


class Stream:
    """The raw protocol."""

    def __init__(self, client):
        self._client = client
        self._requests: queue.Queue[ListenRequest | None] = queue.Queue()
        self._database = client._database_string

    @cached_property
    def _responses(self):
        """The call; beginning it waits for a first response, so a request has to be there already."""
        requests = iter(self._requests.get, None)
        return self._client._firestore_api.listen(requests=requests, metadata=self._client._rpc_metadata)

    def add(self, **target):
        self._requests.put(ListenRequest(database=self._database, add_target=Target(**target)))

    def remove(self, target_id):
        self._requests.put(ListenRequest(database=self._database, remove_target=target_id))

    def until(self, kind, *, everywhere=False) -> Iterator[ListenResponse]:
        """The responses up to a change of this kind; `everywhere`: one without target ids."""
        for response in self._responses:
            yield response
            change = response.target_change
            is_kind = "target_change" in response and change.target_change_type == kind
            if is_kind and not (everywhere and change.target_ids):
                return

    def close(self):
        self._requests.put(None)
        self._responses.cancel()


@pytest.fixture
def stream(client):
    with closing(Stream(client)) as stream:
        yield stream


TYPES = TargetChange.TargetChangeType


def everything(stream):
    return list(stream.until(TYPES.NO_CHANGE, everywhere=True))


def target(client, target_id=1, **more):
    query = client.collection("c").where(filter=FieldFilter("n", ">", 0))
    parent = f"{client._database_string}/documents"
    return {"target_id": target_id, "query": {"parent": parent, "structured_query": query._to_protobuf()}, **more}


def shape(response):
    """The kind of a response and what it is about."""
    if "target_change" in response:
        return TYPES(response.target_change.target_change_type).name, list(response.target_change.target_ids)
    if "document_change" in response:
        change = response.document_change
        return "change", change.document.name[-1], list(change.target_ids), list(change.removed_target_ids)
    if "document_delete" in response:
        return "delete", response.document_delete.document[-1], list(response.document_delete.removed_target_ids)
    if "document_remove" in response:
        return "remove", response.document_remove.document[-1], list(response.document_remove.removed_target_ids)
    return "filter", response.filter.count


def test_the_protocol_of_a_target(client, stream):
    client.document("c/a").set({"n": 1})
    stream.add(**target(client))
    assert [shape(response) for response in everything(stream)] == [
        ("ADD", [1]), ("change", "a", [1], []), ("CURRENT", [1]), ("NO_CHANGE", []),
    ]  # fmt: skip
    stream.add(**target(client, 2))
    assert [shape(response) for response in everything(stream)][1] == ("change", "a", [2], [])
    client.document("c/a").update({"n": 0})
    assert [shape(response) for response in everything(stream)] == [("remove", "a", [1, 2]), ("NO_CHANGE", [])]
    stream.remove(1)
    assert [shape(response) for response in stream.until(TYPES.REMOVE)] == [("REMOVE", [1])]
    client.document("c/a").update({"n": 3})
    assert [shape(response) for response in everything(stream)] == [("change", "a", [2], []), ("NO_CHANGE", [])]
    client.document("c/a").delete()
    assert [shape(response) for response in everything(stream)] == [("delete", "a", [2]), ("NO_CHANGE", [])]


def test_read_times_never_go_back(client, stream):
    stream.add(**target(client))
    times = [everything(stream)[-1].target_change.read_time]
    for number in range(1, 5):
        written = client.document("c/a").set({"n": number}).update_time
        times.append(everything(stream)[-1].target_change.read_time)
        assert times[-1] >= written
    assert times == sorted(times)


def test_a_resumed_target_hears_what_changed(client):
    for name in "abcd":
        client.document(f"c/{name}").set({"n": 1})
    with closing(Stream(client)) as first:
        first.add(**target(client))
        token = everything(first)[-1].target_change.resume_token
    client.document("c/a").delete()
    client.document("c/b").update({"n": 0})
    client.document("c/c").update({"n": 5})
    client.document("c/e").set({"n": 1})
    with closing(Stream(client)) as second:
        second.add(**target(client, resume_token=token))
        heard = sorted(map(str, (shape(response) for response in everything(second))))
    expected = [
        ("ADD", [1]), ("delete", "a", [1]), ("remove", "b", [1]), ("change", "c", [1], []), ("change", "e", [1], []),
        ("CURRENT", [1]), ("NO_CHANGE", []),
    ]  # fmt: skip
    assert heard == sorted(map(str, expected))


def test_an_unknown_token_resets(client, stream):
    client.document("c/a").set({"n": 1})
    stream.add(**target(client, resume_token=b"\x00" * 8))
    assert [shape(response) for response in everything(stream)][:3] == [
        ("ADD", [1]),
        ("RESET", [1]),
        ("change", "a", [1], []),
    ]


def test_a_wrong_count_is_told(client):
    client.document("c/a").set({"n": 1})
    with closing(Stream(client)) as first:
        first.add(**target(client))
        token = everything(first)[-1].target_change.resume_token
    with closing(Stream(client)) as second:
        second.add(**target(client, resume_token=token, expected_count=5))
        assert ("filter", 1) in [shape(response) for response in everything(second)]


def test_a_bad_target_is_removed_with_its_cause(client, stream):
    bad = target(client)
    bad["query"]["structured_query"].limit = -1
    stream.add(**bad)
    (response,) = stream.until(TYPES.REMOVE)
    assert response.target_change.cause.code == 3


def test_a_target_for_once_goes_by_itself(client, stream):
    stream.add(**target(client, once=True))
    assert shape(list(stream.until(TYPES.REMOVE))[-1]) == ("REMOVE", [1])
