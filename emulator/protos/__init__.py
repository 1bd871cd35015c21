"""Protobuf messages of Google's services without Google's client libraries.

The libraries cost half a second to import and wrap every message a second time; the services take raw messages, made
from committed descriptor sets that `emulator.protos.dump` wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory


def load(descriptors: Path, exported: Mapping[str, str]) -> dict[str, Any]:
    """The message classes by short name; `exported` gives their full protobuf names.

    They live in a pool of their own, apart from the classes of a client library in the same process.
    """
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(descriptors.read_bytes()).file:
        pool.Add(file)
    return {
        short: message_factory.GetMessageClass(pool.FindMessageTypeByName(full)) for short, full in exported.items()
    }
