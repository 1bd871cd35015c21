"""Run `python -m emulator.pubsub.proto.generate` after an update of google-cloud-pubsub."""

from __future__ import annotations

from pathlib import Path

from google.protobuf.empty_pb2 import Empty
from google.pubsub_v1.types import Topic

from emulator.protos.dump import dump
from emulator.pubsub.proto.names import EXPORTED

HERE = Path(__file__).parent


def generate(target: Path) -> None:
    """Write `target`.binpb and `target`.pyi from the client library that is installed."""
    dump(target, [Topic.pb().DESCRIPTOR.file, Empty.DESCRIPTOR.file], EXPORTED, "emulator.pubsub.proto.generate")


if __name__ == "__main__":
    generate(HERE / "v1")
