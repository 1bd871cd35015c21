"""Reading a document, changing it, and writing it if nobody else did meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from google.api_core.exceptions import (
    Aborted,
    DeadlineExceeded,
    FailedPrecondition,
    NotFound,
    ResourceExhausted,
    RetryError,
    ServiceUnavailable,
)
from google.cloud.firestore import Client, DocumentReference, DocumentSnapshot, WriteBatch

from shared.adapters.firestore.retrying import TRIES, pause
from shared.domain.errors import TooManyConflictsError, UnavailableError


@contextmanager
def firestore_errors() -> Iterator[None]:
    """Turn the errors that pass by themselves into `UnavailableError`; the client has retried them already."""
    try:
        yield
    except (ServiceUnavailable, DeadlineExceeded, ResourceExhausted, RetryError) as error:
        raise UnavailableError("The database does not answer; try again in a moment") from error


def update_if_unchanged(
    client: Client,
    reference: DocumentReference,
    change: Callable[[DocumentSnapshot[Any]], dict[str, Any]],
    beside: Callable[[WriteBatch], None] | None = None,
) -> None:
    """Write the fields that `change` returns, on the condition that the document is still as it was read.

    For one document this is as safe as a transaction and costs two calls in place of three, without holding a lock
    over the network. When somebody else was first, it is read again and `change` runs again, after a jittered
    exponential pause; returning no fields writes nothing. `change` must not have effects of its own. `beside` adds what
    is to be written in the same commit.

    Raises:
        TooManyConflictsError: others were first every time.
        Whatever `change` raises, also for a document that does not exist; nothing is written then.
    """
    for attempt in range(TRIES):
        snapshot = reference.get()
        fields = change(snapshot)
        if not fields:
            return
        try:
            batch = client.batch()
            batch.update(reference, fields, option=client.write_option(last_update_time=snapshot.update_time))
            if beside is not None:
                beside(batch)
            batch.commit()
        except (Aborted, FailedPrecondition, NotFound):
            pause(attempt)
        else:
            return
    raise TooManyConflictsError("Others kept changing it; try again in a moment")
