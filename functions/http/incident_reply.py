"""/api/incidents/reply: the page that a reporter's mail leads to, where they answer without signing in.

The token in the address is a capability for exactly one answer. The log holds paths only, never a query.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from firebase_functions import https_fn
from flask import Request, Response
from pydantic import BaseModel, ConfigDict, ValidationError

from functions import options
from shared import bootstrap
from shared.domain.errors import NotFoundError, SecuraError
from shared.domain.limits import LimitClass
from shared.domain.messages import LONGEST_BODY, ReplyForm
from shared.entry.endpoint import Answer, Call, Endpoint, Operation
from shared.entry.pages import page
from shared.entry.problems import status_of
from shared.services.messages.replying import PATH, ReplyPage

_FAILURES = (HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INTERNAL_SERVER_ERROR)


class ReplyQuery(BaseModel):
    """What the link carries; what mail programs add to it is let be."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    token: str = ""


def show(call: Call[None, ReplyQuery]) -> Answer:
    """The text box; opening it changes nothing, since mail programs open links by themselves."""
    return _answered(lambda: _form(bootstrap.message_replying().open(call.query.token), call.query.token))


def send(call: Call[ReplyForm, None]) -> Answer:
    """Write the answer, once."""
    return _answered(lambda: _sent(call))


def _sent(call: Call[ReplyForm, None]) -> Response:
    replying, token, body = bootstrap.message_replying(), call.body.token, call.body.body
    try:
        shown, fresh = replying.answer(token, body, call.origin)
    except ValidationError:
        problem = f"Write 1 to {LONGEST_BODY:,} characters of plain text: nothing was sent."
        return _form(replying.open(token), token, body, problem)
    if not fresh:
        return _already(shown.reference, shown.sent_at)
    return _notice("Your answer was sent", f"Thank you. Those who handle {shown.reference} can read it now.")


def _form(shown: ReplyPage, token: str, body: str = "", problem: str | None = None) -> Response:
    if shown.sent_at is not None:
        return _already(shown.reference, shown.sent_at)
    values: dict[str, object] = {"reference": shown.reference, "question": shown.question, "token": token, "body": body}
    more: dict[str, object] = {"problem": problem, "action": PATH, "longest": LONGEST_BODY}
    return page("reply", values | more, HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK)


def _already(reference: str, sent_at: datetime | None) -> Response:
    at = f" on {sent_at:%Y-%m-%d at %H:%M} UTC" if sent_at else ""
    text = f"An answer to {reference} came through this link{at}. It takes one: to write more, sign in."
    return _notice("Already sent", text)


def _notice(title: str, text: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    return page("notice", {"title": title, "text": text}, status)


def _answered(make: Callable[[], Response]) -> Answer:
    """The page, or one that says in words why there is none."""
    try:
        return Answer(make())
    except NotFoundError:
        text = "It is too old, or the incident is not open to you any more. To write to the security team, sign in."
        return Answer(_notice("This link does not hold any more", text, HTTPStatus.NOT_FOUND))
    except SecuraError as error:
        status = status_of(error)
        if status is not HTTPStatus.SERVICE_UNAVAILABLE:
            raise
        text = "Nothing was sent. Go back and try again in a minute."
        return Answer(_notice("We cannot take it right now", text, status), headers={"Retry-After": "1"})


ENDPOINT = Endpoint(
    "incident_reply",
    Operation(
        "GET",
        PATH,
        show,
        "The page of a reply link",
        description="For the browser of somebody who got a mail about a message. A token takes one answer in 14 days.",
        query=ReplyQuery,
        returns=None,
        page=True,
        tag="incidents",
        limit=LimitClass.AUTH,
        failures=_FAILURES,
    ),
    Operation(
        "POST",
        PATH,
        send,
        "Answer by a reply link",
        description="What the page's form sends. A second answer through a link changes nothing and says so.",
        form=ReplyForm,
        returns=None,
        page=True,
        tag="incidents",
        limit=LimitClass.AUTH,
        failures=_FAILURES,
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS + options.LINK_SECRETS, **options.HTTP)
def incident_reply(request: Request) -> Response:
    """GET and POST /api/incidents/reply."""
    return ENDPOINT(request)
