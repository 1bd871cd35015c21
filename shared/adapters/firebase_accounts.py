"""Accounts of Firebase Authentication, through firebase-admin."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import firebase_admin
import google.auth.exceptions
import requests
from firebase_admin import auth, exceptions
from google.auth.transport.requests import AuthorizedSession

from shared.domain.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError
from shared.domain.permissions import Role
from shared.ports.accounts import AccountState

_TIMEOUT = 30.0  # seconds
_KINDS = {"totpInfo": "totp", "phoneInfo": "phone"}


@contextmanager
def _provider() -> Iterator[None]:
    try:
        yield
    except auth.UserNotFoundError as error:
        raise NotFoundError("There is no such account") from error
    except (exceptions.FirebaseError, requests.RequestException, google.auth.exceptions.GoogleAuthError) as error:
        raise UnavailableError("The identity provider does not answer") from error


class FirebaseAccounts:
    """Creates and changes accounts."""

    def __init__(self, app: firebase_admin.App) -> None:
        self._app = app

    def create(self, uid: str, email: str, password: str, display_name: str, *, verified: bool = False) -> None:
        try:
            auth.create_user(
                uid=uid,
                email=email,
                password=password,
                display_name=display_name,
                email_verified=verified,
                app=self._app,
            )
        except (auth.EmailAlreadyExistsError, auth.UidAlreadyExistsError) as error:
            raise ConflictError("This address has an account already") from error
        except (ValueError, exceptions.InvalidArgumentError) as error:
            raise InvalidInputError("The identity provider refuses this address or password") from error
        except exceptions.FirebaseError as error:
            raise UnavailableError("The identity provider does not answer") from error

    def state(self, uid: str) -> AccountState | None:
        found = self._looked_up(uid)
        if found is None:
            return None
        account = auth.UserRecord(found)
        claim = (account.custom_claims or {}).get("role")
        return AccountState(
            uid=uid,
            email=account.email,
            email_verified=account.email_verified,
            role=Role(claim) if claim in set(Role) else None,
            disabled=account.disabled,
            second_factors=_second_factors(found),
            # Milliseconds since the epoch, of a whole second.
            sessions_valid_from=datetime.fromtimestamp((account.tokens_valid_after_timestamp or 0) / 1000, UTC),
        )

    def uid_of(self, email: str) -> str | None:
        try:
            with _provider():
                return str(auth.get_user_by_email(email, app=self._app).uid)
        except NotFoundError:
            return None

    def grant(self, uid: str, role: Role) -> None:
        with _provider():
            auth.set_custom_user_claims(uid, {"role": str(role)}, app=self._app)

    def set_disabled(self, uid: str, disabled: bool) -> None:
        with _provider():
            auth.update_user(uid, disabled=disabled, app=self._app)

    def revoke(self, uid: str) -> None:
        with _provider():
            auth.revoke_refresh_tokens(uid, app=self._app)

    def remove_second_factors(self, uid: str) -> int:
        enrolled = len(_second_factors(self._looked_up(uid) or {}))
        if enrolled:
            self._identity_toolkit("update", {"localId": uid, "mfa": {"enrollments": []}})
        return enrolled

    def verification_link(self, email: str) -> str:
        with _provider():
            return str(auth.generate_email_verification_link(email, app=self._app))

    def password_link(self, email: str) -> str:
        with _provider():
            return str(auth.generate_password_reset_link(email, app=self._app))

    def delete(self, uid: str) -> None:
        try:
            with _provider():
                auth.delete_user(uid, app=self._app)
        except NotFoundError:
            return

    def _looked_up(self, uid: str) -> dict[str, Any] | None:
        """The account as Identity Toolkit shows it: firebase-admin's own lookup leaves the second factors out."""
        found: list[dict[str, Any]] = self._identity_toolkit("lookup", {"localId": [uid]}).get("users", [])
        return found[0] if found else None

    def _identity_toolkit(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        """A call of Identity Toolkit that firebase-admin for Python (7.x) has no method for: second factors.

        https://cloud.google.com/identity-platform/docs/reference/rest/v1/projects.accounts
        """
        path = f"v1/projects/{self._app.project_id}/accounts:{method}"
        with _provider():
            if emulator := os.environ.get("FIREBASE_AUTH_EMULATOR_HOST"):
                url = f"http://{emulator}/identitytoolkit.googleapis.com/{path}"
                answer = requests.post(url, json=body, headers={"Authorization": "Bearer owner"}, timeout=_TIMEOUT)
            else:
                session = AuthorizedSession(self._app.credential.get_credential())  # type: ignore[no-untyped-call]
                answer = session.post(f"https://identitytoolkit.googleapis.com/{path}", json=body, timeout=_TIMEOUT)
            answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


def _second_factors(account: dict[str, Any]) -> tuple[str, ...]:
    return tuple(
        next((kind for name, kind in _KINDS.items() if name in factor), "unknown")
        for factor in account.get("mfaInfo", [])
    )
