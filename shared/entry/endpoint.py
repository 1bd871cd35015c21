"""An endpoint: the operations of one URL path, let through the gate, decoded, carried out and encoded.

def get(call: Call[None, None]) -> Answer:
    return Answer(bootstrap.profiles().get(call.identity))

ENDPOINT = Endpoint(
        "auth_profile",
        Operation("GET", "/api/auth/profile", get, "Read your profile", returns=Profile, permission=PROFILE_READ),
        settings=bootstrap.settings,
        gate=bootstrap.gate,
    )
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import cast

from flask import Request, Response
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.routing import Map, Rule

from shared.domain.errors import InvalidInputError, NotAuthenticatedError, SecuraError
from shared.entry import forms, logs, problems, uploads
from shared.entry.gate import Gate, Passage
from shared.entry.operations import MAX_KEY, Answer, Call, Operation
from shared.settings import Settings

__all__ = ["MAX_BODY", "MAX_KEY", "Answer", "Call", "Endpoint", "Operation"]

MAX_BODY = 256 * 1024
"""Bytes of a JSON body; a form with a file has a limit of its own."""


class Endpoint:
    """A WSGI-side callable: takes the flask request, gives the flask response, never raises.

    Without a gate every operation is public and unlimited: that is for the platform's own pages, which must not need
    any other service. An operation with a permission then answers 401 to everybody.
    """

    def __init__(
        self,
        name: str,
        *operations: Operation,
        settings: Callable[[], Settings],
        gate: Callable[[], Gate] | None = None,
    ) -> None:
        self.name = name
        self.operations = operations
        self.gate = gate
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
        passage = Passage(trace.trace_id)
        response = self._answer_or_problem(request, passage)
        response.headers.update(passage.headers())
        response.headers["X-Request-Id"] = trace.trace_id
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Cache-Control", "no-store")
        logs.logger().info(
            "request",
            httpRequest={"requestMethod": request.method, "requestUrl": request.path, "status": response.status_code},
            milliseconds=round((time.perf_counter() - started) * 1000, 1),
        )
        return response

    def _answer_or_problem(self, request: Request, passage: Passage) -> Response:
        try:
            return self._answer(request, passage)
        except SecuraError as error:
            if isinstance(error, NotAuthenticatedError):
                logs.logger().info("not authenticated", reason=error.reason)
            response = problems.from_domain(error, passage.request_id)
            return self._noted(response, passage, error)
        except ValidationError as error:
            return problems.from_validation(error, passage.request_id)
        except HTTPException as error:
            return problems.from_http(error, passage.request_id)
        except Exception:  # noqa: BLE001  # the last resort of the process: logged in full, told in nothing
            logs.logger().exception("unexpected failure")
            return problems.internal(passage.request_id)

    def _noted(self, response: Response, passage: Passage, error: SecuraError) -> Response:
        if self.gate is None:
            return response
        try:
            self.gate().refused(passage, response.status_code, error)
        except Exception:  # noqa: BLE001  # the answer stands, whether or not it could be taken note of
            logs.logger().exception("unexpected failure")
        return response

    def _answer(self, request: Request, passage: Passage) -> Response:
        operation, path = self._route(request)
        if self.gate is not None:
            self.gate().admit(request, operation, passage)
        elif operation.permission is not None:
            raise NotAuthenticatedError("no gate")
        query = _query(request, operation.query)
        with uploads.received(request, operation.upload) as upload:
            body = _body(request, operation) if upload is None else None
            who = (passage.identity, passage.origin)
            answer = operation.handler(Call(body, query, path, request, passage.request_id, *who, upload))
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


def _body(request: Request, operation: Operation) -> BaseModel | None:
    if operation.body:
        return _json_body(request, operation.body)
    if operation.form:
        return operation.form.model_validate(forms.decode(_raw_body(request, forms.CONTENT_TYPE)))
    return None


def _raw_body(request: Request, content_type: str) -> bytes:
    if request.mimetype != content_type:
        raise UnsupportedMediaType(f"Send the body as {content_type}")
    if request.content_length is not None and request.content_length > MAX_BODY:
        raise RequestEntityTooLarge(f"The body is over {MAX_BODY} bytes")
    raw = request.stream.read(MAX_BODY + 1)
    if len(raw) > MAX_BODY:
        raise RequestEntityTooLarge(f"The body is over {MAX_BODY} bytes")
    return raw


def _json_body(request: Request, model: type[BaseModel]) -> BaseModel:
    raw = _raw_body(request, "application/json")
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        if any(issue["type"] == "json_invalid" for issue in error.errors(include_input=False)):
            raise BadRequest("The body is not JSON") from error
        raise
