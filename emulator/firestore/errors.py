"""Refusals, with the status codes and sentences of production."""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """The canonical codes of google.rpc.Code that the service uses."""

    INVALID_ARGUMENT = 3
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    UNIMPLEMENTED = 12


class FirestoreError(Exception):
    """A refused call: what the client gets as its status."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def invalid(message: str) -> FirestoreError:
    """The request is malformed, whatever the state of the database."""
    return FirestoreError(Code.INVALID_ARGUMENT, message)


def aborted(message: str) -> FirestoreError:
    """The call lost against a concurrent transaction and may be tried again."""
    return FirestoreError(Code.ABORTED, message)


def failed_precondition(message: str) -> FirestoreError:
    """The state of the database does not allow the call."""
    return FirestoreError(Code.FAILED_PRECONDITION, message)
