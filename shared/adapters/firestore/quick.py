"""Small calls on the way of a request: answered soon or given up, and never sent twice by the client itself."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from google.api_core.exceptions import Aborted, GoogleAPICallError, RetryError
from google.cloud.firestore import WriteBatch

from shared.domain.errors import UnavailableError

TIMEOUT = 2.0  # seconds; a commit takes some tens of milliseconds
# The client's own types know no None for "no retry", which its documentation has.
NO_RETRY: Any = None
_TRIES = 4
_FIRST_PAUSE = 0.02  # seconds; doubled each time


@contextmanager
def quick_errors() -> Iterator[None]:
    """Turn whatever the database answers but success into `UnavailableError`: the request goes on without it."""
    try:
        yield
    except (GoogleAPICallError, RetryError) as error:
        raise UnavailableError("The database does not answer; try again in a moment") from error


def commit(batch: WriteBatch) -> list[int]:
    """Commit; the results of the batch's increments, in the order of the fields' names.

    An increment is not idempotent, so it is not retried: one that was lost on the way is missing, none is double. Only
    what the database says it did not do, since others wrote to the document, is done again after a jittered pause.
    """
    for attempt in range(_TRIES - 1):
        try:
            return _commit(batch)
        except Aborted:
            time.sleep(random.uniform(0, _FIRST_PAUSE * 2**attempt))  # noqa: S311  # jitter, not a secret
    return _commit(batch)


def _commit(batch: WriteBatch) -> list[int]:
    results = batch.commit(retry=NO_RETRY, timeout=TIMEOUT)
    return [value.integer_value for result in results for value in result.transform_results]
