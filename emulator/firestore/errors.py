"""Refusals, with the status codes and sentences of production."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """The canonical codes of google.rpc.Code that the service uses."""

    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


class FirestoreError(Exception):
    """A refused call: what the client gets as its status."""

    def __init__(self, code: Code, message: str, *, retry_after: float | None = None) -> None:
        """`retry_after`: seconds after which the client is told to come again."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after


def invalid(message: str) -> FirestoreError:
    """The request is malformed, whatever the state of the database."""
    return FirestoreError(Code.INVALID_ARGUMENT, message)


def aborted(message: str) -> FirestoreError:
    """The call lost against a concurrent transaction and may be tried again."""
    return FirestoreError(Code.ABORTED, message)


def failed_precondition(message: str) -> FirestoreError:
    """The state of the database does not allow the call."""
    return FirestoreError(Code.FAILED_PRECONDITION, message)
