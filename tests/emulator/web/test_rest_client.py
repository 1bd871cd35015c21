"""Google's own client for REST: the generated one of google-cloud-firestore."""

from __future__ import annotations

import pytest
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore_v1 import types
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports.rest import FirestoreRestTransport

OWNER = [("authorization", "Bearer owner")]


@pytest.fixture
def client(rest):
    credentials = AnonymousCredentials()
    transport = FirestoreRestTransport(
        host=rest.url.removeprefix("http://"), url_scheme="http", credentials=credentials
    )
    with FirestoreClient(transport=transport) as client:
        yield client


def incident(name: str, number: int) -> types.Document:
    return types.Document(name=name, fields={"n": types.Value(integer_value=number), "none": types.Value(null_value=0)})


def test_documents(client, rest):
    request = types.CreateDocumentRequest(
        parent=f"{rest.root}/p/q", collection_id="c", document_id="d", document=incident("", 1)
    )
    made = client.create_document(request, metadata=OWNER)
    assert made.name == f"{rest.root}/p/q/c/d"
    with pytest.raises(exceptions.Conflict):
        client.create_document(request, metadata=OWNER)
    mask = types.DocumentMask(field_paths=["n"])
    changed = client.update_document(document=incident(made.name, 2), update_mask=mask, metadata=OWNER)
    assert changed.fields["n"].integer_value == 2
    assert "none" in changed.fields
    read = client.get_document(types.GetDocumentRequest(name=made.name, mask=mask), metadata=OWNER)
    assert dict(read.fields) == {"n": types.Value(integer_value=2)}
    assert read.update_time == changed.update_time > made.update_time == made.create_time
    client.delete_document(name=made.name, metadata=OWNER)
    with pytest.raises(exceptions.NotFound):
        client.get_document(types.GetDocumentRequest(name=made.name), metadata=OWNER)


def test_lists_by_page(client, rest):
    writes = [types.Write(update=incident(f"{rest.root}/c/d{number}", number)) for number in range(5)]
    assert (
        len(client.commit(database=rest.root.removesuffix("/documents"), writes=writes, metadata=OWNER).write_results)
        == 5
    )
    request = types.ListDocumentsRequest(parent=rest.root, collection_id="c", page_size=2, order_by="n desc")
    assert [one.fields["n"].integer_value for one in client.list_documents(request, metadata=OWNER)] == [4, 3, 2, 1, 0]
    assert list(client.list_collection_ids(parent=rest.root, metadata=OWNER)) == ["c"]


def test_streams(client, rest):
    database = rest.root.removesuffix("/documents")
    writes = [types.Write(update=incident(f"{rest.root}/c/d{number}", number)) for number in range(3)]
    statuses = client.batch_write(types.BatchWriteRequest(database=database, writes=writes), metadata=OWNER).status
    assert [one.code for one in statuses] == [0, 0, 0]
    names = [f"{rest.root}/c/d1", f"{rest.root}/c/none"]
    got = list(
        client.batch_get_documents(types.BatchGetDocumentsRequest(database=database, documents=names), metadata=OWNER)
    )
    assert [one.found.name or one.missing for one in got] == names
    query = types.StructuredQuery(from_=[types.StructuredQuery.CollectionSelector(collection_id="c")])
    found = list(client.run_query(types.RunQueryRequest(parent=rest.root, structured_query=query), metadata=OWNER))
    assert [one.document.name[-2:] for one in found] == ["d0", "d1", "d2"]
    count = types.StructuredAggregationQuery(
        structured_query=query,
        aggregations=[types.StructuredAggregationQuery.Aggregation(alias="all", count={})],
    )
    request = types.RunAggregationQueryRequest(parent=rest.root, structured_aggregation_query=count)
    (total,) = client.run_aggregation_query(request, metadata=OWNER)
    assert total.result.aggregate_fields["all"].integer_value == 3


def test_transactions(client, rest):
    database = rest.root.removesuffix("/documents")
    begun = client.begin_transaction(database=database, metadata=OWNER).transaction
    write = types.Write(update=incident(f"{rest.root}/c/d", 1))
    commit = types.CommitRequest(database=database, writes=[write], transaction=begun)
    assert client.commit(commit, metadata=OWNER).commit_time
    client.rollback(
        database=database,
        transaction=client.begin_transaction(database=database, metadata=OWNER).transaction,
        metadata=OWNER,
    )
    with pytest.raises(exceptions.BadRequest):
        client.rollback(database=database, transaction=b"nonsense", metadata=OWNER)
