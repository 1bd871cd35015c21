"""The scripts about people as an administrator runs them, on embedded services of their own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import shlex
import struct
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud.firestore import Client

from scripts.backend.keys import platform_keys
from tests.conftest import ROOT
from tests.unit.people.conversation import converse

pytestmark = pytest.mark.slow
PROJECT = "demo-test"
PASSWORD = "seven-quiet-herons-cross"
_OURS = ("GOOGLE_", "GCLOUD_", "SECURA_", "FIRESTORE_", "FIREBASE_")


@dataclass(frozen=True)
class Place:
    """Embedded services, and a data folder that names them as scripts/local's does."""

    data: Path
    auth: str
    database: Client

    def run(self, script: str, *arguments: str, stdin: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
        """Run one of the scripts without a terminal."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
        command = [str(ROOT / "scripts" / script), "--data", str(self.data), *arguments]
        return subprocess.run(  # noqa: S603  # our own program
            command, env=environment | variables, cwd="/", input=stdin, capture_output=True, text=True, check=False
        )

    def done(self, script: str, *arguments: str, stdin: str = "") -> str:
        """What a run says that has to succeed."""
        result = self.run(script, *arguments, "--yes", "--reason", "agreed with HR", stdin=stdin)
        assert result.returncode == 0, result.stderr
        return result.stdout

    def toolkit(self, method: str, **body: Any) -> requests.Response:
        """One of Firebase Authentication's public methods."""
        url = f"http://{self.auth}/identitytoolkit.googleapis.com/{method}"
        return requests.post(url, params={"key": "local"}, json=body, timeout=30)

    def sign_in(self, email: str, password: str = PASSWORD) -> requests.Response:
        return self.toolkit("v1/accounts:signInWithPassword", email=email, password=password, returnSecureToken=True)

    def account(self, email: str) -> dict[str, Any] | None:
        url = f"http://{self.auth}/identitytoolkit.googleapis.com/v1/projects/{PROJECT}/accounts:lookup"
        answer = requests.post(url, json={"email": [email]}, headers={"Authorization": "Bearer owner"}, timeout=30)
        found: list[dict[str, Any]] = answer.json().get("users", [])
        return found[0] if found else None

    def document(self, email: str) -> dict[str, Any] | None:
        """The user document."""
        found = [one.to_dict() for one in self.database.collection("users").stream() if one.get("email") == email]
        return found[0] if found else None

    def about(self, email: str, collection: str = "audit") -> list[dict[str, Any]]:
        """The audit entries about somebody, or their mails."""
        account = self.account(email)
        kept = [one.to_dict() or {} for one in self.database.collection(collection).stream()]
        if collection == "outbox":
            return [mail for mail in kept if mail["message"]["to"] == [email]]
        return [entry for entry in kept if account and entry["subject"] == account["localId"]]


@pytest.fixture(scope="module")
def place(embedded: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    data = tmp_path_factory.mktemp("people")
    platform_keys(data)
    variables = {
        "GOOGLE_CLOUD_PROJECT": PROJECT,
        "FIRESTORE_EMULATOR_HOST": embedded["firestore"],
        "FIREBASE_AUTH_EMULATOR_HOST": embedded["auth"],
    }
    lines = (f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())
    (data / "env").write_text("".join(lines))
    with pytest.MonkeyPatch.context() as here:
        here.setenv("FIRESTORE_EMULATOR_HOST", embedded["firestore"])
        database = Client(project=PROJECT, credentials=AnonymousCredentials())
    yield Place(data, embedded["auth"], database)
    database.close()


def admin(place: Place, email: str) -> str:
    return place.done("create_admin", "--email", email, "--name", "Ada", "--password-stdin", stdin=f"{PASSWORD}\n")


def claims(account: dict[str, Any] | None) -> dict[str, Any]:
    assert account is not None
    found: dict[str, Any] = json.loads(account["customAttributes"])
    return found


def test_the_first_administrator_can_sign_in_and_is_one_in_document_claims_and_trail(place):
    said = admin(place, "ada@example.org")
    assert "has no account" in said
    assert "embedded services" in said
    document = place.document("ada@example.org")
    assert document is not None
    assert (document["role"], document["display_name"], document["disabled"]) == ("admin", "Ada", False)
    account = place.account("ada@example.org")
    assert claims(account) == {"role": "admin"}
    assert account is not None
    assert account["emailVerified"]
    assert place.sign_in("ada@example.org").status_code == 200
    (entry,) = place.about("ada@example.org")
    assert (entry["action"], entry["actor"]["kind"], entry["actor"]["id"]) == (
        "user:provisioned",
        "script",
        "create_admin",
    )
    assert "agreed with HR" not in json.dumps(entry, default=str)  # the reason is personal: it is kept encrypted
    assert entry["reason"].startswith("v1.")


def test_doing_it_again_changes_nothing(place):
    admin(place, "again@example.org")
    before = place.document("again@example.org")
    result = place.run("create_admin", "--email", "Again@Example.org", "--name", "Somebody Else")
    assert (result.returncode, "nothing to do" in result.stdout) == (0, True), result.stderr
    assert place.document("again@example.org") == before
    assert len(place.about("again@example.org")) == 1


def team_of(tmp_path: Path, *rows: str) -> str:
    path = tmp_path / "team.csv"
    path.write_text("\n".join(["email,name,department,lead", *rows]) + "\n")
    return str(path)


def test_somebody_of_the_team_becomes_an_administrator(place, tmp_path):
    place.done("create_security_team", team_of(tmp_path, "mia@example.org,Mia,IT,"))
    arguments = ("create_admin", "--email", "mia@example.org", "--name", "Mia", "--yes", "--reason", "agreed")
    assert "role security_team" in place.run(*arguments).stdout  # the script itself made this account
    assert place.document("mia@example.org")["role"] == "admin"
    assert [entry["action"] for entry in place.about("mia@example.org")].count("team:role_assigned") == 1


def test_a_stranger_who_registered_somebodys_address_is_given_no_rights(place, tmp_path):
    made = place.toolkit("v1/accounts:signUp", email="boss@example.org", password="stranger-chose-it")
    assert made.status_code == 200
    refused = place.run("create_admin", "--email", "boss@example.org", "--name", "Boss", "--yes", "--reason", "agreed")
    assert (refused.returncode, "not verified" in refused.stderr) == (2, True)
    file = team_of(tmp_path, "boss@example.org,Boss,,yes")
    team = place.run("create_security_team", file, "--yes", "--reason", "agreed")
    assert (team.returncode, "not verified" in team.stdout) == (1, True)
    assert place.document("boss@example.org") is None
    assert "customAttributes" not in (place.account("boss@example.org") or {})


def test_a_team_is_made_from_a_file_and_again_changes_nothing(place, tmp_path):
    admin(place, "chief@example.org")
    file = team_of(
        tmp_path, "lea@example.org,Lea,Security,yes", "tom@example.org,Tom,Security,no", "chief@example.org,Chief,,no"
    )
    first = place.done("create_security_team", file)
    assert "lea@example.org (Lea): created, promoted" in first
    assert "tom@example.org (Tom): created" in first
    assert "chief@example.org (Chief): already admin" in first
    assert first.splitlines()[-1] == "2 created, 1 promoted, 1 already admin, 0 failed"
    lea, tom = place.document("lea@example.org"), place.document("tom@example.org")
    assert (lea["role"], lea["is_lead"], lea["department"]) == ("security_team", True, "Security")
    assert (tom["role"], tom["is_lead"]) == ("security_team", False)
    assert claims(place.account("tom@example.org")) == {"role": "security_team"}
    assert place.document("chief@example.org")["role"] == "admin"
    assert sorted(entry["action"] for entry in place.about("lea@example.org")) == ["team:promote", "user:provisioned"]
    (invitation,) = place.about("tom@example.org", "outbox")
    assert "Choose my password" in invitation["message"]["html"]
    second = place.run("create_security_team", file)
    assert (second.returncode, "Nothing to do" in second.stdout) == (0, True), second.stderr
    assert place.document("lea@example.org") == lea
    assert len(place.about("tom@example.org", "outbox")) == 1


def test_the_invited_choose_their_password_by_the_link_and_are_in(place, tmp_path):
    place.done("create_security_team", team_of(tmp_path, "zoe@example.org,Zoe,,"))
    (invitation,) = place.about("zoe@example.org", "outbox")
    link = next(word for word in invitation["message"]["text"].split() if "oobCode=" in word)
    code = parse_qs(urlsplit(link).query)["oobCode"][0]
    assert place.toolkit("v1/accounts:resetPassword", oobCode=code, newPassword=PASSWORD).status_code == 200
    assert place.sign_in("zoe@example.org").status_code == 200


def test_an_employee_is_added_and_keeps_the_rest(place, tmp_path):
    admin(place, "was@example.org")
    uid = place.account("was@example.org")["localId"]
    place.database.document(f"users/{uid}").update({"role": "employee"})
    said = place.done("create_security_team", team_of(tmp_path, "was@example.org,New Name,New Department,"))
    assert "was@example.org (New Name): added" in said
    document = place.document("was@example.org")
    assert (document["role"], document["display_name"], document["department"]) == ("security_team", "Ada", "")
    assert claims(place.account("was@example.org")) == {"role": "security_team"}


def test_one_bad_row_and_nothing_is_done(place, tmp_path):
    file = team_of(tmp_path, "fine@example.org,Fine,,", "no address,Bad,,", "FINE@example.org,Twice,,", "x@example.org")
    result = place.run("create_security_team", file, "--yes", "--reason", "agreed")
    assert result.returncode == 2
    assert [line.split(":")[0].strip() for line in result.stderr.splitlines()[:-1]] == ["line 3", "line 4", "line 5"]
    assert place.account("fine@example.org") is None


def test_a_dry_run_says_what_would_be_done(place, tmp_path):
    result = place.run("create_security_team", team_of(tmp_path, "dry@example.org,Dry,,yes"), "--dry-run")
    assert (result.returncode, "dry@example.org (Dry): created, promoted" in result.stdout) == (0, True)
    assert place.account("dry@example.org") is None


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--yes=demo-other"], id="another project's id"),
        pytest.param([], id="nobody to ask"),
        pytest.param(["--project", "secura-production"], id="a real project, nobody to ask"),
        pytest.param(["--project", "secura-production", "--yes"], id="a real project takes more than a yes"),
        pytest.param(["--project", "secura-production", "--yes=demo-test"], id="a real project, another one's id"),
        pytest.param(["--yes", "--password=seven-quiet-herons-cross"], id="a password as an argument"),
        pytest.param(["--yes", "--password-stdin"], id="no password on standard input"),
    ],
)
def test_what_is_not_confirmed_as_it_should_be_changes_nothing(place, arguments):
    account = ["--email", "never@example.org", "--name", "Never", "--reason", "agreed"]
    key = base64.b64encode(bytes(32)).decode()
    result = place.run("create_admin", *account, *arguments, SECURA_AUDIT_MASTER_KEY=key)
    assert (result.returncode, len(result.stderr.splitlines())) == (2, 1), result.stderr
    assert "herons" not in result.stderr
    assert place.account("never@example.org") is None
    assert place.document("never@example.org") is None


