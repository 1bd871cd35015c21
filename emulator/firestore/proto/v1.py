"""Firestore's protobuf messages, made from the committed descriptor set in a pool of their own.

The private pool keeps them apart from the classes of Google's client library when a test has both in one process.
`v1.pyi` gives them types; `python -m emulator.firestore.proto.generate` writes both files.
"""

from __future__ import annotations

from pathlib import Path

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from emulator.firestore.proto.names import EXPORTED

_pool = descriptor_pool.DescriptorPool()
for _file in descriptor_pb2.FileDescriptorSet.FromString(
    Path(__file__).with_name("firestore_v1.binpb").read_bytes()
).file:
    _pool.Add(_file)

globals().update(
    {short: message_factory.GetMessageClass(_pool.FindMessageTypeByName(full)) for short, full in EXPORTED.items()}
)
