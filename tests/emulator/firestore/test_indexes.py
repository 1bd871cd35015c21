"""Which queries need an index of their own, and what a refusal tells, through Google's client."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pytest
from google.api_core.exceptions import FailedPrecondition, InvalidArgument
from google.cloud.firestore import And, Client, FieldFilter, Or, Query
from google.cloud.firestore_v1.base_vector_query import DistanceMeasure
from google.cloud.firestore_v1.vector import Vector

from emulator.config import Config, Ports
from emulator.firestore.indexes.catalog import IndexCatalog
from emulator.firestore.indexes.file import IndexFileError
from tests.emulator.firestore.conftest import connect
from tests.emulator.support import running

DOWN = Query.DESCENDING


def up(path: str) -> dict[str, str]:
    return {"fieldPath": path, "order": "ASCENDING"}


def down(path: str) -> dict[str, str]:
    return {"fieldPath": path, "order": "DESCENDING"}


def has(path: str) -> dict[str, str]:
    return {"fieldPath": path, "arrayConfig": "CONTAINS"}


def entry(*fields: Mapping[str, object], scope: str = "COLLECTION") -> dict[str, object]:
    return {"collectionGroup": "c", "queryScope": scope, "fields": list(fields)}


FILE = {
    "indexes": [
        entry(up("a"), down("z")),
        entry(up("b"), down("z")),
        entry(has("tags"), up("z")),
        entry(up("x"), up("y")),
        entry(up("a"), up("n")),
        entry(down("__name__")),
        entry(up("g"), up("h"), scope="COLLECTION_GROUP"),
        entry(up("a"), {"fieldPath": "v", "vectorConfig": {"dimension": 2, "flat": {}}}),
    ],
    "fieldOverrides": [
        {"collectionGroup": "c", "fieldPath": "off", "indexes": []},
        {
            "collectionGroup": "c",
            "fieldPath": "off.on",
            "indexes": [{"order": "ASCENDING", "queryScope": "COLLECTION"}],
        },
        {
            "collectionGroup": "c",
            "fieldPath": "wide",
            "indexes": [{"order": "ASCENDING", "queryScope": "COLLECTION_GROUP"}],
        },
    ],
}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("indexes") / "firestore.indexes.json"
    path.write_text(json.dumps(FILE))
    return path


@pytest.fixture(scope="module")
def checked(path) -> Iterator[Client]:
    """A client of a server that has the file."""
    config = Config("demo-test", path.parent / "data", "http://127.0.0.1:9", ports=Ports(firestore=0), indexes=path)
    with running(config, "firestore") as suite:
        client = connect(suite.addresses["firestore"], "demo-indexes")
        yield client
        client.close()


def where(*conditions: tuple[str, str, object]):
    """Turn a collection into a query."""

    def build(collection):
        for path, operator, value in conditions:
            collection = collection.where(filter=FieldFilter(path, operator, value))
        return collection

    return build


SERVED = {
    "everything": lambda c: c,
    "one equality": where(("q", "==", 1)),
    "equalities merged": where(("q", "==", 1), ("r", "==", 2), ("s", "in", [1, 2])),
    "an equality and an element": where(("q", "==", 1), ("t", "array_contains", 2)),
    "a range": where(("q", ">", 1), ("q", "<", 5)),
    "a range, descending": lambda c: where(("q", ">", 1))(c).order_by("q", direction=DOWN),
    "an order by an equality": lambda c: where(("q", "==", 1))(c).order_by("q", direction=DOWN).order_by("__name__"),
    "equalities, names descending": lambda c: where(("q", "==", 1), ("r", "==", 1))(c).order_by(
        "__name__", direction=DOWN
    ),
    "an element, names descending": lambda c: where(("t", "array_contains", 1))(c).order_by("__name__", direction=DOWN),
    "names descending, with their index": lambda c: c.order_by("__name__", direction=DOWN),
    "in": where(("q", "in", [1, 2, 3])),
    "not equal": where(("q", "!=", 3)),
    "composite": lambda c: where(("a", "==", 1))(c).order_by("z", direction=DOWN),
    "composite with in": lambda c: where(("a", "in", [1, 2]))(c).order_by("z", direction=DOWN),
    "composites merged": lambda c: where(("a", "==", 1), ("b", "==", 2))(c).order_by("z", direction=DOWN),
    "an element and an order": lambda c: where(("tags", "array_contains", 1))(c).order_by("z"),
    "an element and a range": where(("tags", "array_contains", 1), ("z", ">", 1)),
    "two orders": lambda c: c.order_by("x").order_by("y"),
    "two ranges": where(("x", ">", 1), ("y", ">", 1)),
    "either": lambda c: c.where(filter=Or([FieldFilter("q", "==", 1), FieldFilter("r", "==", 2)])),
    "an exempt map's field with an index": where(("off.on", "==", 1)),
    "names": lambda c: c.where(filter=FieldFilter("__name__", ">", c.document("a"))),
    "a count": lambda c: where(("q", "==", 1))(c).count(),
    "a sum": lambda c: where(("a", "==", 1))(c).sum("n"),
    "neighbours": lambda c: where(("a", "==", 1))(c).find_nearest(
        "v", Vector([1.0, 2.0]), limit=3, distance_measure=DistanceMeasure.EUCLIDEAN
    ),
    "all collections": lambda c: c._client.collection_group("c"),
    "all collections by an overridden field": lambda c: where(("wide", "==", 1))(c._client.collection_group("c")),
    "all collections by a composite": lambda c: where(("g", "==", 1))(c._client.collection_group("c")).order_by("h"),
}

REFUSED = {
    "an equality and another order": (
        lambda c: where(("q", "==", 1))(c).order_by("z"),
        [entry(up("q"), up("z"))],
    ),
    "the other direction": (lambda c: where(("a", "==", 1))(c).order_by("z"), [entry(up("a"), up("z"))]),
    "an equality and a range": (where(("q", "==", 1), ("r", "<", 5)), [entry(up("q"), up("r"))]),
    "an element, descending": (
        lambda c: where(("tags", "array_contains", 1))(c).order_by("z", direction=DOWN),
        [entry(has("tags"), down("z"))],
    ),
    "orders the other way round": (lambda c: c.order_by("y").order_by("x"), [entry(up("y"), up("x"))]),
    "two descending": (
        lambda c: c.order_by("x", direction=DOWN).order_by("y", direction=DOWN),
        [entry(down("x"), down("y"))],
    ),
    "names against the order": (
        lambda c: c.order_by("q").order_by("__name__", direction=DOWN),
        [entry(up("q"), down("__name__"))],
    ),
    "one of a disjunction": (
        lambda c: c.where(filter=Or([FieldFilter("q", "==", 1), FieldFilter("r", "==", 2)])).order_by("q"),
        [entry(up("r"), up("q"))],
    ),
    "each of a disjunction": (
        lambda c: c.where(filter=Or([FieldFilter("q", "==", 1), FieldFilter("r", "==", 2)])).order_by("s"),
        [entry(up("q"), up("s")), entry(up("r"), up("s"))],
    ),
    "nested": (
        lambda c: c.where(
            filter=And([FieldFilter("q", "==", 1), Or([FieldFilter("a", "==", 1), FieldFilter("r", "==", 2)])])
        ).order_by("z", direction=DOWN),
        [entry(up("a"), up("q"), down("z")), entry(up("q"), up("r"), down("z"))],
    ),
    "a sum over a filter": (lambda c: where(("q", "==", 1))(c).sum("n"), [entry(up("q"), up("n"))]),
    "a count": (lambda c: where(("q", "==", 1), ("r", ">", 1))(c).count(), [entry(up("q"), up("r"))]),
    "neighbours": (
        lambda c: c.find_nearest("v", Vector([1.0, 2.0, 3.0]), limit=3, distance_measure=DistanceMeasure.COSINE),
        [entry({"fieldPath": "v", "vectorConfig": {"dimension": 3, "flat": {}}})],
    ),
    "all collections by a composite of one": (
        lambda c: where(("a", "==", 1))(c._client.collection_group("c")).order_by("z", direction=DOWN),
        [entry(up("a"), down("z"), scope="COLLECTION_GROUP")],
    ),
}


@pytest.mark.parametrize("name", SERVED)
def test_a_query_with_its_indexes_runs(checked, name):
    assert list(SERVED[name](checked.collection("c")).get()) is not None


@pytest.mark.parametrize("name", REFUSED)
def test_a_query_without_its_index_is_refused_with_the_entry_to_paste(checked, path, name):
    build, expected = REFUSED[name]
    with pytest.raises(FailedPrecondition) as refused:
        build(checked.collection("c")).get()
    first, *entries = refused.value.message.split("\n")
    assert first.startswith(("The query requires an index. You can create it here:", "Missing vector index config"))
    assert str(path) in first
    assert sorted(map(json.loads, entries), key=str) == sorted(expected, key=str)


def test_what_is_pasted_is_what_the_query_needs(tmp_path, checked):
    """The server reads the file again when a query lacks an index; documents that were there are found."""
    path = tmp_path / "firestore.indexes.json"
    path.write_text("{}")
    config = Config("demo-test", tmp_path, "http://127.0.0.1:9", ports=Ports(firestore=0), indexes=path)
    with running(config, "firestore") as suite:
        client = connect(suite.addresses["firestore"], "demo-paste")
        collection = client.collection("c")
        for number in range(4):
            collection.document(f"d{number}").set({"q": 1, "z": number, "v": Vector([1.0, number, 0.0])})
        for name, (build, _) in REFUSED.items():
            if name == "a count":
                continue  # its index has been pasted by then
            with pytest.raises(FailedPrecondition) as refused:
                build(collection).get()
            entries = [json.loads(line) for line in refused.value.message.split("\n")[1:]]
            content = json.loads(path.read_text())
            path.write_text(json.dumps({"indexes": [*content.get("indexes", []), *entries]}))
            build(collection).get()
        found = where(("q", "==", 1))(collection).order_by("z").get()
        assert [snapshot.id for snapshot in found] == ["d0", "d1", "d2", "d3"]
        client.close()


@pytest.mark.parametrize(
    ("build", "sentence", "modes"),
    [
        (
            lambda client: where(("q", "==", 1))(client.collection_group("c")),
            "The query requires a COLLECTION_GROUP_ASC index for collection c and field q.",
            ["ASCENDING", "CONTAINS", "DESCENDING", "ASCENDING"],
        ),
        (
            lambda client: where(("q", "array_contains", 1))(client.collection_group("c")),
            "The query requires a COLLECTION_GROUP_CONTAINS index for collection c and field q.",
            ["ASCENDING", "CONTAINS", "DESCENDING", "CONTAINS"],
        ),
        (
            lambda client: where(("off.below", "==", 1))(client.collection("c")),
            "The query requires a COLLECTION_ASC index for collection c and field off.below.",
            ["ASCENDING"],
        ),
    ],
)
def test_a_field_without_its_own_index_needs_an_override(checked, build, sentence, modes):
    with pytest.raises(FailedPrecondition) as refused:
        build(checked).get()
    first, line = refused.value.message.split("\n")
    assert first.startswith(sentence)
    override = json.loads(line)
    assert [entry.get("order") or entry["arrayConfig"] for entry in override["indexes"]] == modes


def test_a_listener_needs_the_index_too(checked):
    query = where(("q", "==", 1))(checked.collection("c")).order_by("z")._to_protobuf()
    parent = "projects/demo-indexes/databases/(default)/documents"
    request = {
        "database": "projects/demo-indexes/databases/(default)",
        "add_target": {"query": {"parent": parent, "structured_query": query}, "target_id": 1},
    }
    responses = checked._firestore_api.listen(iter([request]), metadata=checked._rpc_metadata)
    (removed,) = [response.target_change for response in responses]
    assert removed.target_change_type.name == "REMOVE"
    assert removed.cause.code == 9
    assert "The query requires an index." in removed.cause.message


@pytest.mark.parametrize(
    "content",
    [
        "[",
        "[]",
        '{"indexes": [{"collectionGroup": "c", "fields": []}]}',
        '{"indexes": [{"collectionGroup": "c", "fields": [{"fieldPath": "a", "order": "UP"}]}]}',
        '{"indexes": [{"collectionGroup": "c", "queryScope": "ALL", "fields": [{"fieldPath": "a"}]}]}',
        '{"indexes": [{"fields": [{"fieldPath": "a", "order": "ASCENDING"}]}]}',
        '{"indexes": [{"collectionGroup": "c", "fields": [{"fieldPath": "v", "vectorConfig": {"dimension": 3000}}]}]}',
        '{"fieldOverrides": [{"collectionGroup": "c", "fieldPath": "a", "indexes": [{"order": "x"}]}]}',
    ],
)
def test_a_malformed_file_is_refused_by_name(tmp_path, content):
    path = tmp_path / "firestore.indexes.json"
    path.write_text(content)
    with pytest.raises(IndexFileError, match=r"firestore\.indexes\.json"):
        IndexCatalog.from_file(path)


def test_a_document_has_at_most_40000_index_entries(checked):
    document = checked.document("c/many")
    with pytest.raises(InvalidArgument, match="too many index entries for entity /c/many"):
        document.set({"list": list(range(20_000))})
    document.set({"off": {"list": list(range(40_000))}})
    assert len(document.get().get("off.list")) == 40_000
    document.set({"list": list(range(19_999))})  # and two for the list itself


def test_a_composite_entry_has_a_limit(tmp_path):
    path = tmp_path / "firestore.indexes.json"
    path.write_text(json.dumps({"indexes": [entry(*(up(f"f{number}") for number in range(8)))]}))
    config = Config("demo-test", tmp_path, "http://127.0.0.1:9", ports=Ports(firestore=0), indexes=path)
    with running(config, "firestore") as suite:
        client = connect(suite.addresses["firestore"], "demo-large")
        client.document("c/fits").set({f"f{number}": "x" * 600 for number in range(8)})
        with pytest.raises(InvalidArgument, match="Index entry is too large"):
            client.document("c/large").set({f"f{number}": "x" * 1400 for number in range(8)})
        client.document("other/large").set({f"f{number}": "x" * 1400 for number in range(8)})
        client.close()
