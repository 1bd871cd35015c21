"""The embedded services with the project's rules, filled, and how apps and administrators call them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import urllib3
from google.cloud.firestore import Client
from google.cloud.firestore_v1._helpers import encode_dict
from google.protobuf.json_format import MessageToDict

from emulator.config import Config, Ports
from shared.adapters.firestore.store import encoded
from shared.domain.applications import Application
from shared.domain.sessions import SESSION_KEPT, Session
from shared.ports.store import INCIDENTS
from tests.builders import incident, user
from tests.emulator.firestore.conftest import connect
from tests.emulator.support import running
from tests.rules.personas import NOW, OTHER, PERSONAS, PROJECT, STRANGER, at, stored
from tests.rules.table import CLOSED, DOCUMENTS, UNKNOWN

ROOT: Final = Path(__file__).parents[2]
DATABASE: Final = f"projects/{PROJECT}/databases/(default)"
_OPERATORS: Final = {
    "==": "EQUAL",
    ">=": "GREATER_THAN_OR_EQUAL",
    "in": "IN",
    "array-contains": "ARRAY_CONTAINS",
}

_BOOLEANS: Final = {"true": True, "false": False}


@dataclass(frozen=True)
class Place:
    """Addresses, an administrator's client, and connections that are kept."""

    addresses: Mapping[str, str]
    admin: Client
    http: urllib3.PoolManager

    def call(
        self, method: str, path: str, token: str | None, body: Mapping[str, Any] | None = None
    ) -> urllib3.BaseHTTPResponse:
        """REST as an app calls it; `path` begins below `documents`. Without a token nobody is signed in."""
        url = f"http://{self.addresses['firestore']}/v1/{DATABASE}/documents{path}"
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.http.request(method, url, json=body, headers=headers, timeout=60, retries=False)

    def get(self, token: str | None, path: str) -> urllib3.BaseHTTPResponse:
        """One document."""
        return self.call("GET", f"/{path}", token)

    def list(self, token: str | None, target: str, *, count: bool = False) -> urllib3.BaseHTTPResponse:
        """A query such as `incidents where status == new`, or how many documents it finds."""
        parent, query = query_of(target)
        method, body = "runQuery", {"structuredQuery": query}
        if count:
            aggregation = {"structuredQuery": query, "aggregations": [{"alias": "n", "count": {}}]}
            method, body = "runAggregationQuery", {"structuredAggregationQuery": aggregation}
        return self.call("POST", f"{parent}:{method}", token, body)

    def write(self, token: str | None, writes: Sequence[Mapping[str, Any]]) -> Sequence[int]:
        """Writes that are judged one by one: the code of each, 0 if it was done."""
        answer = self.call("POST", ":batchWrite", token, {"writes": list(writes)})
        if answer.status != 200:
            return [answer.json()["error"]["code"]] * len(writes)
        return [status.get("code", 0) for status in answer.json()["status"]]

    def everything(self) -> dict[str, Any]:
        """All documents of all collections that anybody asks for, by their paths."""
        groups = sorted({target.split("/")[-2] for target in DOCUMENTS})
        return {
            found.reference.path: found.to_dict()
            for group in groups
            for found in self.admin.collection_group(group).stream()
        }


@contextmanager
def place(folder: Path) -> Iterator[Place]:
    """Services of their own, with what people may and may not reach."""
    rules, storage_rules, indexes = (ROOT / n for n in ("firestore.rules", "storage.rules", "firestore.indexes.json"))
    config = Config(
        PROJECT,
        folder,
        "http://127.0.0.1:9",
        ports=Ports(firestore=0, storage=0),
        rules=rules,
        storage_rules=storage_rules,
        indexes=indexes,
    )
    with running(config, "firestore", "storage") as suite, urllib3.PoolManager() as http:
        admin = connect(suite.addresses["firestore"], PROJECT)
        fill(admin)
        yield Place(suite.addresses, admin, http)
        admin.close()


