from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from google.api_core.exceptions import AlreadyExists, FailedPrecondition, InvalidArgument, NotFound
from google.cloud import firestore
from google.cloud.firestore import FieldFilter, GeoPoint
from google.cloud.firestore_v1.types import BatchWriteRequest, Document, Value, Write
from google.cloud.firestore_v1.vector import Vector


@pytest.fixture
def document(client):
    return client.document("incidents", "abc")


def test_every_type_of_value_comes_back(client, document):
    content = {
        "null": None, "yes": True, "int": -(1 << 63), "double": 1.5, "text": "é\x00\U0001f600", "bytes": b"\x00\xff",
        "time": datetime(2026, 1, 1, 12, 30, 1, 234567, tzinfo=UTC), "point": GeoPoint(1.5, -2.5),
        "list": [1, {"a": []}, None], "map": {"a": {"b": {}}}, "ref": client.document("users/x"),
        "vector": Vector([1.0, 2.0]), "a.b `c\\": 1, "": None,
    }  # fmt: skip
    del content[""]
    document.set(content)
    assert document.get().to_dict() == content


def test_nan_and_negative_zero_come_back(document):
    document.set({"nan": math.nan, "zero": -0.0})
    found = document.get().to_dict()
    assert math.isnan(found["nan"])
    assert math.copysign(1, found["zero"]) == -1


def test_times_are_cut_to_microseconds(client, document):
    value = Value(timestamp_value={"seconds": 1, "nanos": 123456789})
    _commit(client, Write(update=Document(name=document._document_path, fields={"t": value})))
    assert document.get().to_dict()["t"] == datetime(1970, 1, 1, 0, 0, 1, 123456, tzinfo=UTC)


def test_create_refuses_what_exists(document):
    document.create({"a": 1})
    with pytest.raises(
        AlreadyExists, match=f"Document already exists: {document._document_path.replace('(', '.').replace(')', '.')}"
    ):
        document.create({"a": 2})
    assert document.get().to_dict() == {"a": 1}


def test_update_refuses_what_does_not_exist(document):
    with pytest.raises(NotFound, match="No document to update: projects/"):
        document.update({"a": 1})


def test_update_changes_named_fields_only(document):
    document.set({"a": {"b": 1, "c": 2}, "d": 3, "e-f": {"g h": 1}})
    document.update({"a.b": 5, "d": firestore.DELETE_FIELD, "`e-f`.`g h`": 2})
    assert document.get().to_dict() == {"a": {"b": 5, "c": 2}, "e-f": {"g h": 2}}


def test_merge_creates_and_merges(document):
    document.set({"a": {"b": 1}}, merge=True)
    document.set({"a": {"c": 2}, "d": 1}, merge=["a.c"])
    assert document.get().to_dict() == {"a": {"b": 1, "c": 2}}


def test_merge_of_nothing_creates_an_empty_document(document):
    document.set({}, merge=True)
    assert document.get().exists


def test_last_update_time_is_a_precondition(client, document):
    written = document.set({"a": 1})
    document.update({"a": 2}, option=client.write_option(last_update_time=written.update_time))
    with pytest.raises(FailedPrecondition, match="does not match the required base version"):
        document.update({"a": 3}, option=client.write_option(last_update_time=written.update_time))
    assert document.get().to_dict() == {"a": 2}


def test_delete_is_quiet_unless_existence_is_demanded(client, document):
    document.delete()
    with pytest.raises(NotFound):
        document.delete(option=client.write_option(exists=True))


def test_a_write_that_changes_nothing_keeps_the_update_time(document):
    first = document.set({"a": 1, "b": 2})
    second = document.set({"b": 2, "a": 1})
    assert second.update_time == first.update_time
    assert document.set({"a": 2}).update_time > first.update_time
    assert document.get().create_time == first.update_time


def test_a_batch_is_all_or_nothing(client):
    batch = client.batch()
    batch.set(client.document("c/a"), {"x": 1})
    batch.update(client.document("c/missing"), {"x": 1})
    with pytest.raises(NotFound):
        batch.commit()
    assert not client.document("c/a").get().exists


def test_a_batch_writes_the_same_document_in_order(client):
    batch = client.batch()
    batch.set(client.document("c/a"), {"x": 1})
    batch.update(client.document("c/a"), {"x": firestore.Increment(5)})
    batch.delete(client.document("c/b"))
    batch.commit()
    assert client.document("c/a").get().to_dict() == {"x": 6}


