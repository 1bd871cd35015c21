"""Firestore's protobuf messages; `v1.pyi` gives them types."""

from __future__ import annotations

from pathlib import Path

from emulator.firestore.proto.names import EXPORTED
from emulator.protos import load

globals().update(load(Path(__file__).with_suffix(".binpb"), EXPORTED))
