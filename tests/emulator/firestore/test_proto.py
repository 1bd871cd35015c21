from __future__ import annotations

from emulator.firestore.proto import generate, v1
from emulator.firestore.wire.methods import METHODS


def test_the_committed_descriptors_are_those_of_the_installed_library():
    assert generate.descriptor_set() == generate.DESCRIPTORS.read_bytes(), "run the module `generate`"


def test_the_committed_facade_is_that_of_the_descriptors():
    assert _plain(generate.facade()) == _plain(generate.FACADE.read_text(encoding="utf-8")), "run the module `generate`"


def _plain(text: str) -> str:
    return "".join(text.split()).replace(",)", ")")


def test_the_messages_are_not_the_client_librarys():
    from google.cloud.firestore_v1.types import Document  # noqa: PLC0415

    assert v1.Document.DESCRIPTOR.full_name == Document.pb().DESCRIPTOR.full_name
    assert v1.Document.DESCRIPTOR is not Document.pb().DESCRIPTOR


def test_every_method_is_one_of_the_service():
    from google.cloud.firestore_v1.services.firestore import FirestoreClient  # noqa: PLC0415

    assert all(hasattr(FirestoreClient, method.attribute) for method in METHODS if method.name != "Listen")