@pytest.mark.parametrize("password", ["short", "password1234", "Ada.Example.Org", "x" * 129])
def test_a_bad_password_makes_nobody(place, password):
    arguments = ["--email", "bad@example.org", "--name", "Ada Example", "--yes", "--reason", "agreed"]
    result = place.run("create_admin", *arguments, "--password-stdin", stdin=password + "\n")
    assert (result.returncode, "is refused" in result.stderr) == (2, True), result.stderr
    assert place.account("bad@example.org") is None


def test_a_lost_second_factor_is_removed_sessions_end_and_the_person_is_told(place):
    admin(place, "lost@example.org")
    tokens = place.sign_in("lost@example.org").json()
    enrol(place, tokens["idToken"])
    assert "mfaPendingCredential" in place.sign_in("lost@example.org").json()
    said = place.done("reset_mfa", "--email", "lost@example.org")
    assert "1 second factor(s) removed" in said
    again = place.sign_in("lost@example.org").json()
    assert "idToken" in again
    claims_now = json.loads(base64.urlsafe_b64decode(again["idToken"].split(".")[1] + "=="))
    document = place.document("lost@example.org")
    assert claims_now["auth_time"] >= document["sessions_valid_from"].timestamp()
    refreshed = requests.post(
        f"http://{place.auth}/securetoken.googleapis.com/v1/token",
        params={"key": "local"},
        json={"grant_type": "refresh_token", "refresh_token": tokens["refreshToken"]},
        timeout=30,
    )
    assert refreshed.status_code == 400
    (entry,) = [one for one in place.about("lost@example.org") if one["action"] == "user:second_factor_reset"]
    assert [(one["field"], one["old"], one["new"]) for one in entry["changes"]] == [
        ("second_factors", '["totp"]', "[]")
    ]
    assert [mail["kind"] for mail in place.about("lost@example.org", "outbox")] == ["second_factor_reset"]
    nothing = place.run("reset_mfa", "--email", "lost@example.org")
    assert (nothing.returncode, "nothing to do" in nothing.stdout) == (0, True)


