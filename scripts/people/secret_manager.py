"""Secrets of a real project, read from Google Secret Manager by its REST API.

https://cloud.google.com/secret-manager/docs/reference/rest/v1/projects.secrets.versions/access
"""

from __future__ import annotations

import base64
import ipaddress
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

import google.auth
import requests
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.auth.transport.requests import AuthorizedSession

from scripts.people.errors import RefusedError

URL_VARIABLE = "SECURA_SECRET_MANAGER_URL"
DEFAULT_URL = "https://secretmanager.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_TIMEOUT = 30.0  # seconds


def authorized_session() -> requests.Session:
    """A session with the machine's application-default credentials.

    Raises:
        RefusedError: there are none.
    """
    try:
        credentials, _ = google.auth.default(scopes=[_SCOPE])
    except (GoogleAuthError, OSError, ValueError):
        raise RefusedError(
            "no usable credentials for Google Cloud: run `gcloud auth application-default login`, "
            "or set GOOGLE_APPLICATION_CREDENTIALS"
        ) from None
    return AuthorizedSession(credentials)  # type: ignore[no-untyped-call]


def read_secret(session: requests.Session, project: str, name: str, base_url: str) -> str:
    """The newest version of the secret.

    Raises:
        RefusedError: it is not there, may not be read, or the service does not answer. The text says which, and never
            what was read.
    """
    url = f"{_checked(base_url)}/v1/projects/{quote(project)}/secrets/{quote(name)}/versions/latest:access"
    try:
        answer = session.get(url, timeout=_TIMEOUT, allow_redirects=False)
    except RefreshError:
        raise RefusedError(
            "Google Cloud takes these credentials no longer: run `gcloud auth application-default login`"
        ) from None
    except (requests.RequestException, GoogleAuthError) as error:
        raise RefusedError(f"Secret Manager does not answer ({type(error).__name__}): try again") from error
    if answer.status_code != HTTPStatus.OK:
        raise RefusedError(_why(answer.status_code, project, name))
    return _payload(answer, name)


def _payload(answer: requests.Response, name: str) -> str:
    try:
        body: dict[str, Any] = answer.json()
        return base64.b64decode(body["payload"]["data"], validate=True).decode().strip()
    except (ValueError, KeyError, TypeError):
        raise RefusedError(f"Secret Manager's answer for {name} is not a text secret") from None


def _why(status: int, project: str, name: str) -> str:
    or_set = f"or set the variable {name}"
    if status == HTTPStatus.NOT_FOUND:
        return (
            f"{name} is not in Secret Manager of {project}: the functions need it too; set it with "
            f"`firebase functions:secrets:set {name} --project {project}`, {or_set}"
        )
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return f"you may not read {name} of {project} (it takes the role Secret Manager Secret Accessor), {or_set}"
    return f"Secret Manager answered {status} for {name}: try again, {or_set}"


def _checked(base_url: str) -> str:
    """Refuse to send credentials over an open line to another machine."""
    parts = urlsplit(base_url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or "")):
        return base_url.rstrip("/")
    raise RefusedError(f"{URL_VARIABLE} has to begin with https://")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
