"""ID tokens held against the account they speak for, through firebase-admin: one call to the provider each."""

from __future__ import annotations

import firebase_admin
import google.auth.exceptions
import requests
from firebase_admin import auth, exceptions

from shared.domain.errors import NotAuthenticatedError, UnavailableError
from shared.domain.people import VerifiedToken
from shared.ports.identity import TokenVerifier


class AccountCheckingVerifier:
    """Refuses, beyond what another verifier does, tokens whose account is gone, disabled, or signed out everywhere."""

    def __init__(self, verifier: TokenVerifier, app: firebase_admin.App) -> None:
        self._verifier = verifier
        self._app = app

    def verify(self, token: str) -> VerifiedToken:
        verified = self._verifier.verify(token)
        try:
            account = auth.get_user(verified.identity.uid, app=self._app)
        except (auth.UserNotFoundError, ValueError) as error:  # a uid that can be none is a ValueError
            raise NotAuthenticatedError("unknown user") from error
        except (exceptions.FirebaseError, requests.RequestException, google.auth.exceptions.GoogleAuthError) as error:
            raise UnavailableError("The identity provider does not answer") from error
        if account.disabled:
            raise NotAuthenticatedError("disabled")
        signed_in_at = verified.identity.signed_in_at
        # Milliseconds since 1970; 0 when nothing was ever revoked.
        if signed_in_at is not None and signed_in_at.timestamp() * 1000 < account.tokens_valid_after_timestamp:
            raise NotAuthenticatedError("revoked")
        return verified
