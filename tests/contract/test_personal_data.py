from __future__ import annotations

import re

from shared.adapters.firestore.personal_data import _OF_THE_USER, _PLACES, FirestorePersonalData
from tests.conftest import ROOT

# What is about nobody, or is found by id and dealt with by the erasure itself, or goes by itself.
_ELSEWHERE = {
    "users": "removed with the account",
    "subject_keys": "dropped, which is the point",
    "audit": "stays; its personal values cannot be read without the key",
    "audit_seals": "hashes",
    "erasures": "the receipt, without personal data",
    "revocations": "an hour",
    "idempotency": "hashes, a day",
    "rate_limits": "hashes, minutes",
    "custom_fields": "about nobody",
    "known_good": "about nobody; who entered it is a uid",
    "rotas": "uids; who is gone is passed over",
    # What is below an incident stays with it.
    "timeline": "uids, and the incident's own words",
    "revisions": "what messages said before",
    "receipts": "uids and times",
    "merges": "the incident's own words",
    "tallies": "numbers",
    "ai_usage": "numbers",
    "ai_charges": "numbers, two days",
}


def test_every_collection_is_thought_of():
    code = [path.read_text() for path in (ROOT / "shared").rglob("*.py")]
    top = {name for text in code for name in re.findall(r'\b(?:collection|Kind)\(\s*"([a-z_]+)"', text)}
    below = {name for text in code for name in re.findall(r'f"(?:incidents|users)/\{\w+\}/([a-z_]+)"', text)}
    named = top | below
    assert named <= {place.collection for place in _PLACES} | set(_OF_THE_USER) | set(_ELSEWHERE)


def test_a_persons_documents_are_found_and_only_theirs_removed(firestore):
    def put(path, **fields):
        firestore.document(path).set(fields)

    for n in range(3):
        put(f"applications/kim-{n}", applicant_id="kim", motivation="m")
    put("applications/bo-0", applicant_id="bo")
    put("outbox/m1", message={"to": ["kim@example.org"]}, state="sent")
    put("outbox/m2", message={"to": ["bo@example.org"]})
    put("outbox/m3", message={"to": ["admin@example.org"]}, about="kim")
    put("outbox/m4", message={"to": ["kim@example.org"]}, about="kim")
    put("users/kim/sessions/1", address="192.0.2.1")
    put("users/bo/sessions/1", address="192.0.2.2")
    put("access_attempts/a", subject="kim")
    put("incidents/i1", reporter_id="kim", title="t")
    put("incidents/i1/messages/m1", author_id="kim", body="b")
    put("incidents/i2/messages/m1", author_id="kim", body="c")
    put("incidents/i2/messages/m2", author_id="bo", body="d")
    put("incidents/i2/evidence/e1", uploader_id="kim")
    put("incident_filters/f1", owner_id="kim")
    put("users/kim/notifications/1", text="t")
    data = FirestorePersonalData(firestore)

    found = data.collect("kim", "kim@example.org")
    assert {name: len(documents) for name, documents in found.items() if documents} == {
        "applications": 3,
        "outbox": 3,
        "sessions": 1,
        "access_attempts": 1,
        "incidents": 1,
        "messages": 2,
        "evidence": 1,
        "incident_filters": 1,
        "notifications": 1,
    }
    assert data.count("kim", "kim@example.org") == {
        "applications": 3,
        "outbox": 3,
        "sessions": 1,
        "access_attempts": 1,
        "access_alerts": 0,
        "incident_filters": 1,
        "notifications": 1,
    }
    data.erase("kim", "kim@example.org")
    left = {name: [one["id"] for one in kept] for name, kept in data.collect("kim", "kim@example.org").items() if kept}
    assert left == {"incidents": ["i1"], "messages": ["m1", "m1"], "evidence": ["e1"]}
    assert len(list(firestore.collection("applications").stream())) == 1
    assert firestore.document("users/bo/sessions/1").get().exists


def test_more_documents_than_one_commit_takes_are_removed(firestore):
    batch = firestore.bulk_writer()
    for n in range(650):
        batch.create(firestore.document(f"applications/kim-{n}"), {"applicant_id": "kim"})
    batch.close()
    data = FirestorePersonalData(firestore)
    assert data.count("kim", "kim@example.org")["applications"] == 650
    data.erase("kim", "kim@example.org")
    assert data.count("kim", "kim@example.org")["applications"] == 0
