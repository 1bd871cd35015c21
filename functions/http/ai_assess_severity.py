"""POST /api/ai/assess-severity: how bad what a text describes is."""

from __future__ import annotations

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.analysis import SeverityAssessment, SeverityText
from shared.domain.limits import LimitClass
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation
from shared.services.analysis.judging import assessed


def assess(call: Call[SeverityText, None]) -> Answer:
    """The severity; nothing is kept."""
    text = call.body
    return Answer(assessed(text.description, text.title, text.category, text.affected_assets))


ENDPOINT = Endpoint(
    "ai_assess_severity",
    Operation(
        "POST",
        "/api/ai/assess-severity",
        assess,
        "Assess the severity of a text",
        description="A level and a score from 0 to 100, as the sum of named factors, each with its weight and the "
        "words that it was found in. Without `category` that of the categorizer counts, where it is sure. Nothing is "
        "kept.",
        permission=Permission.AI_USE,
        body=SeverityText,
        returns=SeverityAssessment,
        tag="ai",
        limit=LimitClass.AI,
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(**options.HTTP)
def ai_assess_severity(request: Request) -> Response:
    """POST /api/ai/assess-severity."""
    return ENDPOINT(request)
