"""GET and DELETE /api/auth/account: a copy of what is kept about oneself, and its erasure."""

from __future__ import annotations

import json
from http import HTTPStatus

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.erasure import ErasureReceipt
from shared.domain.limits import LimitClass
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation
from shared.services.accounts.export import AccountCopy


def export(call: Call[None, None]) -> Answer:
    """Everything kept about the caller, as a file."""
    copy = bootstrap.account_export().export(call.identity)
    body = json.dumps(copy.model_dump(mode="json"), ensure_ascii=False, indent=1)
    headers = {"Content-Disposition": 'attachment; filename="secura-account.json"'}
    return Answer(Response(body, content_type="application/json", headers=headers))


def erase(call: Call[None, None]) -> Answer:
    """Erase the caller's account; the receipt."""
    return Answer(bootstrap.account_erasure().erase(call.identity))


ENDPOINT = Endpoint(
    "auth_account",
    Operation(
        "GET",
        "/api/auth/account",
        export,
        "Get a copy of everything kept about you",
        description="GDPR, article 15: profile, account, sessions, applications, reported incidents, mails, and "
        "what the audit trail says of you.",
        permission=Permission.ACCOUNT_EXPORT,
        sensitive=True,
        limit=LimitClass.EXPORT,
        returns=AccountCopy,
        tag="auth",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        "DELETE",
        "/api/auth/account",
        erase,
        "Have your account erased",
        description="GDPR, article 17. Sign in again within the five minutes before. It cannot be undone; the receipt "
        "says what was erased, what is kept, and why.",
        permission=Permission.ACCOUNT_ERASE,
        sensitive=True,
        recent=True,
        returns=ErasureReceipt,
        tag="auth",
        failures=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def auth_account(request: Request) -> Response:
    """GET and DELETE /api/auth/account."""
    return ENDPOINT(request)
