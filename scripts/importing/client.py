"""The API as the importer calls it: signed in, retried, never doubled."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from threading import Lock
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from shared.domain.incident import IncidentReport

_TIMEOUT = 60.0  # seconds
_TRIES = 8
_RENEW_BEFORE = 300.0  # seconds before an ID token ends
_TRANSIENT = frozenset({429, 500, 502, 503, 504})


class SignInError(Exception):
    """Nobody could be signed in; the text is one line for the user."""


class RefusedError(Exception):
    """The API will never take this record."""


class StoppedError(Exception):
    """The API cannot be reached, or no longer lets us in: the import stops here and can go on later."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Where and as whom to sign in. `endpoints` are the bases of Identity Toolkit and of Secure Token."""

    endpoints: tuple[str, str]
    api_key: str
    email: str
    password: str


class Session:
    """A person signed in with Firebase Authentication; renews the ID token before it ends."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._lock = Lock()
        answer = self._post(
            f"{identity.endpoints[0]}/v1/accounts:signInWithPassword",
            {"email": identity.email, "password": identity.password, "returnSecureToken": True},
        )
        self._take(answer["idToken"], answer["refreshToken"], float(answer["expiresIn"]))

    def token(self) -> str:
        """An ID token that holds for some minutes yet."""
        with self._lock:
            if time.monotonic() > self._renew_at:
                answer = self._post(
                    f"{self._identity.endpoints[1]}/v1/token",
                    {"grant_type": "refresh_token", "refresh_token": self._refresh_token},
                )
                self._take(answer["id_token"], answer["refresh_token"], float(answer["expires_in"]))
            return self._id_token

    def _take(self, id_token: str, refresh_token: str, lifetime: float) -> None:
        self._id_token = id_token
        self._refresh_token = refresh_token
        self._renew_at = time.monotonic() + lifetime - _RENEW_BEFORE

    def _post(self, url: str, body: dict[str, Any]) -> dict[str, Any]:
        try:
            response = requests.post(url, params={"key": self._identity.api_key}, json=body, timeout=_TIMEOUT)
        except requests.RequestException as error:
            raise SignInError(f"The sign-in service cannot be reached ({type(error).__name__})") from error
        if not response.ok:
            raise SignInError(f"Signing in as {self._identity.email} failed: {_sign_in_message(response)}")
        answer: dict[str, Any] = response.json()
        return answer


def _sign_in_message(response: requests.Response) -> str:
    try:
        return str(response.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"status {response.status_code}"


class Api:
    """Reports incidents. Safe to use from several threads."""

    def __init__(self, url: str, session: Session, parallel: int) -> None:
        self._url = url.rstrip("/") + "/api/incidents"
        self._session = session
        self._http = requests.Session()
        adapter = HTTPAdapter(pool_maxsize=parallel)
        self._http.mount("http://", adapter)
        self._http.mount("https://", adapter)

    def report(self, report: IncidentReport, key: str) -> str:
        """The id of the incident that the report made, now or at an earlier call with the key.

        Raises:
            RefusedError: the API will never take it.
            StoppedError: the API does not answer, or does not let us in.
        """
        body = report.model_dump_json(exclude_unset=True)
        problem = ""
        for attempt in range(_TRIES):
            try:
                response = self._http.post(self._url, data=body.encode(), headers=self._headers(key), timeout=_TIMEOUT)
            except requests.RequestException as error:
                problem = type(error).__name__
                _pause(attempt, None)
                continue
            if response.status_code in _TRANSIENT:
                problem = f"status {response.status_code}"
                _pause(attempt, response.headers.get("Retry-After"))
                continue
            return _incident_id(response)
        raise StoppedError(f"The API does not take reports now ({problem})")

    def _headers(self, key: str) -> dict[str, str]:
        try:
            token = self._session.token()
        except SignInError as error:
            raise StoppedError(str(error)) from error
        return {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": key}


def _pause(attempt: int, retry_after: str | None) -> None:
    longest = min(10.0, 0.2 * 2**attempt)
    wait = float(retry_after) if retry_after and retry_after.isdigit() else random.uniform(0, longest)  # noqa: S311
    time.sleep(min(wait, 60.0))


def _incident_id(response: requests.Response) -> str:
    if response.status_code == 201:
        return str(response.json()["id"])
    try:
        problem = response.json()
        fields = "; ".join(f"{error['field']}: {error['message']}" for error in problem.get("errors", []))
        message = fields or str(problem["detail"])
    except (ValueError, KeyError, TypeError):
        message = f"status {response.status_code}"
    if response.status_code in {401, 403, 404}:
        raise StoppedError(f"The API does not let us report: {message}")
    raise RefusedError(message)
