from __future__ import annotations

import pytest

from scripts.demo import DEMO_USERS, NotLocalError, create_demo_users
from tests.conftest import ROOT


@pytest.mark.parametrize("missing", ["FIREBASE_AUTH_EMULATOR_HOST", "FIRESTORE_EMULATOR_HOST"])
def test_known_passwords_never_reach_a_real_project(monkeypatch, missing):
    for name in ("FIREBASE_AUTH_EMULATOR_HOST", "FIRESTORE_EMULATOR_HOST"):
        monkeypatch.setenv(name, "127.0.0.1:9")
    monkeypatch.delenv(missing)
    with pytest.raises(NotLocalError):
        create_demo_users()


def test_the_readme_names_every_demo_user_with_their_password():
    readme = (ROOT / "README.md").read_text()
    assert all(f"| {user.email} | {user.password} |" in readme for user in DEMO_USERS)
