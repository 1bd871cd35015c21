"""Changes reach functions as production's CloudEvents, decoded here by Google's own libraries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import firebase_admin
import pytest
from cloudevents.http import from_http
from firebase_admin import credentials
from firebase_functions import firestore_fn
from google.api_core.exceptions import AlreadyExists
from google.auth.credentials import AnonymousCredentials
from google.events.cloud.firestore_v1 import DocumentEventData

from emulator.config import Config, Ports
from tests.emulator.firestore.conftest import connect
from tests.emulator.firestore.test_guard import token
from tests.emulator.support import Receiver, eventually, receiving, running

KINDS = ("created", "updated", "deleted", "written")


@contextmanager
def firestore(tmp_path, receiver: Receiver, *, suffix: str = "") -> Iterator[SimpleNamespace]:
    endpoints = {
        f"on_{kind}": {
            "region": ["europe-west1"],
            "eventTrigger": {
                "eventType": f"google.cloud.firestore.document.v1.{kind}{suffix}",
                "eventFilters": {"database": "(default)", "namespace": "(default)"},
                "eventFilterPathPatterns": {"document": "incidents/{id}"},
                "retry": False,
            },
        }
        for kind in KINDS
    }
    manifest = tmp_path / "functions.yaml"
    manifest.write_text(json.dumps({"endpoints": endpoints}))
    config = Config("demo-events", tmp_path / "data", receiver.url, ports=Ports(firestore=0), manifest=manifest)
    with running(config, "firestore") as suite:
        client = connect(suite.addresses["firestore"], "demo-events")
        yield SimpleNamespace(client=client, address=suite.addresses["firestore"])
        client.close()


def test_each_change_reaches_its_functions(tmp_path):
    with receiving() as receiver, firestore(tmp_path, receiver) as emulator:
        document = emulator.client.document("incidents/abc")
        document.set({"title": "Phish", "m": {"a": 1, "b": 2}})
        document.update({"m.a": 3, "new": True})
        document.delete()
        eventually(lambda: len(receiver.received) == 6)
        by_function = {kind: receiver.of(f"on_{kind}") for kind in KINDS}
        assert {kind: len(received) for kind, received in by_function.items()} == {
            "created": 1, "updated": 1, "deleted": 1, "written": 3,
        }  # fmt: skip
        created = DocumentEventData.deserialize(by_function["created"][0].body)
        assert created.value.fields["title"].string_value == "Phish"
        assert created.value.name.endswith("/documents/incidents/abc")
        assert not created.old_value.name
        updated = DocumentEventData.deserialize(by_function["updated"][0].body)
        assert list(updated.update_mask.field_paths) == ["m.a", "new"]
        assert updated.old_value.fields["m"].map_value.fields["a"].integer_value == 1
        assert updated.value.fields["m"].map_value.fields["a"].integer_value == 3
        deleted = DocumentEventData.deserialize(by_function["deleted"][0].body)
        assert deleted.old_value.name
        assert not deleted.value.name


def test_the_attributes_are_productions(tmp_path):
    with receiving() as receiver, firestore(tmp_path, receiver) as emulator:
        written = emulator.client.document("incidents/abc").set({}).update_time
        eventually(lambda: len(receiver.received) == 2)
        (received,) = receiver.of("on_created")
    assert received.path == "/demo-events/europe-west1/on_created"
    event = from_http(dict(received.headers), received.body)
    assert event["type"] == "google.cloud.firestore.document.v1.created"
    assert event["source"] == "//firestore.googleapis.com/projects/demo-events/databases/(default)"
    assert event["subject"] == "documents/incidents/abc"
    assert (event["database"], event["namespace"]) == ("(default)", "(default)")
    assert (event["document"], event["project"]) == ("incidents/abc", "demo-events")
    assert event["location"] == "europe-west1"
    assert event["time"] == written.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert event["dataschema"].endswith("google/events/cloud/firestore/v1/data.proto")
    assert received.headers["Content-Type"] == "application/protobuf"


@pytest.fixture
def app():
    class Anonymous(credentials.Base):  # type: ignore[misc]  # untyped
        def get_credential(self):
            return AnonymousCredentials()

    app = firebase_admin.initialize_app(Anonymous(), {"projectId": "demo-events"})
    yield app
    firebase_admin.delete_app(app)


@pytest.mark.usefixtures("app")
def test_the_functions_sdk_understands_them(tmp_path, monkeypatch):
    seen = []

    @firestore_fn.on_document_updated(document="incidents/{id}")
    def updated(event):
        seen.append((event.params, event.data.before.to_dict(), event.data.after.to_dict()))

    with receiving() as receiver, firestore(tmp_path, receiver) as emulator:
        document = emulator.client.document("incidents/abc")
        document.set({"n": 1})
        document.set({"n": 2})
        eventually(lambda: receiver.of("on_updated"))
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator.address)
        updated(_received(receiver.of("on_updated")[0]))
    assert seen == [({"id": "abc"}, {"n": 1}, {"n": 2})]


@pytest.mark.usefixtures("app")
def test_the_functions_sdk_is_told_who_wrote(tmp_path, monkeypatch):
    seen = []

    @firestore_fn.on_document_created_with_auth_context(document="incidents/{id}")
    def created(event):
        seen.append((event.auth_type, event.auth_id))

    with receiving() as receiver, firestore(tmp_path, receiver, suffix=".withAuthContext") as emulator:
        emulator.client.document("incidents/abc").set({"n": 1})
        eventually(lambda: receiver.of("on_created"))
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", emulator.address)
        created(_received(receiver.of("on_created")[0]))
    assert seen == [("service_account", "firebase-adminsdk@demo-events.iam.gserviceaccount.com")]


@pytest.mark.parametrize(
    ("metadata", "principal"),
    [
        (("authorization", f"Bearer {token('demo-events', 'ada')}"), ("app_user", "ada")),
        (("x-goog-api-client", "gl-js/ fire/12.0.0"), ("unauthenticated", "")),
    ],
)
def test_a_users_write_says_whose_it_is(tmp_path, metadata, principal):
    with receiving() as receiver, firestore(tmp_path, receiver, suffix=".withAuthContext") as emulator:
        emulator.client._rpc_metadata_internal = [metadata]
        emulator.client.document("incidents/abc").set({"n": 1})
        (one,) = eventually(lambda: receiver.of("on_created"))
    assert (one.headers["ce-authtype"], one.headers.get("ce-authid", "")) == principal


def _received(one):
    return from_http(one.headers, one.body, data_unmarshaller=lambda data: data)


def test_what_changes_nothing_makes_no_event(tmp_path):
    with receiving() as receiver, firestore(tmp_path, receiver) as emulator:
        document = emulator.client.document("incidents/abc")
        document.set({"n": 1})
        document.set({"n": 1})
        document.update({"n": 1})
        emulator.client.document("incidents/none").delete()
        with pytest.raises(AlreadyExists):
            document.create({"n": 2})
        emulator.client.document("others/abc").set({})
        emulator.client.document("incidents/abc/messages/x").set({})
        emulator.client.document("incidents/last").set({})
        eventually(lambda: len(receiver.of("on_written")) == 2)
        documents = sorted(one.headers["ce-document"] for one in receiver.of("on_written"))
        assert documents == ["incidents/abc", "incidents/last"]
        assert not receiver.of("on_updated")
        assert not receiver.of("on_deleted")
