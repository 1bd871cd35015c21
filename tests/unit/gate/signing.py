"""Real keys, really signed tokens, and a server on 127.0.0.1 that hands out the certificates as Google does."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.x509.oid import NameOID

from tests.fakes import START

PROJECT = "demo-test"


@cache
def private_key(name: str) -> RSAPrivateKey:
    """The key of this name, the same in every test of a run."""
    return generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate(name: str) -> str:
    """Its self-signed certificate, in PEM."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made_at = datetime(2026, 1, 1, tzinfo=UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private_key(name).public_key())
        .serial_number(1)
        .not_valid_before(made_at)
        .not_valid_after(made_at + timedelta(days=365))
        .sign(private_key(name), hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM).decode()


def web_key(name: str) -> dict[str, Any]:
    """Its public half as a JSON Web Key."""
    made = jwt.algorithms.RSAAlgorithm.to_jwk(private_key(name).public_key(), as_dict=True)
    return {**made, "kid": name, "alg": "RS256", "use": "sig"}


def claims(**changes: Any) -> dict[str, Any]:
    """The claims of a good ID token of START; a change to None leaves the claim out."""
    seconds = int(START.timestamp())
    good = {
        "iss": f"https://securetoken.google.com/{PROJECT}",
        "aud": PROJECT,
        "sub": "ana",
        "user_id": "ana",
        "iat": seconds,
        "auth_time": seconds - 60,
        "exp": seconds + 3600,
        "email": "ana@example.org",
        "email_verified": True,
        "role": "security_team",
        "firebase": {"sign_in_provider": "password", "sign_in_second_factor": "totp"},
    }
    return {name: value for name, value in (good | changes).items() if value is not None}


def signed(content: dict[str, Any], key: str = "one", kid: str | None = "one", **header: Any) -> str:
    """A token of these claims, signed with the key and naming it as `kid`."""
    headers = {"kid": kid, **header} if kid is not None else header
    return jwt.encode(content, private_key(key), algorithm="RS256", headers=headers)


class KeyServer:
    """Answers every GET with `document`; counts what it was asked. `status` and `max_age` can be changed."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.status = 200
        self.cache_control = "public, max-age=20000, must-revalidate, no-transform"
        self.asked = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the library's name for it
                outer.asked += 1
                body = json.dumps(outer.document).encode()
                self.send_response(outer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Cache-Control", outer.cache_control)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self._server.server_port}/keys"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
