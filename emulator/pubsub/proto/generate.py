"""Run `python -m emulator.pubsub.proto.generate` after an update of google-cloud-pubsub."""

from __future__ import annotations

from pathlib import Path

from google.protobuf.empty_pb2 import Empty
from google.pubsub_v1.types import Topic

from emulator.protos.dump import dump
from emulator.pubsub.proto.names import EXPORTED

if __name__ == "__main__":
    roots = [Topic.pb().DESCRIPTOR.file, Empty.DESCRIPTOR.file]
    dump(Path(__file__).with_name("v1"), roots, EXPORTED, "emulator.pubsub.proto.generate")
