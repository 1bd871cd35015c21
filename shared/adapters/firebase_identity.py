"""ID tokens of Firebase Authentication, through firebase-admin."""

from __future__ import annotations

from datetime import UTC, datetime

import firebase_admin
from firebase_admin import auth

from shared.domain.errors import NotAuthenticatedError, UnavailableError
from shared.domain.people import Identity, VerifiedToken
from shared.domain.permissions import Role

_CLOCK_SKEW = 5  # seconds by which the clock that made a token may be ahead of ours


class FirebaseTokenVerifier:
    """Checks ID tokens by their signature, issuer, audience and times; no network once the public keys are cached."""

    def __init__(self, app: firebase_admin.App, *, check_revoked: bool = False) -> None:
        self._app = app
        self._check_revoked = check_revoked

    def verify(self, token: str) -> VerifiedToken:
        """As the port says. A token without a known role speaks for somebody who may do nothing."""
        try:
            claims = auth.verify_id_token(
                token, app=self._app, check_revoked=self._check_revoked, clock_skew_seconds=_CLOCK_SKEW
            )
        except auth.CertificateFetchError as error:
            raise UnavailableError("The keys to check tokens with cannot be had") from error
        except auth.ExpiredIdTokenError as error:
            raise NotAuthenticatedError("expired") from error
        except auth.RevokedIdTokenError as error:
            raise NotAuthenticatedError("revoked") from error
        except auth.UserDisabledError as error:
            raise NotAuthenticatedError("disabled") from error
        except auth.UserNotFoundError as error:
            raise NotAuthenticatedError("unknown user") from error
        except (auth.InvalidIdTokenError, ValueError) as error:
            raise NotAuthenticatedError("invalid") from error
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        return VerifiedToken(Identity(claims["uid"], claims.get("email"), _role(claims.get("role"))), expires_at)


def _role(claim: object) -> Role | None:
    return Role(claim) if isinstance(claim, str) and claim in set(Role) else None
