"""Why a call is refused; each API writes it in its own form."""

from __future__ import annotations

from http import HTTPStatus


class StorageError(Exception):
    """A refusal; `reason` is the word of the JSON API's table of errors, `message` a sentence for people."""

    status = HTTPStatus.BAD_REQUEST
    reason = "invalid"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidError(StorageError):
    """The request does not make sense."""


class ExpiredError(StorageError):
    """A signed URL is no longer valid."""

    reason = "expired"


class TooLargeError(StorageError):
    """The content is longer than the call allows."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    reason = "uploadTooLarge"


class UnauthenticatedError(StorageError):
    """The user's token is not to be believed."""

    status = HTTPStatus.UNAUTHORIZED
    reason = "authError"


class ForbiddenError(StorageError):
    """The caller may not."""

    status = HTTPStatus.FORBIDDEN
    reason = "forbidden"


class NotFoundError(StorageError):
    """There is no such bucket, object or upload."""

    status = HTTPStatus.NOT_FOUND
    reason = "notFound"


class BucketNotFoundError(NotFoundError):
    """There is no such bucket."""

    def __init__(self) -> None:
        super().__init__("The specified bucket does not exist.")


class ConflictError(StorageError):
    """What is to be made is there already, or what is to be removed is in use."""

    status = HTTPStatus.CONFLICT
    reason = "conflict"


class GoneError(StorageError):
    """The upload has been cancelled."""

    status = HTTPStatus.GONE
    reason = "uploadGone"


class ConditionNotMetError(StorageError):
    """The object is not as the request wants it."""

    status = HTTPStatus.PRECONDITION_FAILED
    reason = "conditionNotMet"

    def __init__(self) -> None:
        super().__init__("At least one of the pre-conditions you specified did not hold.")


class NotModifiedError(StorageError):
    """The object is as the reader has it."""

    status = HTTPStatus.NOT_MODIFIED
    reason = "notModified"

    def __init__(self) -> None:
        super().__init__("Not modified.")


class RangeError(StorageError):
    """No byte of the object lies in the range asked for."""

    status = HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    reason = "requestedRangeNotSatisfiable"

    def __init__(self, size: int) -> None:
        super().__init__("Request range not satisfiable.")
        self.size = size


class UnsupportedError(StorageError):
    """There is no such call here."""

    status = HTTPStatus.NOT_IMPLEMENTED
    reason = "notImplemented"
