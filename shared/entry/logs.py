"""Structured logs: JSON lines as Cloud Logging reads them, each with the request's trace.

No message body, token, password or address is ever logged: callers pass ids and counts.
Source of the field names: Cloud Logging, "Special fields in structured payloads".
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import structlog

from shared.settings import Settings

_CLOUD_TRACE = re.compile(r"^(?P<trace>[0-9a-fA-F]{32})(/(?P<span>\d{1,20}))?(;o=\d)?$")
_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Trace:
    """The trace a request belongs to; `trace_id` is 32 hexadecimal digits."""

    trace_id: str

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Trace:
        """From `traceparent` (W3C) or `X-Cloud-Trace-Context`; a fresh one where neither is usable."""
        match = _TRACEPARENT.match(headers.get("Traceparent", "")) or _CLOUD_TRACE.match(
            headers.get("X-Cloud-Trace-Context", "")
        )
        return cls(match["trace"].lower() if match else secrets.token_hex(16))


def _as_cloud_logging(_: Any, method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    event["severity"] = "WARNING" if method == "warning" else "ERROR" if method == "exception" else method.upper()
    event["message"] = event.pop("event", "")
    return event


@cache
def _configure(level: str) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.format_exc_info,
            _as_cloud_logging,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(),
        cache_logger_on_first_use=False,
    )


def begin(trace: Trace, settings: Settings, **context: str) -> None:
    """Start a request's or an event's context: every line logged until the next call carries it."""
    _configure(settings.log_level)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(
        **{"logging.googleapis.com/trace": f"projects/{settings.project}/traces/{trace.trace_id}"}, **context
    )


def bind_user(uid: str) -> None:
    """Add who is asking, by the opaque uid, to the request's context."""
    structlog.contextvars.bind_contextvars(user_id=uid)


def logger() -> structlog.typing.FilteringBoundLogger:
    """The logger of the process."""
    log: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return log