class TestTransforms:
    def test_increment(self, document):
        document.set({"int": 1, "double": 0.5, "text": "x", "big": (1 << 63) - 1})
        change = {name: firestore.Increment(2) for name in ("int", "double", "text", "missing", "big")}
        document.update(change)
        expected = {"int": 3, "double": 2.5, "text": 2, "missing": 2, "big": (1 << 63) - 1}
        assert document.get().to_dict() == expected

    def test_extremes(self, document):
        document.set({"a": 1, "b": 1, "c": "x", "d": 1})
        document.update(
            {
                "a": firestore.Maximum(3),
                "b": firestore.Minimum(-1.5),
                "c": firestore.Maximum(2),
                "d": firestore.Maximum(1.0),
            }
        )
        found = document.get().to_dict()
        assert found == {"a": 3, "b": -1.5, "c": 2, "d": 1}
        assert isinstance(found["d"], int), "equal numbers keep the stored one"

    def test_array_union_and_removal(self, document):
        document.set({"a": [1, 2, 2], "b": "no array", "c": [1, 2, 1.0, 3]})
        document.update(
            {"a": firestore.ArrayUnion([2.0, 3, 3]), "b": firestore.ArrayUnion(["x"]), "c": firestore.ArrayRemove([1])}
        )
        assert document.get().to_dict() == {"a": [1, 2, 2, 3], "b": ["x"], "c": [2, 3]}

    def test_server_time_is_the_commits(self, client, document):
        batch = client.batch()
        batch.set(document, {"t": firestore.SERVER_TIMESTAMP, "m": {"t": firestore.SERVER_TIMESTAMP}})
        results = batch.commit()
        found = document.get().to_dict()
        assert found["t"] == found["m"]["t"] == results[0].transform_results[0].timestamp_value
        assert timedelta(0) <= batch.commit_time - found["t"] < timedelta(milliseconds=1)

    def test_results_are_given_back(self, client, document):
        document.set({"n": 1})
        batch = client.batch()
        batch.update(document, {"n": firestore.Increment(4)})
        assert batch.commit()[0].transform_results[0].integer_value == 5


def _commit(client, *writes):
    request = {"database": client._database_string, "writes": writes}
    return client._firestore_api.commit(request=request, metadata=client._rpc_metadata)


def _write(client, name, fields=None):
    return Write(update=Document(name=f"{client._database_string}/documents/{name}", fields=fields or {}))


class TestLimits:
    def test_a_document_of_one_mebibyte_is_the_largest(self, client, document):
        # Name: 16 + (9 + 1) + (3 + 1); field: 1 + 1 and the string's final byte; 32 for the document.
        room = 1_048_576 - 16 - 10 - 4 - 2 - 1 - 32
        document.set({"x": "a" * room})
        message = r"because its size \(1,048,577 bytes\) exceeds the maximum allowed size of 1,048,576 bytes"
        with pytest.raises(InvalidArgument, match=message):
            document.set({"x": "a" * (room + 1)})
        assert client.collection("incidents").where(filter=FieldFilter("x", "==", "a" * room)).get()[0].id == "abc"

    def test_maps_nest_twenty_deep(self, document):
        def nested(depth):
            return {"a": nested(depth - 1)} if depth else 1

        document.set(nested(20))
        with pytest.raises(InvalidArgument):
            document.set({"deep": nested(21)})

    def test_arrays_hold_no_arrays(self, document):
        with pytest.raises(InvalidArgument, match="Cannot convert an array value in an array value"):
            document.set({"a": [[1]]})

    def test_five_hundred_transforms_at_most(self, document):
        with pytest.raises(InvalidArgument, match="500 field transformations"):
            document.set({f"f{number}": firestore.Increment(1) for number in range(501)})

    @pytest.mark.parametrize("name", ["c/__x__", "c/..", "c/" + "a" * 1501, "c", "c//d", ""])
    def test_names_are_checked(self, client, name):
        with pytest.raises(InvalidArgument):
            _commit(client, _write(client, name))

    @pytest.mark.parametrize("field", ["", "__x__", "a" * 1501])
    def test_field_names_are_checked(self, client, field):
        with pytest.raises(InvalidArgument):
            _commit(client, _write(client, "c/d", {field: Value(integer_value=1)}))

    def test_another_database_is_refused(self, client):
        with pytest.raises(InvalidArgument):
            _commit(client, Write(delete="projects/other/databases/(default)/documents/c/d"))


def test_batch_write_reports_each_write(client):
    client.document("c/taken").create({})
    missing = _write(client, "c/missing")
    missing.current_document.exists = True
    request = BatchWriteRequest(database=client._database_string, writes=[_write(client, "c/new"), missing])
    response = client._firestore_api.batch_write(request=request, metadata=client._rpc_metadata)
    assert [status.code for status in response.status] == [0, 5]
    assert client.document("c/new").get().exists


def test_bulk_writer(client):
    writer = client.bulk_writer()
    for number in range(50):
        writer.create(client.document("bulk", f"d{number}"), {"n": number})
    writer.close()
    assert client.collection("bulk").count().get()[0][0].value == 50


def test_a_document_is_created_with_an_id_of_the_server(client):
    api = client._firestore_api
    request = {"parent": f"{client._database_string}/documents", "collection_id": "c", "document": {"fields": {}}}
    created = api.create_document(request=request, metadata=client._rpc_metadata)
    assert len(created.name.rpartition("/")[2]) == 20
    with pytest.raises(AlreadyExists):
        api.create_document(
            request={**request, "document_id": created.name.rpartition("/")[2]}, metadata=client._rpc_metadata
        )


def test_single_document_calls(client, document):
    api, metadata, name = client._firestore_api, client._rpc_metadata, document._document_path
    fields = {"a": Value(integer_value=1), "b": Value(integer_value=2)}
    api.update_document(request={"document": {"name": name, "fields": fields}}, metadata=metadata)
    found = api.get_document(request={"name": name, "mask": {"field_paths": ["b", "c"]}}, metadata=metadata)
    assert set(found.fields) == {"b"}
    api.delete_document(request={"name": name}, metadata=metadata)
    with pytest.raises(NotFound, match="not found"):
        api.get_document(request={"name": name}, metadata=metadata)
