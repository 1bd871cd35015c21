"""POST /api/ai/categorize: what kind of incident a text describes."""

from __future__ import annotations

from firebase_functions import https_fn
from flask import Request, Response

from functions import options
from shared import bootstrap
from shared.domain.analysis import Categorization, ReportText
from shared.domain.limits import LimitClass
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation
from shared.services.analysis.judging import categorized


def categorize(call: Call[ReportText, None]) -> Answer:
    """The category; nothing is kept."""
    return Answer(categorized(bootstrap.categorizer(), call.body.description, call.body.title))


ENDPOINT = Endpoint(
    "ai_categorize",
    Operation(
        "POST",
        "/api/ai/categorize",
        categorize,
        "Categorize a text",
        description="Calibrated probabilities of all twelve categories, the likeliest first, and the words that "
        "decided. Where `abstained` is true the model is not sure, and a person has to choose. Nothing is kept.",
        permission=Permission.AI_USE,
        body=ReportText,
        returns=Categorization,
        tag="ai",
        limit=LimitClass.AI,
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(**options.HTTP)
def ai_categorize(request: Request) -> Response:
    """POST /api/ai/categorize."""
    return ENDPOINT(request)
