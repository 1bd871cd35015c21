from __future__ import annotations

import pytest
from google.api_core.exceptions import InvalidArgument, Unauthenticated
from google.cloud import firestore
from google.cloud.firestore import FieldFilter, Query


def ids(snapshots):
    return [snapshot.id for snapshot in snapshots]


@pytest.fixture
def people(client):
    collection = client.collection("people")
    batch = client.batch()
    for number in range(10):
        batch.set(
            collection.document(f"p{number}"),
            {"age": 20 + number % 5, "name": f"n{number}", "tags": [f"t{number % 2}", "all"], "m": {"n": number}},
        )
    batch.commit()
    return collection


def test_get_all_finds_and_misses(client, people):
    found = client.get_all([people.document("p1"), people.document("nobody"), people.document("p1")], ["age"])
    assert {snapshot.id: snapshot.to_dict() for snapshot in found} == {"p1": {"age": 21}, "nobody": None}


def test_projection(people):
    assert people.select(["m.n", "missing"]).limit(1).get()[0].to_dict() == {"m": {"n": 0}}
    assert people.select([]).limit(1).get()[0].to_dict() == {}


def test_limit_to_last(people):
    assert ids(people.order_by("name").limit_to_last(2).get()) == ["p8", "p9"]


def test_offset_and_cursor_by_snapshot(people):
    assert ids(people.order_by("age").order_by("name").offset(2).limit(2).stream()) == ["p1", "p6"]
    snapshot = people.document("p6").get()
    assert ids(people.order_by("age").start_at(snapshot).limit(2).stream()) == ["p6", "p2"]
    assert ids(people.order_by("age").end_before(snapshot).stream()) == ["p0", "p5", "p1"]


def test_by_name(client, people):
    names = FieldFilter("__name__", "in", [people.document("p3"), people.document("p1"), people.document("x")])
    assert ids(people.where(filter=names).stream()) == ["p1", "p3"]
    after = FieldFilter("__name__", ">", people.document("p7"))
    assert ids(people.where(filter=after).stream()) == ["p8", "p9"]
    assert ids(people.order_by("__name__", direction=Query.DESCENDING).limit(2).stream()) == ["p9", "p8"]


def test_equality_with_name_range(people):
    query = people.where(filter=FieldFilter("tags", "array_contains", "t1"))
    assert ids(query.where(filter=FieldFilter("__name__", ">=", people.document("p5"))).stream()) == ["p5", "p7", "p9"]


def test_ranges_on_several_fields(people):
    query = people.where(filter=FieldFilter("age", ">", 21)).where(filter=FieldFilter("m.n", "<", 5))
    assert ids(query.stream()) == ["p2", "p3", "p4"]


def test_collection_groups(client):
    for path in ("a/1/notes/x", "a/2/notes/y", "notes/z", "b/1/other/w"):
        client.document(path).set({"k": path})
    assert ids(client.collection_group("notes").stream()) == ["x", "y", "z"]
    assert ids(client.collection_group("notes").where(filter=FieldFilter("k", "==", "notes/z")).stream()) == ["z"]
    assert ids(client.collection_group("notes").order_by("k", direction=Query.DESCENDING).limit(1).stream()) == ["z"]


def test_all_descendants_of_a_document(client):
    for path in ("a/1/notes/x", "a/1/notes/x/deep/y", "a/10/notes/z"):
        client.document(path).set({})
    request = {
        "parent": f"{client._database_string}/documents/a/1",
        "structured_query": {"from_": [{"all_descendants": True}]},
    }
    found = client._firestore_api.run_query(request=request, metadata=client._rpc_metadata)
    assert [response.document.name.rpartition("/")[2] for response in found] == ["x", "y"]


class TestAggregation:
    def test_count_sum_average(self, people):
        query = people.where(filter=FieldFilter("age", "<", 22))
        (results,) = query.count("n").sum("age", "s").avg("age", "a").get()
        assert {result.alias: result.value for result in results} == {"n": 4, "s": 82, "a": 20.5}

    def test_of_nothing(self, client):
        query = client.collection("nothing").count("n").sum("x", "s").avg("x", "a")
        request = {
            "parent": f"{client._database_string}/documents",
            "structured_aggregation_query": query._to_protobuf(),
        }
        (response,) = client._firestore_api.run_aggregation_query(request=request, metadata=client._rpc_metadata)
        fields = response.result.aggregate_fields
        assert (fields["n"].integer_value, fields["s"].integer_value) == (0, 0)
        assert "null_value" in fields["a"]

    def test_documents_without_an_aggregated_field_take_no_part(self, client, people):
        people.document("p9").set({"name": "ageless"})
        (results,) = people.count("n").sum("age", "s").get()
        assert {result.alias: result.value for result in results} == {"n": 9, "s": 2 * (20 + 21 + 22 + 23 + 24) - 24}

    def test_count_respects_limit(self, people):
        assert people.limit(3).count().get()[0][0].value == 3