def fill(admin: Client) -> None:
    """Every persona, and somebody else, has one of everything."""
    batch = admin.batch()
    owners = {persona.uid: persona.document for persona in PERSONAS} | {OTHER: stored(user(OTHER))}
    for uid, document in owners.items():
        if document is not None:
            batch.set(admin.document(f"users/{uid}"), {**document, "email": f"{uid}@example.org"})
        for path, values in belongings(uid).items():
            batch.set(admin.document(path), values)
    batch.commit()


def belongings(uid: str) -> dict[str, dict[str, Any]]:
    """What a person has beside the user document, as the functions write it where they do."""
    when = at(NOW)
    session = Session(id="1", signed_in_at=when, last_seen_at=when, expires_at=when + SESSION_KEPT)
    application = Application(
        id=f"of-{uid}",
        applicant_id=uid,
        applicant_name=uid,
        motivation="I want to help. " * 5,
        created_at=when,
        updated_at=when,
    )
    plain = {"uid": uid, "applicant_id": uid, "reporter_id": uid, "owner": uid}
    return {
        f"users/{uid}/sessions/1": session.model_dump(exclude={"id"}),
        f"users/{uid}/private/1": plain,
        f"users/{uid}/sessions/1/sessions/1": plain,
        f"applications/of-{uid}": application.model_dump(exclude={"id"}),
        f"applications/of-{uid}/documents/1": plain,
        f"users/{uid}/notifications/1": plain,
        f"incidents/of-{uid}/comments/1": plain,
        **_incidents_of(uid),
        f"elsewhere/{uid}/incidents/{uid}": plain,
        **{f"{name}/ownerless-{uid}": {"owner": uid} for name in ("applications", "incidents")},
        **{f"{name}/listing-{uid}": {n: [uid] for n in plain} for name in ("applications", "incidents")},
        **{f"{name}/{uid}": plain for name in (*CLOSED, *UNKNOWN)},
    }


def _incidents_of(uid: str) -> dict[str, dict[str, Any]]:
    """One that the person reported, a confidential one, one of strangers that names them; and what is below each."""
    incidents = {
        f"of-{uid}": incident(reporter_id=uid),
        f"confidential-of-{uid}": incident(reporter_id=uid, confidential=True),
        f"naming-{uid}": incident(reporter_id=STRANGER, confidential=True, access_ids=[STRANGER, uid]),
    }
    below: dict[str, dict[str, Any]] = {
        "messages/open": {"internal": False, "author_id": uid},
        "messages/internal": {"internal": True, "author_id": uid},
        "messages/neither": {"author_id": uid},
        "timeline/open": {"internal": False},
        "timeline/internal": {"internal": True},
        "evidence/1": {"uploader_id": uid},
        "receipts/1": {"uid": uid},
        "merges/1": {"uid": uid},
        "revisions/1": {"by": uid},
        "tallies/1": {"files": 1},
    }
    return {
        f"incidents/{name}": encoded(INCIDENTS, one.model_copy(update={"id": name})) for name, one in incidents.items()
    } | {f"incidents/{name}/{path}": values for name in incidents for path, values in below.items()}


def query_of(target: str) -> tuple[str, dict[str, Any]]:
    """The parent (with its slash, or empty) and the `StructuredQuery` of `[**/]a/b/c where field operator value`."""
    path, _, condition = target.partition(" where ")
    parent, _, collection = path.rpartition("/")
    query: dict[str, Any] = {"from": [{"collectionId": collection, "allDescendants": parent == "**"}]}
    if condition:
        name, operator, value = condition.split(" ", 2)
        wanted = json_value(value.split(", ") if operator == "in" else _BOOLEANS.get(value, value))
        query["where"] = {"fieldFilter": {"field": {"fieldPath": name}, "op": _OPERATORS[operator], "value": wanted}}
    return f"/{parent}" if parent not in ("", "**") else "", query


def json_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as Firestore's JSON has them."""
    return {name: json_value(value) for name, value in values.items()}


def json_value(value: Any) -> dict[str, Any]:
    """See `json_fields`."""
    encoded: dict[str, Any] = MessageToDict(encode_dict({"value": value})["value"]._pb)
    return encoded
