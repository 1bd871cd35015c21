"""GET /api/notifications and POST /api/notifications/read: what the platform tells the caller."""

from __future__ import annotations

from typing import Annotated

from firebase_functions import https_fn
from flask import Request, Response
from pydantic import Field

from functions import options
from shared import bootstrap
from shared.domain.base import Model
from shared.domain.notifications import NotificationPage, ReadRequest, Unread
from shared.domain.paging import DEFAULT_LIMIT, MAX_LIMIT
from shared.domain.permissions import Permission
from shared.entry.endpoint import Answer, Call, Endpoint, Operation


class NotificationQuery(Model):
    """Which of the caller's notifications."""

    unread: bool = Field(default=False, description="Only those that were not read")
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str, Field(max_length=500)] | None = Field(
        default=None, description="next_cursor of the page before"
    )


def find(call: Call[None, NotificationQuery]) -> Answer:
    """One page, newest first."""
    query = call.query
    inbox = bootstrap.notification_inbox()
    return Answer(inbox.page(call.identity, query.limit, query.cursor, unread_only=query.unread))


def read(call: Call[ReadRequest, None]) -> Answer:
    """Note that they were read; how many are left."""
    return Answer(bootstrap.notification_inbox().read(call.identity, call.body))


ENDPOINT = Endpoint(
    "notifications",
    Operation(
        "GET",
        "/api/notifications",
        find,
        "Read one's notifications",
        description="Newest first, with how many are not read. They are kept for 90 days.",
        permission=Permission.NOTIFICATION_READ,
        query=NotificationQuery,
        returns=NotificationPage,
        tag="notifications",
    ),
    Operation(
        "POST",
        "/api/notifications/read",
        read,
        "Say which notifications one has read",
        description="By their ids, or all there are now. The answer says how many are left.",
        permission=Permission.NOTIFICATION_READ,
        body=ReadRequest,
        returns=Unread,
        tag="notifications",
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)


@https_fn.on_request(**options.HTTP)
def notifications(request: Request) -> Response:
    """/api/notifications."""
    return ENDPOINT(request)
