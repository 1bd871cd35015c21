"""Refusals, with the status codes and words of production."""

from __future__ import annotations

import grpc


class PubsubError(Exception):
    """A call is refused with a gRPC status."""

    def __init__(self, code: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def not_found(resource: str) -> PubsubError:
    """There is no such topic or subscription."""
    return PubsubError(grpc.StatusCode.NOT_FOUND, f"Resource not found (resource={resource.rsplit('/', 1)[-1]}).")


def already_exists(resource: str) -> PubsubError:
    """It exists."""
    return PubsubError(
        grpc.StatusCode.ALREADY_EXISTS,
        f"Resource already exists in the project (resource={resource.rsplit('/', 1)[-1]}).",
    )


def invalid(message: str) -> PubsubError:
    """The request makes no sense."""
    return PubsubError(grpc.StatusCode.INVALID_ARGUMENT, message)


def failed_precondition(message: str) -> PubsubError:
    """The state of the resource does not allow the call."""
    return PubsubError(grpc.StatusCode.FAILED_PRECONDITION, message)


def unimplemented(message: str) -> PubsubError:
    """Production can do this, this server cannot."""
    return PubsubError(grpc.StatusCode.UNIMPLEMENTED, message)
