"""GET /api/audit/head: the end of the chain, to note and to compare later."""

from __future__ import annotations

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation
from shared.services.audit.reading import AuditHead


def read(_: Call[None, None]) -> Answer:
    """The last seal's head, and the public key."""
    return Answer(bootstrap.audit_reading().head())


ENDPOINT = Endpoint(
    "audit_head",
    Operation(
        "GET",
        "/api/audit/head",
        read,
        "Read the head of the audit trail",
        description="Note it somewhere else: whoever rewrites the trail later cannot make it come out the same.",
        permission=Permission.AUDIT_READ,
        sensitive=True,
        returns=AuditHead,
        tag="audit",
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def audit_head(request: Request) -> Response:
    """GET /api/audit/head."""
    return ENDPOINT(request)
