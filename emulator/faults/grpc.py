"""What tells Google's clients on gRPC when to come again."""

from __future__ import annotations

from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from emulator.faults.calls import Fault


def retry_info(fault: Fault) -> tuple[tuple[str, bytes], ...]:
    """The trailing metadata: google.rpc.RetryInfo in the status' details, where the fault has a time for it."""
    if fault.retry_after is None:
        return ()
    status = Status(code=fault.code, message=fault.message)
    nanos = round(fault.retry_after * 1_000_000_000)
    delay = Duration(seconds=nanos // 1_000_000_000, nanos=nanos % 1_000_000_000)
    status.details.add().Pack(RetryInfo(retry_delay=delay))
    return (("grpc-status-details-bin", status.SerializeToString()),)
