"""From a trigger's event to a use case: the log context, and what is retried."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import flask

from shared.domain.errors import NotFoundError, RetryLaterError, TooManyConflictsError, UnavailableError
from shared.entry import logs
from shared.settings import Settings

PASSES_BY_ITSELF = (RetryLaterError, TooManyConflictsError, UnavailableError)


class MalformedEventError(ValueError):
    """The event is not one this function can ever handle."""


def handle(function: str, settings: Settings, event_id: str, action: Callable[[], None]) -> None:
    """Run the action. What may succeed later is raised, so that the platform delivers the event again; an event whose
    subject is gone is acknowledged, with a warning.

    Raises:
        RetryLaterError, TooManyConflictsError, UnavailableError: and anything unexpected.
    """
    logs.begin(logs.Trace.of(_headers()), settings, function=function, event_id=event_id)
    try:
        action()
    except NotFoundError as error:
        logs.logger().warning("the event's subject is gone", detail=str(error))
    except PASSES_BY_ITSELF as error:
        logs.logger().warning("to be delivered again", detail=str(error))
        raise


def _headers() -> dict[str, str]:
    # functions-framework delivers an event inside a flask request, whose headers carry the trace.
    return dict(flask.request.headers) if flask.has_request_context() else {}


def text_of(payload: object, name: str) -> str:
    """A text field of a Pub/Sub message's JSON payload.

    Raises:
        MalformedEventError: it is not there.
    """
    value = payload.get(name) if isinstance(payload, Mapping) else None
    if not isinstance(value, str) or not value or "/" in value:
        raise MalformedEventError(f"The message holds no usable {name}")
    return value
