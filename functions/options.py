"""How functions are deployed: the defaults in one place, what differs stands beside the function.

Sources: Cloud Run functions' limits; concurrency needs a whole CPU, and gunicorn serves it with threads.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, TypeVar

from firebase_functions.options import MemoryOption

REGION = "europe-west1"

HTTP: dict[str, Any] = {
    "region": REGION,
    "memory": MemoryOption.MB_256,
    "cpu": 1,
    "concurrency": 40,
    "timeout_sec": 60,  # Firebase Hosting ends a request after 60 s whatever the function allows
    "max_instances": 20,
    "min_instances": 0,
}

EVENT: dict[str, Any] = {
    "region": REGION,
    "memory": MemoryOption.MB_256,
    "cpu": 1,
    "concurrency": 20,
    "timeout_sec": 60,
    "max_instances": 20,
    "min_instances": 0,
}

AUDIT_SECRETS = ["SECURA_AUDIT_MASTER_KEY"]
"""What a function needs that records what it does: the key to the personal values of the audit trail."""

LINK_SECRETS = ["SECURA_LINK_KEY"]
"""What a function needs that makes or reads the tokens of links."""

SCHEDULED: dict[str, Any] = {
    "region": REGION,
    "memory": MemoryOption.MB_256,
    "timeout_sec": 300,
    "max_instances": 1,
    "retry_count": 1,
}

F = TypeVar("F", bound=Callable[..., Any])


def retried(function: F) -> F:
    """Have failed events delivered again. Off by default, and then a failed event is lost without a word.

    The SDK has a `retry` option for Pub/Sub but writes False for every Firestore trigger (firebase-functions 0.6.0), so
    it is set on the endpoint that the Firebase CLI reads.
    """
    endpoint = function.__firebase_endpoint__  # type: ignore[attr-defined]  # put there by the SDK's decorator
    trigger = {**endpoint.eventTrigger, "retry": True}
    function.__firebase_endpoint__ = dataclasses.replace(endpoint, eventTrigger=trigger)  # type: ignore[attr-defined]
    return function
