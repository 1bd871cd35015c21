"""One way to run a transaction."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from google.api_core.exceptions import (
    Aborted,
    DeadlineExceeded,
    GoogleAPICallError,
    ResourceExhausted,
    RetryError,
    ServiceUnavailable,
)
from google.cloud.firestore import Client, Transaction

from shared.domain.errors import TooManyConflictsError, UnavailableError

T = TypeVar("T")
_TRIES = 8
_FIRST_PAUSE = 0.02  # seconds; doubled each time, with full jitter
_LONGEST_PAUSE = 1.0


@contextmanager
def firestore_errors() -> Iterator[None]:
    """Turn the errors that pass by themselves into `UnavailableError`; the client has retried them already."""
    try:
        yield
    except (ServiceUnavailable, DeadlineExceeded, ResourceExhausted, RetryError) as error:
        raise UnavailableError("The database does not answer; try again in a moment") from error


def run_transaction(client: Client, body: Callable[[Transaction], T]) -> T:
    """Run `body` in a read-write transaction and commit it.

    The client's own `@transactional` retries an Aborted commit without a pause and never an Aborted read; here both are
    tried again, after a jittered exponential pause, with the earlier transaction's id so that it keeps its age in the
    server's queue. `body` may run several times and must not have effects of its own.

    Raises:
        TooManyConflictsError: every try was aborted.
        Whatever `body` raises; nothing is written then.
    """
    retry_id: bytes | None = None
    for attempt in range(_TRIES):
        transaction = client.transaction(max_attempts=1)
        try:
            transaction._begin(retry_id=retry_id)  # noqa: SLF001  # the client offers no public way to pass a retry id
            retry_id = transaction.id
            result = body(transaction)
            transaction._commit()  # noqa: SLF001  # public only through @transactional
        except Aborted:
            _rollback(transaction)
            pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)
            time.sleep(random.uniform(0, pause))  # noqa: S311  # jitter, not a secret
        except BaseException:
            _rollback(transaction)
            raise
        else:
            return result
    raise TooManyConflictsError("Others kept changing it; try again in a moment")


def _rollback(transaction: Transaction) -> None:
    if not transaction.in_progress:
        return
    try:
        transaction._rollback()  # noqa: SLF001  # public only through @transactional
    except GoogleAPICallError:
        # The server drops an aborted or idle transaction by itself; the error that led here is the one to report.
        return
