"""POST /api/ai/mitigation-strategies: what to do about an incident, in order."""

from __future__ import annotations

from http import HTTPStatus

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.limits import LimitClass
from shared.domain.mitigation import MitigationPlan, MitigationRequest
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation


def mitigate(call: Call[MitigationRequest, None]) -> Answer:
    """The plan; nothing is kept."""
    return Answer(bootstrap.mitigating().plan(call.identity, call.body))


ENDPOINT = Endpoint(
    "ai_mitigation_strategies",
    Operation(
        "POST",
        "/api/ai/mitigation-strategies",
        mitigate,
        "Plan the response",
        description="Steps by the phases of NIST SP 800-61r2, most urgent first, for an incident or for a text that "
        "describes one. Each says why, who, how long and by which source. Steps that are done stay, and are marked.",
        permission=Permission.AI_USE,
        body=MitigationRequest,
        returns=MitigationPlan,
        tag="ai",
        limit=LimitClass.AI,
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def ai_mitigation_strategies(request: Request) -> Response:
    """POST /api/ai/mitigation-strategies."""
    return ENDPOINT(request)