def enrol(place: Place, token: str) -> None:
    """Enrol an authenticator app."""
    started = place.toolkit("v2/accounts/mfaEnrollment:start", idToken=token, totpEnrollmentInfo={}).json()
    info = started["totpSessionInfo"]
    digest = hmac.new(
        base64.b32decode(info["sharedSecretKey"]), struct.pack(">Q", int(time.time()) // 30), hashlib.sha1
    ).digest()
    start = digest[19] % 16
    (number,) = struct.unpack(">I", digest[start : start + 4])
    verification = {"sessionInfo": info["sessionInfo"], "verificationCode": f"{number % 2**31 % 1_000_000:06d}"}
    done = place.toolkit("v2/accounts/mfaEnrollment:finalize", idToken=token, totpVerificationInfo=verification)
    assert done.status_code == 200, done.text


def test_nobody_who_is_not_there_is_reset(place):
    result = place.run("reset_mfa", "--email", "nobody@example.org", "--yes", "--reason", "agreed")
    assert (result.returncode, "is not known" in result.stderr) == (2, True)


def test_on_a_terminal_everything_is_asked_for(place):
    command = ["scripts/create_admin", "--data", str(place.data), "--email", "tty@example.org", "--name", "Tty"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    asked = [("Reason", "agreed with HR"), ("Go on? [y/N]", "y"), ("New password", PASSWORD), ("same again", PASSWORD)]
    refused, screen = converse(["/bin/sh", *command], [asked[0], ("Go on? [y/N]", "")], environment)
    assert (refused, "nothing was changed" in screen, place.account("tty@example.org")) == (2, True, None)
    done, screen = converse(["/bin/sh", *command], asked, environment)
    assert (done, PASSWORD in screen) == (0, False), screen
    assert place.sign_in("tty@example.org").status_code == 200


def test_a_key_of_another_project_is_refused(place, tmp_path):
    admin(place, "key@example.org")
    (tmp_path / "env").write_text((place.data / "env").read_text())
    platform_keys(tmp_path)
    arguments = ["--email", "other@example.org", "--name", "Other", "--data", str(tmp_path)]
    result = place.run("create_admin", *arguments)
    assert (result.returncode, "not the key of this project" in result.stderr) == (2, True), result.stderr
    (tmp_path / "audit_master_key.txt").write_text("no key\n")
    result = place.run("create_admin", *arguments)
    assert (result.returncode, "SECURA_AUDIT_MASTER_KEY is not usable" in result.stderr) == (2, True), result.stderr


def test_services_that_have_ended_are_said_at_once(place, tmp_path):
    (tmp_path / "env").write_text(
        "".join(f"export {name}=127.0.0.1:9\n" for name in ("FIRESTORE_EMULATOR_HOST", "FIREBASE_AUTH_EMULATOR_HOST"))
        + "export GOOGLE_CLOUD_PROJECT=demo-test\n"
    )
    result = place.run("reset_mfa", "--email", "a@example.org", "--data", str(tmp_path))
    assert (result.returncode, "start scripts/local" in result.stderr) == (2, True)
