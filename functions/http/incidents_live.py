"""WebSocket /api/incidents/ws/{user_id}: what changes at incidents, for clients that do not listen to Firestore.

On the function's own URL: Firebase Hosting carries no WebSockets. Each one holds a thread, so the environment variable
THREADS, which functions-framework goes by, has to be as large as `concurrency`.
"""

from __future__ import annotations

from http import HTTPStatus

import flask
from firebase_functions import https_fn
from flask import Request, Response
from werkzeug.routing import Rule

from functions import options
from shared import bootstrap
from shared.domain.limits import LimitClass
from shared.domain.permissions import Permission
from shared.entry import logs, websocket
from shared.entry.endpoint import Answer, Call, Endpoint, Operation
from shared.entry.problems import upgrade_required

MAX_SOCKETS = 200
PATH = "/api/incidents/ws/{user_id}"

# functions-framework routes no WebSockets: to the router they are another kind of request.
if flask.has_app_context():
    flask.current_app.url_map.add(Rule("/<path:path>", endpoint="run", websocket=True))


def plain(call: Call[None, None]) -> Answer:
    """What an ordinary request is told."""
    return Answer(upgrade_required(call.request_id))


ENDPOINT = Endpoint(
    "incidents_live",
    Operation(
        "GET",
        PATH,
        plain,
        "Follow changes over a WebSocket",
        description="A WebSocket (docs/realtime.md), on the function's own URL. A request that asks for none is 426.",
        returns=None,
        status=HTTPStatus.SWITCHING_PROTOCOLS,
        tag="incidents",
        limit=LimitClass.AUTH,
        failures=(HTTPStatus.UPGRADE_REQUIRED, HTTPStatus.SERVICE_UNAVAILABLE),
    ),
    settings=bootstrap.settings,
    gate=bootstrap.gate,
)

FOLLOW = Operation(
    "GET",
    PATH,
    plain,
    "Follow changes",
    returns=None,
    permission=Permission.INCIDENT_READ_OWN,
    sensitive=True,  # a connection lives for long: it begins with what the person's document says now
)


@https_fn.on_request(**(options.HTTP | {"concurrency": MAX_SOCKETS, "timeout_sec": 3600}))
def incidents_live(request: Request) -> Response:
    """WebSocket /api/incidents/ws/{user_id}."""
    user_id = request.path.removeprefix(PATH.partition("{")[0])
    if not websocket.is_upgrade(request) or not user_id or "/" in user_id:
        return ENDPOINT(request)
    trace = logs.Trace.of(dict(request.headers))
    logs.begin(trace, bootstrap.settings(), function="incidents_live", request_id=trace.trace_id)
    return bootstrap.live_updates(FOLLOW, MAX_SOCKETS)(request, user_id, trace.trace_id)
