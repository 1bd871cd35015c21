"""/api/incidents/{id}/messages: the conversation at an incident."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Annotated, Literal

from firebase_functions import https_fn
from flask import Request, Response
from pydantic import Field

from functions import options
from shared import bootstrap
from shared.domain.base import Model
from shared.domain.errors import InvalidInputError
from shared.domain.messages import MessageDraft, MessageEdit, MessageId, ReadUpTo
from shared.domain.paging import DEFAULT_LIMIT, MAX_LIMIT
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation
from shared.services.messages.views import MessageHistory, MessagePage, ShownMessage

_VERSION = re.compile(r'"?(\d{1,9})"?', re.ASCII)
_PATH = "/api/incidents/{id}/messages"
_ONE = _PATH + "/{message_id}"


class MessageQuery(Model):
    """Which messages."""

    thread: MessageId | None = Field(default=None, description="The message that a conversation began with")
    order: Literal["created_at", "-created_at"] = Field(default="created_at", description="Oldest or newest first")
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(max_length=500)] | None = Field(
        default=None, description="next_cursor of the page before"
    )


def write(call: Call[MessageDraft, None]) -> Answer:
    """Keep the message."""
    incident_id = call.path["id"]
    written = bootstrap.message_writing().write(call.identity, incident_id, call.body, call.idempotency_key)
    message = bootstrap.message_reading().written(call.identity, written)
    headers = {"Location": f"/api/incidents/{incident_id}/messages/{message.id}", "ETag": f'"{message.version}"'}
    if written.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Answer(message, HTTPStatus.CREATED, headers)


def find(call: Call[None, MessageQuery]) -> Answer:
    """One page of the conversation."""
    query = call.query
    page = bootstrap.message_reading().find(
        call.identity,
        call.path["id"],
        query.limit,
        thread=query.thread,
        oldest_first=query.order == "created_at",
        cursor=query.cursor,
    )
    return Answer(page)


def read(call: Call[None, None]) -> Answer:
    """One message."""
    return _one(call)


def edit(call: Call[MessageEdit, None]) -> Answer:
    """The message with other words."""
    version = _expected_version(call.request.headers.get("If-Match"))
    bootstrap.message_editing().edit(call.identity, call.path["id"], call.path["message_id"], call.body, version)
    return _one(call)


def delete(call: Call[None, None]) -> Answer:
    """The message without its words."""
    bootstrap.message_editing().delete(call.identity, call.path["id"], call.path["message_id"])
    return _one(call)


def history(call: Call[None, None]) -> Answer:
    """What the message said before."""
    return Answer(bootstrap.message_reading().history(call.identity, call.path["id"], call.path["message_id"]))


def mark_read(call: Call[ReadUpTo, None]) -> Answer:
    """Note how far the caller has read."""
    bootstrap.read_receipts().read(call.identity, call.path["id"], call.body.up_to)
    return Answer(Response(status=HTTPStatus.NO_CONTENT))


def _one(call: Call[MessageEdit, None] | Call[None, None]) -> Answer:
    message = bootstrap.message_reading().get(call.identity, call.path["id"], call.path["message_id"])
    return Answer(message, headers={"ETag": f'"{message.version}"'})


def _expected_version(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    match = _VERSION.fullmatch(if_match.strip())
    if match is None:
        raise InvalidInputError("If-Match is not usable", {"If-Match": 'the version in quotes, such as "3"'})
    return int(match[1])


ENDPOINT = Endpoint(
    "incident_messages",
    Operation(
        "POST",
        _PATH,
        write,
        "Write a message",
        description="The reporter and those who handle the incident read it; an internal note only the latter, and so "
        "is every answer to one. @name@example.org in the body or `mentions` name people: only those who can see the "
        "message. With an Idempotency-Key a retry never writes twice.",
        permission=Permission.MESSAGE_WRITE,
        body=MessageDraft,
        returns=ShownMessage,
        status=HTTPStatus.CREATED,
        tag="incidents",
        headers={"Idempotency-Key": "Makes a retry safe"},
        failures=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Operation(
        "GET",
        _PATH,
        find,
        "Read the messages",
        description="Oldest first, with how many the caller has not read. Internal notes are there only for those who "
        "handle the incident.",
        permission=Permission.MESSAGE_READ,
        query=MessageQuery,
        returns=MessagePage,
        tag="incidents",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        "POST",
        _PATH + "/read",
        mark_read,
        "Say how far one has read",
        description="The receipt never goes back.",
        permission=Permission.MESSAGE_READ,
        body=ReadUpTo,
        returns=None,
        status=HTTPStatus.NO_CONTENT,
        tag="incidents",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        "GET",
        _ONE,
        read,
        "Read one message",
        permission=Permission.MESSAGE_READ,
        returns=ShownMessage,
        tag="incidents",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        "PUT",
        _ONE,
        edit,
        "Edit one's own message",
        description="What it said before is kept for those who handle the incident. If-Match is optional.",
        permission=Permission.MESSAGE_WRITE,
        body=MessageEdit,
        returns=ShownMessage,
        tag="incidents",
        headers={"If-Match": "The version that was read, in quotes; optional"},
        failures=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED),
    ),
    Operation(
        "DELETE",
        _ONE,
        delete,
        "Delete a message",
        description="One's own; administrators anybody's. It keeps its place and loses its words, which are kept for "
        "those who handle the incident.",
        permission=Permission.MESSAGE_WRITE,
        returns=ShownMessage,
        tag="incidents",
        failures=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Operation(
        "GET",
        _ONE + "/history",
        history,
        "Read what a message said before",
        description="For those who handle the incident, oldest first.",
        permission=Permission.MESSAGE_READ,
        returns=MessageHistory,
        tag="incidents",
        failures=(HTTPStatus.NOT_FOUND,),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(secrets=options.AUDIT_SECRETS, **options.HTTP)
def incident_messages(request: Request) -> Response:
    """/api/incidents/{id}/messages and what is below it."""
    return ENDPOINT(request)
