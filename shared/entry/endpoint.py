"""An endpoint: the operations of one URL path, decoded, authorised, carried out and encoded.

def get(call: Call[None, None]) -> Answer:
    return Answer(bootstrap.profiles().get(call.identity))

ENDPOINT = Endpoint(
        "auth_profile",
        Operation("GET", "/api/auth/profile", get, "Read your profile", returns=Profile, permission=PROFILE_READ),
        settings=bootstrap.settings,
        verifier=bootstrap.token_verifier,
    )
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Generic, Literal, TypeVar, cast

from flask import Request, Response
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.routing import Map, Rule

from shared.domain.errors import ForbiddenError, InvalidInputError, NotAuthenticatedError, SecuraError
from shared.domain.people import Identity
from shared.domain.permissions import Permission
from shared.entry import logs, problems
from shared.ports.identity import TokenVerifier
from shared.settings import Settings

MAX_BODY = 256 * 1024
"""Bytes of a JSON body; uploads have a limit of their own."""
MAX_KEY = 255

BodyT = TypeVar("BodyT", bound=BaseModel | None)
QueryT = TypeVar("QueryT", bound=BaseModel | None)
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Call(Generic[BodyT, QueryT]):
    """One decoded request. `identity` is there whenever the operation is not public."""

    body: BodyT
    query: QueryT
    path: Mapping[str, str]
    request: Request
    request_id: str
    _identity: Identity | None = None

    @property
    def identity(self) -> Identity:
        """Who is asking.

        Raises:
            NotAuthenticatedError: the operation is public and nobody said who they are.
        """
        if self._identity is None:
            raise NotAuthenticatedError
        return self._identity

    @property
    def idempotency_key(self) -> str | None:
        """The Idempotency-Key header: 1 to 255 printable ASCII characters.

        Raises:
            InvalidInputError: it is something else.
        """
        key = self.request.headers.get("Idempotency-Key")
        if key is not None and not (1 <= len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
            raise InvalidInputError(
                "The Idempotency-Key is not usable", {"Idempotency-Key": "1 to 255 printable ASCII characters"}
            )
        return key


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: a model (sent as JSON) or a ready response."""

    content: BaseModel | Response
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Operation:
    """One method of one path: what it takes, what it gives, who may. `permission` None makes it public."""

    method: Method
    path: str
    handler: Callable[[Call[Any, Any]], Answer]
    summary: str
    returns: type[BaseModel] | None
    permission: Permission | None = None
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    status: HTTPStatus = HTTPStatus.OK
    description: str = ""
    tag: str = "platform"
    headers: Mapping[str, str] = field(default_factory=dict)  # request header → what it is for, for the OpenAPI page
    failures: tuple[HTTPStatus, ...] = ()  # beyond those that follow from the rest


class Endpoint:
    """A WSGI-side callable: takes the flask request, gives the flask response, never raises."""

    def __init__(
        self,
        name: str,
        *operations: Operation,
        settings: Callable[[], Settings],
        verifier: Callable[[], TokenVerifier] | None = None,
    ) -> None:
        self.name = name
        self.operations = operations
        self._verifier = verifier
        self._settings = settings
        # OPTIONS is not answered by the map itself; a HEAD is served by its GET, whose body the server drops.
        self._routes = Map(
            [Rule(op.path.replace("{", "<").replace("}", ">"), methods=[op.method], endpoint=op) for op in operations],
            strict_slashes=False,
        )

    def __call__(self, request: Request) -> Response:
        """Answer the request; every failure is a problem, an unexpected one is logged with its traceback."""
        trace = logs.Trace.of(dict(request.headers))
        logs.begin(trace, self._settings(), function=self.name, request_id=trace.trace_id)
        started = time.perf_counter()
        try:
            response = self._answer(request, trace.trace_id)
        except NotAuthenticatedError as error:
            logs.logger().info("not authenticated", reason=error.reason)
            response = problems.from_domain(error, trace.trace_id)
        except SecuraError as error:
            response = problems.from_domain(error, trace.trace_id)
        except ValidationError as error:
            response = problems.from_validation(error, trace.trace_id)
        except HTTPException as error:
            response = problems.from_http(error, trace.trace_id)
        except Exception:  # noqa: BLE001  # the last resort of the process: logged in full, told in nothing
            logs.logger().exception("unexpected failure")
            response = problems.internal(trace.trace_id)
        response.headers["X-Request-Id"] = trace.trace_id
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Cache-Control", "no-store")
        logs.logger().info(
            "request",
            httpRequest={"requestMethod": request.method, "requestUrl": request.path, "status": response.status_code},
            milliseconds=round((time.perf_counter() - started) * 1000, 1),
        )
        return response

    def _answer(self, request: Request, request_id: str) -> Response:
        operation, path = self._route(request)
        identity = self._identify(request, operation)
        query = _query(request, operation.query)
        body = _json_body(request, operation.body) if operation.body else None
        answer = operation.handler(Call(body, query, path, request, request_id, identity))
        if isinstance(answer.content, Response):
            answer.content.headers.update(answer.headers)
            return answer.content
        return Response(
            answer.content.model_dump_json(),
            status=answer.status,
            content_type="application/json",
            headers=dict(answer.headers),
        )

    def _route(self, request: Request) -> tuple[Operation, Mapping[str, str]]:
        adapter = self._routes.bind("")
        operation, path = adapter.match(request.path, request.method)
        return cast("Operation", operation), path

    def _identify(self, request: Request, operation: Operation) -> Identity | None:
        if operation.permission is None:
            return None
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if self._verifier is None or scheme.lower() != "bearer" or not token.strip():
            raise NotAuthenticatedError
        identity = self._verifier().verify(token.strip()).identity
        logs.bind_user(identity.uid)
        if not identity.can(operation.permission):
            raise ForbiddenError(f"This needs the permission {operation.permission}")
        return identity


def _query(request: Request, model: type[BaseModel] | None) -> BaseModel | None:
    if model is None:
        if request.args:
            unknown = dict.fromkeys(sorted(request.args), "unknown")
            raise InvalidInputError("This call takes no query parameters", unknown)
        return None
    repeated = [name for name in request.args if len(request.args.getlist(name)) > 1]
    if repeated:
        raise InvalidInputError("A query parameter came twice", dict.fromkeys(repeated, "give it once"))
    return model.model_validate(request.args.to_dict())


def _json_body(request: Request, model: type[BaseModel]) -> BaseModel:
    if request.mimetype != "application/json":
        raise UnsupportedMediaType("Send the body as application/json")
    if request.content_length is not None and request.content_length > MAX_BODY:
        raise RequestEntityTooLarge(f"The body is over {MAX_BODY} bytes")
    raw = request.stream.read(MAX_BODY + 1)
    if len(raw) > MAX_BODY:
        raise RequestEntityTooLarge(f"The body is over {MAX_BODY} bytes")
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        if any(issue["type"] == "json_invalid" for issue in error.errors(include_input=False)):
            raise BadRequest("The body is not JSON") from error
        raise
