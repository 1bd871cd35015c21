"""The service's methods: name, request, response and shape, as in google/firestore/v1/firestore.proto."""

from __future__ import annotations

from typing import Final, NamedTuple

from google.protobuf.message import Message

from emulator.firestore.proto import v1

SERVICE: Final = "google.firestore.v1.Firestore"


class Method(NamedTuple):
    """One method of the service; `attribute` is what handles it."""

    name: str
    attribute: str
    request: type[Message]
    client_streams: bool = False
    server_streams: bool = False


METHODS: Final = (
    Method("GetDocument", "get_document", v1.GetDocumentRequest),
    Method("ListDocuments", "list_documents", v1.ListDocumentsRequest),
    Method("CreateDocument", "create_document", v1.CreateDocumentRequest),
    Method("UpdateDocument", "update_document", v1.UpdateDocumentRequest),
    Method("DeleteDocument", "delete_document", v1.DeleteDocumentRequest),
    Method("BatchGetDocuments", "batch_get_documents", v1.BatchGetDocumentsRequest, server_streams=True),
    Method("BeginTransaction", "begin_transaction", v1.BeginTransactionRequest),
    Method("Commit", "commit", v1.CommitRequest),
    Method("Rollback", "rollback", v1.RollbackRequest),
    Method("RunQuery", "run_query", v1.RunQueryRequest, server_streams=True),
    Method("RunAggregationQuery", "run_aggregation_query", v1.RunAggregationQueryRequest, server_streams=True),
    Method("ExecutePipeline", "execute_pipeline", v1.ExecutePipelineRequest, server_streams=True),
    Method("PartitionQuery", "partition_query", v1.PartitionQueryRequest),
    Method("ListCollectionIds", "list_collection_ids", v1.ListCollectionIdsRequest),
    Method("BatchWrite", "batch_write", v1.BatchWriteRequest),
    Method("Write", "write", v1.WriteRequest, client_streams=True, server_streams=True),
    Method("Listen", "listen", v1.ListenRequest, client_streams=True, server_streams=True),
)
