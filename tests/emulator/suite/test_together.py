"""What services do for each other in one suite."""

from __future__ import annotations

import requests

from emulator.config import Config, Ports
from tests.emulator.firestore.conftest import connect
from tests.emulator.firestore.test_guard import token
from tests.emulator.support import running

RULES = """
rules_version = '2';
service firebase.storage {
  match /b/{bucket}/o {
    match /teams/{team}/{file} {
      allow read: if request.auth.uid in firestore.get(/databases/(default)/documents/teams/$(team)).data.members;
      allow create: if firestore.exists(/databases/(default)/documents/teams/$(team));
    }
  }
}
"""


def test_the_rules_of_storage_read_firestore(tmp_path):
    rules = tmp_path / "storage.rules"
    rules.write_text(RULES)
    ports = Ports(firestore=0, storage=0)
    config = Config("demo-both", tmp_path / "data", "http://127.0.0.1:9", ports=ports, storage_rules=rules)
    with running(config, "firestore", "storage") as suite, requests.Session() as http:
        client = connect(suite.addresses["firestore"], "demo-both")
        client.document("teams/red").set({"members": ["ada"]})
        objects = f"http://{suite.addresses['storage']}/v0/b/demo-both.appspot.com/o"

        def put(name: str) -> int:
            return http.post(objects, params={"name": name}, data=b"x", headers=bearer("ada"), timeout=10).status_code

        def get(uid: str) -> int:
            place = f"{objects}/teams%2Fred%2Fa.txt"
            return http.get(place, params={"alt": "media"}, headers=bearer(uid), timeout=10).status_code

        assert (put("teams/red/a.txt"), put("teams/blue/a.txt")) == (200, 403)
        assert (get("ada"), get("bob")) == (200, 403)
        client.document("teams/red").update({"members": ["bob"]})
        assert (get("ada"), get("bob")) == (403, 200)
        client.close()


def bearer(uid: str) -> dict[str, str]:
    return {"Authorization": f"Firebase {token('demo-both', uid)}"}
