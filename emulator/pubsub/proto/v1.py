"""Pub/Sub's protobuf messages; `v1.pyi` gives them types."""

from __future__ import annotations

from pathlib import Path

from emulator.protos import load
from emulator.pubsub.proto.names import EXPORTED

globals().update(load(Path(__file__).with_suffix(".binpb"), EXPORTED))