class TestListing:
    def test_documents_page_by_page(self, people):
        assert ids(people.list_documents(page_size=3)) == [f"p{number}" for number in range(10)]

    def test_documents_in_another_order(self, client, people):
        found, token = [], ""
        while True:
            request = {
                "parent": f"{client._database_string}/documents",
                "collection_id": "people",
                "order_by": "age desc, name",
                "page_size": 3,
                "page_token": token,
            }
            pager = client._firestore_api.list_documents(request=request, metadata=client._rpc_metadata)
            page = next(pager.pages)
            found += [document.name.rpartition("/")[2] for document in page.documents]
            token = page.next_page_token
            if not token:
                break
        assert found == ["p4", "p9", "p3", "p8", "p2", "p7", "p1", "p6", "p0", "p5"]

    def test_a_forged_page_token_is_refused(self, client):
        request = {"parent": f"{client._database_string}/documents", "collection_id": "c", "page_token": "!"}
        with pytest.raises(InvalidArgument, match="page token"):
            client._firestore_api.list_documents(request=request, metadata=client._rpc_metadata)

    def test_missing_documents_are_shown(self, client):
        client.document("a/b").set({})
        client.document("a/c/d/e").set({})
        client.document("a/f/g/h/i/j").set({})
        client.document("a/k/l/m").set({})
        client.document("a/k/l/m").delete()
        assert ids(client.collection("a").list_documents(page_size=1)) == ["b", "c", "f"]
        assert ids(client.collection("a").stream()) == ["b"]

    def test_collections(self, client):
        client.document("b/1/x/1").set({})
        client.document("a/1").set({})
        client.document("a/1/y/1").set({})
        client.document("c/1").set({})
        client.document("c/1").delete()
        assert [collection.id for collection in client.collections()] == ["a", "b"]
        assert [collection.id for collection in client.document("a/1").collections()] == ["y"]
        assert [collection.id for collection in client.document("b/1").collections()] == ["x"]

    def test_recursive_delete(self, client):
        for path in ("a/b", "a/b/c/d", "a/b/c/d/e/f", "z/z"):
            client.document(path).set({})
        client.recursive_delete(client.collection("a"))
        assert [collection.id for collection in client.collections()] == ["z"]


def test_partitions_cover_a_group(client):
    writer = client.bulk_writer()
    for number in range(400):
        writer.create(client.document(f"p/{number % 3}/parts/d{number:03}"), {})
    writer.close()
    partitions = list(client.collection_group("parts").get_partitions(3))
    assert len(partitions) == 3
    found = [snapshot.id for partition in partitions for snapshot in partition.query().stream()]
    assert sorted(found) == [f"d{number:03}" for number in range(400)]


class TestReadTime:
    def test_the_past_is_as_it_was(self, client):
        document, collection = client.document("c/a"), client.collection("c")
        first = document.set({"x": 1}).update_time
        client.document("c/b").set({"x": 1})
        second = document.set({"x": 2}).update_time
        client.document("c/b").delete()
        ones = collection.where(filter=FieldFilter("x", "==", 1))
        assert document.get(read_time=first).to_dict() == {"x": 1}
        assert ids(ones.stream(read_time=first)) == ["a"]
        assert ids(ones.stream(read_time=second)) == ["b"]
        assert ids(collection.stream(read_time=second)) == ["a", "b"]
        assert ones.count().get(read_time=second)[0][0].value == 1
        assert ids(ones.stream()) == []

    def test_the_future_is_refused(self, client):
        later = client.document("c/a").set({}).update_time.replace(year=2999)
        with pytest.raises(InvalidArgument):
            client.document("c/a").get(read_time=later)


class TestRefusals:
    def test_too_many_disjunctions(self, client):
        query = client.collection("c")
        for name in "ab":
            query = query.where(filter=FieldFilter(name, "in", list(range(6))))
        with pytest.raises(InvalidArgument, match="more than the maximum of 30"):
            query.get()

    def test_two_array_filters(self, client):
        query = client.collection("c").where(filter=FieldFilter("a", "array_contains", 1))
        with pytest.raises(InvalidArgument, match="A maximum of 1 'ARRAY_CONTAINS' filter is allowed per disjunction"):
            query.where(filter=FieldFilter("b", "array_contains", 1)).get()

    def test_a_token_that_is_none(self, client):
        metadata = [("authorization", "Bearer eyJhbGciOiJub25lIn0.e30.")]
        request = {"name": f"{client._database_string}/documents/c/d"}
        with pytest.raises(Unauthenticated, match="issuer and audience"):
            client._firestore_api.get_document(request=request, metadata=metadata)


def test_firebase_admin(address, monkeypatch):
    import firebase_admin  # noqa: PLC0415
    from firebase_admin import credentials  # noqa: PLC0415
    from firebase_admin import firestore as admin  # noqa: PLC0415
    from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415

    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", address)

    class Anonymous(credentials.Base):  # type: ignore[misc]  # untyped
        def get_credential(self):
            return AnonymousCredentials()

    app = firebase_admin.initialize_app(Anonymous(), options={"projectId": "demo-admin"}, name="firestore-test")
    try:
        client = admin.client(app)
        client.document("c/d").set({"at": firestore.SERVER_TIMESTAMP})
        assert client.document("c/d").get().exists
    finally:
        firebase_admin.delete_app(app)
