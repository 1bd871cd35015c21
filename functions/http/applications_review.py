"""PUT /api/security-applications/admin/review/{id}: approve, reject, or ask for more."""

from __future__ import annotations

import re
from http import HTTPStatus

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.applications import ReviewRequest
from shared.domain.errors import InvalidInputError
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation
from shared.services.applications.views import ShownApplication

_VERSION = re.compile(r'"?(\d{1,9})"?', re.ASCII)


def review(call: Call[ReviewRequest, None]) -> Answer:
    """The application with the decision made."""
    version = _expected_version(call.request.headers.get("If-Match"))
    application = bootstrap.reviewing().review(call.identity, call.path["id"], call.body, version)
    return Answer(application, headers={"ETag": f'"{application.version}"'})


def _expected_version(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    match = _VERSION.fullmatch(if_match.strip())
    if match is None:
        raise InvalidInputError("If-Match is not usable", {"If-Match": 'the version in quotes, such as "3"'})
    return int(match[1])


ENDPOINT = Endpoint(
    "applications_review",
    Operation(
        "PUT",
        "/api/security-applications/admin/review/{id}",
        review,
        "Decide on an application",
        description="Approving grants the role, ends the applicant's sessions and mails them. If-Match is optional: "
        "with it, an application that changed since is 412; without it, one that was decided is 409. Both tell who "
        "did what. The same decision by the same person again gets the same answer.",
        permission=Permission.APPLICATION_REVIEW,
        sensitive=True,
        body=ReviewRequest,
        returns=ShownApplication,
        tag="applications",
        headers={"If-Match": "The version that was read, in quotes; optional"},
        failures=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def applications_review(request: Request) -> Response:
    """PUT /api/security-applications/admin/review/{id}."""
    return ENDPOINT(request)
