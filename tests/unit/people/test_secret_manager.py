"""Reading a secret, from a server that answers as Secret Manager does."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from scripts.people.binding import MASTER_KEY, variables_for
from scripts.people.errors import RefusedError
from scripts.people.secret_manager import read_secret
from scripts.people.target import choose

SECRET = base64.b64encode(bytes(range(32))).decode()


class SecretManager:
    """Its address, what it answers, and what it was asked."""

    def __init__(self) -> None:
        self.answer: tuple[int, bytes] = (404, b"{}")
        self.asked: list[tuple[str, str | None]] = []
        manager = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                manager.asked.append((self.path, self.headers["Authorization"]))
                self._reply(*manager.answer)

            def do_POST(self) -> None:
                """The token endpoint."""
                self.rfile.read(int(self.headers["Content-Length"]))
                token = {"access_token": "a-token", "expires_in": 3600, "token_type": "Bearer"}
                self._reply(200, json.dumps(token).encode())

            def _reply(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Location", "http://127.0.0.1:9/")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def holds(self, text: str) -> None:
        payload = {"name": "x", "payload": {"data": base64.b64encode(text.encode()).decode()}}
        self.answer = (200, json.dumps(payload).encode())


@pytest.fixture
def manager() -> Iterator[SecretManager]:
    made = SecretManager()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        yield made


def test_the_newest_version_is_read(manager, session):
    manager.holds(SECRET + "\n")
    assert read_secret(session, "secura-prod", MASTER_KEY, manager.url + "/") == SECRET
    assert manager.asked[0][0] == f"/v1/projects/secura-prod/secrets/{MASTER_KEY}/versions/latest:access"


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, f"firebase functions:secrets:set {MASTER_KEY} --project secura-prod"),
        (403, "Secret Manager Secret Accessor"),
        (401, "may not read"),
        (500, "answered 500"),
        (302, "answered 302"),
    ],
)
def test_a_secret_that_cannot_be_had_is_named_with_what_to_do(manager, session, status, said):
    manager.answer = (status, b"{}")
    with pytest.raises(RefusedError) as refused:
        read_secret(session, "secura-prod", MASTER_KEY, manager.url)
    assert said in str(refused.value)
    assert MASTER_KEY in str(refused.value)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"payload": {"data": "%%"}}', b'{"payload": {"data": "//8="}}'])
def test_an_answer_that_is_none_is_refused_and_not_repeated(manager, session, body):
    manager.answer = (200, body)
    with pytest.raises(RefusedError, match="not a text secret"):
        read_secret(session, "secura-prod", MASTER_KEY, manager.url)


def test_a_service_that_does_not_answer(session):
    with pytest.raises(RefusedError, match="does not answer"):
        read_secret(session, "secura-prod", MASTER_KEY, "http://127.0.0.1:9")


@pytest.mark.parametrize("url", ["http://example.org", "ftp://127.0.0.1", "127.0.0.1:9", ""])
def test_credentials_go_over_no_open_line(session, url):
    with pytest.raises(RefusedError, match="https"):
        read_secret(session, "secura-prod", MASTER_KEY, url)


@pytest.fixture
def credentials(manager, tmp_path, monkeypatch):
    """Application-default credentials whose token comes from the same server."""
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    robot = {"type": "service_account", "client_email": "robot@example.org", "private_key": key.decode()}
    path = tmp_path / "adc.json"
    path.write_text(json.dumps(robot | {"token_uri": f"{manager.url}/token"}))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "secura-prod")


@pytest.mark.usefixtures("credentials")
def test_a_real_project_is_bound_with_its_own_settings_and_key(manager, tmp_path):
    manager.holds(SECRET)
    (tmp_path / ".env").write_text("SECURA_SECOND_FACTOR_ROLES=security_team\nSECURA_LOG_LEVEL=DEBUG\n")
    (tmp_path / ".env.secura-prod").write_text("SECURA_SECOND_FACTOR_ROLES=admin\n")
    (tmp_path / ".env.other-prod").write_text("SECURA_SECOND_FACTOR_ROLES=employee\n")
    environment = {"SECURA_SECRET_MANAGER_URL": manager.url}
    target = choose("secura-prod", {}, tmp_path)
    assert variables_for(target, environment, tmp_path, tmp_path) == {
        **environment,
        "GOOGLE_CLOUD_PROJECT": "secura-prod",
        "SECURA_SECOND_FACTOR_ROLES": "admin",
        "SECURA_LOG_LEVEL": "DEBUG",
        MASTER_KEY: SECRET,
    }
    assert manager.asked[0][1] == "Bearer a-token"


@pytest.mark.usefixtures("credentials")
def test_a_key_in_the_environment_is_not_asked_for(manager, tmp_path):
    environment = {MASTER_KEY: SECRET, "SECURA_SECRET_MANAGER_URL": manager.url}
    target = choose("secura-prod", {}, tmp_path)
    assert variables_for(target, environment, tmp_path, tmp_path)[MASTER_KEY] == SECRET
    assert manager.asked == []


def test_without_credentials_it_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(RefusedError, match="gcloud auth application-default login"):
        variables_for(choose("secura-prod", {}, tmp_path), {MASTER_KEY: SECRET}, tmp_path, tmp_path)
