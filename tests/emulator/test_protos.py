from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorSet


@pytest.mark.parametrize("service", ["firestore", "pubsub"])
def test_the_committed_messages_and_types_are_those_of_the_installed_library(service, tmp_path):
    module = importlib.import_module(f"emulator.{service}.proto.generate")
    module.generate(tmp_path / "v1")
    again = f"run python -m emulator.{service}.proto.generate"
    assert _fields(tmp_path / "v1.binpb") == _fields(module.HERE / "v1.binpb"), again
    assert _classes(tmp_path / "v1.pyi") == _classes(module.HERE / "v1.pyi"), again


def _fields(descriptors: Path) -> set[tuple[str, str, int, int, int, str]]:
    """Every field; a library's options and their order are no part of what goes over the wire."""
    files = FileDescriptorSet.FromString(descriptors.read_bytes()).file
    return {field for file in files for message in file.message_type for field in _walk(message, file.package)}


def _walk(message: DescriptorProto, prefix: str) -> Iterator[tuple[str, str, int, int, int, str]]:
    name = f"{prefix}.{message.name}"
    for field in message.field:
        yield name, field.name, field.number, field.type, field.label, field.type_name
    for nested in message.nested_type:
        yield from _walk(nested, name)


def _classes(facade: Path) -> str:
    text = facade.read_text(encoding="utf-8")
    return "".join(text[text.index("\nclass ") :].split()).replace(",)", ")")
