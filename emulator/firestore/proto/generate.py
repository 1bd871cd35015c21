"""Run `python -m emulator.firestore.proto.generate` after an update of google-cloud-firestore or google-events."""

from __future__ import annotations

from pathlib import Path

from google.cloud.firestore_v1.types import CommitRequest
from google.events.cloud.firestore_v1 import DocumentEventData
from google.protobuf.empty_pb2 import Empty

from emulator.firestore.proto.names import EXPORTED
from emulator.protos.dump import dump

HERE = Path(__file__).parent


def generate(target: Path) -> None:
    """Write `target`.binpb and `target`.pyi from the client libraries that are installed."""
    roots = [CommitRequest.pb().DESCRIPTOR.file, DocumentEventData.pb().DESCRIPTOR.file, Empty.DESCRIPTOR.file]
    dump(target, roots, EXPORTED, "emulator.firestore.proto.generate")


if __name__ == "__main__":
    generate(HERE / "v1")
