"""Run `python -m emulator.firestore.proto.generate` after an update of google-cloud-firestore or google-events."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from google.cloud.firestore_v1.types import CommitRequest
from google.events.cloud.firestore_v1 import DocumentEventData
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.empty_pb2 import Empty

from emulator.firestore.proto.names import EXPORTED
from emulator.protos.dump import descriptor_set, dump

HERE = Path(__file__).parent
_WRITE: Final = "google/cloud/firestore_v1/types/write.proto"  # as the client library names it


def generate(target: Path) -> None:
    """Write `target`.binpb and `target`.pyi from the client libraries that are installed."""
    roots = [CommitRequest.pb().DESCRIPTOR.file, DocumentEventData.pb().DESCRIPTOR.file, Empty.DESCRIPTOR.file]
    pool = DescriptorPool()
    for file in descriptor_set(roots).file:
        if file.name == _WRITE:
            _add_verify(file)
        pool.Add(file)
    dump(target, [pool.FindFileByName(root.name) for root in roots], EXPORTED, "emulator.firestore.proto.generate")


def _add_verify(file: FileDescriptorProto) -> None:
    """Add what the published types lack and the web and mobile SDKs send: `Write.operation.verify`.

    It is the last word on a document that a transaction has read and not written: the name of one whose precondition is
    to be checked. The SDKs' own copies of write.proto have it.
    """
    write = next(message for message in file.message_type if message.name == "Write")
    operation = next(index for index, one in enumerate(write.oneof_decl) if one.name == "operation")
    field = write.field.add(name="verify", number=5, json_name="verify", oneof_index=operation)
    field.type, field.label = FieldDescriptorProto.TYPE_STRING, FieldDescriptorProto.LABEL_OPTIONAL


if __name__ == "__main__":
    generate(HERE / "v1")
