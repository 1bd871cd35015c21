"""Which method answers which request, and who may ask."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NoReturn

from emulator.auth import sessions
from emulator.auth.call import Call, Method
from emulator.auth.errors import AuthError
from emulator.auth.methods import (
    accounts,
    codes,
    importing,
    mfa_enrollment,
    mfa_sign_in,
    projects,
    sign_in,
    sign_up,
    update,
)

_TOOLKIT = "/identitytoolkit.googleapis.com"
_CERTIFICATES = "/www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"


def _newer(method: Method) -> Method:
    """The method, its refusals in the shape of Google's newer APIs, which name a canonical status."""

    async def answered(call: Call) -> dict[str, Any]:
        try:
            return await method(call)
        except AuthError as error:
            raise AuthError(error.message, error.http_status, error.status or "INVALID_ARGUMENT") from error

    return answered


# Called with an API key; an administrator's credentials are accepted where the method has a use for them.
_PUBLIC: dict[str, Method] = {
    f"POST {_TOOLKIT}/v1/accounts:signUp": sign_up.sign_up,
    f"POST {_TOOLKIT}/v1/accounts:signInWithPassword": sign_in.with_password,
    f"POST {_TOOLKIT}/v1/accounts:signInWithCustomToken": sign_in.with_custom_token,
    f"POST {_TOOLKIT}/v1/accounts:signInWithEmailLink": sign_in.with_email_link,
    f"POST {_TOOLKIT}/v1/accounts:createAuthUri": sign_in.create_auth_uri,
    f"POST {_TOOLKIT}/v1/accounts:lookup": accounts.lookup,
    f"POST {_TOOLKIT}/v1/accounts:update": update.update,
    f"POST {_TOOLKIT}/v1/accounts:delete": accounts.delete,
    f"POST {_TOOLKIT}/v1/accounts:sendOobCode": codes.send,
    f"POST {_TOOLKIT}/v1/accounts:resetPassword": codes.reset_password,
    f"POST {_TOOLKIT}/v2/accounts/mfaEnrollment:start": _newer(mfa_enrollment.start),
    f"POST {_TOOLKIT}/v2/accounts/mfaEnrollment:finalize": _newer(mfa_enrollment.finalize),
    f"POST {_TOOLKIT}/v2/accounts/mfaEnrollment:withdraw": _newer(mfa_enrollment.withdraw),
    f"POST {_TOOLKIT}/v2/accounts/mfaSignIn:start": _newer(mfa_sign_in.start),
    f"POST {_TOOLKIT}/v2/accounts/mfaSignIn:finalize": _newer(mfa_sign_in.finalize),
    f"GET {_TOOLKIT}/v1/projects": projects.describe,
    f"GET {_TOOLKIT}/v2/passwordPolicy": projects.password_policy,
    f"GET {_TOOLKIT}/v2/recaptchaConfig": projects.recaptcha_config,
    "POST /securetoken.googleapis.com/v1/token": sessions.refresh,
}
_ADMIN: dict[str, Method] = {
    f"POST {_TOOLKIT}/v1/projects/*/accounts": sign_up.sign_up,
    f"POST {_TOOLKIT}/v1/projects/*/accounts:lookup": accounts.lookup,
    f"POST {_TOOLKIT}/v1/projects/*/accounts:update": update.update,
    f"POST {_TOOLKIT}/v1/projects/*/accounts:delete": accounts.delete,
    f"POST {_TOOLKIT}/v1/projects/*/accounts:batchDelete": accounts.batch_delete,
    f"POST {_TOOLKIT}/v1/projects/*/accounts:batchCreate": importing.batch_create,
    f"GET {_TOOLKIT}/v1/projects/*/accounts:batchGet": accounts.batch_get,
    f"POST {_TOOLKIT}/v1/projects/*/accounts:query": accounts.query,
    f"POST {_TOOLKIT}/v1/projects/*/accounts:sendOobCode": codes.send,
    f"POST {_TOOLKIT}/v1/projects/*:createSessionCookie": sessions.create_cookie,
    f"GET {_TOOLKIT}/admin/v2/projects/*/config": projects.get_config,
    f"PATCH {_TOOLKIT}/admin/v2/projects/*/config": projects.patch_config,
    f"GET {_TOOLKIT}/v2/projects/*/config": projects.get_config,
    f"PATCH {_TOOLKIT}/v2/projects/*/config": projects.patch_config,
}
# The emulator's own, as the official one has them: for tests, without credentials.
_OWN: dict[str, Method] = {
    "DELETE /emulator/v1/projects/*/accounts": projects.clear,
    "GET /emulator/v1/projects/*/config": projects.get_config,
    "PATCH /emulator/v1/projects/*/config": projects.patch_config,
    "GET /emulator/v1/projects/*/oobCodes": projects.list_codes,
    f"GET {_CERTIFICATES}": projects.public_keys,
}
_PROJECT = re.compile(r"(?<=/projects/)[^/:]+")


@dataclass(frozen=True, slots=True)
class Route:
    """What a request came to."""

    method: Method
    project: str
    admin: bool


def route(verb: str, path: str, default_project: str, authorization: str | None, key: str | None) -> Route:
    """The method for a request, once its credentials are found good.

    Raises:
        AuthError: 404 no such method here; 401 not the administrator's credentials; 403 no API key.
    """
    named = _PROJECT.search(path)
    project = named[0] if named else default_project
    pattern = f"{verb} {_PROJECT.sub('*', path)}"
    admin = authorization is not None and authorization.lower() == "bearer owner"
    if (method := _OWN.get(pattern)) is not None:
        return Route(method, project, admin=True)
    if (method := _ADMIN.get(pattern)) is not None:
        if not admin:
            _refuse_credentials()
        return Route(method, project, admin=True)
    if (method := _PUBLIC.get(pattern)) is None:
        raise AuthError(f"{verb} {path} is not supported by this emulator.", 404, "NOT_FOUND")
    if authorization is not None and not admin:
        _refuse_credentials()
    if not admin and not key:
        raise AuthError("The request is missing a valid API key.", 403, "PERMISSION_DENIED")
    return Route(method, project, admin)


def _refuse_credentials() -> NoReturn:
    message = "Request had invalid authentication credentials. Expected the emulator's: Bearer owner."
    raise AuthError(message, 401, "UNAUTHENTICATED")
