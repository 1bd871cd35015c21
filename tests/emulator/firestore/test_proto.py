from __future__ import annotations

from emulator.firestore.proto import v1
from emulator.firestore.wire.methods import METHODS


def test_the_messages_are_not_the_client_librarys():
    from google.cloud.firestore_v1.types import Document  # noqa: PLC0415

    assert v1.Document.DESCRIPTOR.full_name == Document.pb().DESCRIPTOR.full_name
    assert v1.Document.DESCRIPTOR is not Document.pb().DESCRIPTOR


def test_every_method_is_one_of_the_service():
    from google.cloud.firestore_v1.services.firestore import FirestoreClient  # noqa: PLC0415

    assert all(hasattr(FirestoreClient, method.attribute) for method in METHODS if method.name != "Listen")
