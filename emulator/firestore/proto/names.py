"""The messages the server uses: short name to full protobuf name, in the order of the facade."""

from __future__ import annotations

from typing import Final

_FIRESTORE = (
    "AggregationResult ArrayValue BatchGetDocumentsRequest BatchGetDocumentsResponse BatchWriteRequest "
    "BatchWriteResponse BeginTransactionRequest BeginTransactionResponse BitSequence BloomFilter CommitRequest "
    "CommitResponse CreateDocumentRequest Cursor DeleteDocumentRequest Document DocumentChange DocumentDelete "
    "DocumentMask DocumentRemove DocumentTransform ExecutePipelineRequest ExecutePipelineResponse ExecutionStats "
    "ExistenceFilter ExplainMetrics ExplainOptions GetDocumentRequest ListCollectionIdsRequest "
    "ListCollectionIdsResponse ListDocumentsRequest ListDocumentsResponse ListenRequest ListenResponse MapValue "
    "PartitionQueryRequest PartitionQueryResponse PlanSummary Precondition RollbackRequest RunAggregationQueryRequest "
    "RunAggregationQueryResponse RunQueryRequest RunQueryResponse StructuredAggregationQuery StructuredQuery Target "
    "TargetChange TransactionOptions UpdateDocumentRequest Value Write WriteRequest WriteResponse WriteResult"
)

EXPORTED: Final[dict[str, str]] = {
    "Empty": "google.protobuf.Empty",
    "Int32Value": "google.protobuf.Int32Value",
    "Int64Value": "google.protobuf.Int64Value",
    "LatLng": "google.type.LatLng",
    "Status": "google.rpc.Status",
    "Struct": "google.protobuf.Struct",
    "Timestamp": "google.protobuf.Timestamp",
    **{name: f"google.firestore.v1.{name}" for name in _FIRESTORE.split()},
    "EventDocumentMask": "google.events.cloud.firestore.v1.DocumentMask",
    "DocumentEventData": "google.events.cloud.firestore.v1.DocumentEventData",
}
