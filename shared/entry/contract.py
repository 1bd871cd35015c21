"""The operations as an OpenAPI 3.1 document, generated from their models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any

from openapi_pydantic import (
    Components,
    Header,
    Info,
    License,
    MediaType,
    OpenAPI,
    Parameter,
    PathItem,
    RequestBody,
    Response,
    Schema,
    SecurityScheme,
    Server,
    Tag,
)
from openapi_pydantic import Operation as OperationObject
from openapi_pydantic.util import PydanticSchema, construct_open_api_with_schema_class

from shared.entry import forms, uploads
from shared.entry.endpoint import MAX_KEY, Endpoint, Operation
from shared.entry.gates.apps import HEADER as APP_CHECK_HEADER
from shared.entry.problems import CONTENT_TYPE, Problem

_TAGS = [
    Tag(name="incidents", description="Report, list, read and change incidents"),
    Tag(name="on-call", description="Who is on call, and the rota"),
    Tag(name="notifications", description="What the platform tells one"),
    Tag(name="auth", description="Joining, one's own profile, sessions and account; people and roles"),
    Tag(name="applications", description="Apply to the security team, decide on applications"),
    Tag(name="audit", description="Read, export and verify what was done"),
    Tag(name="platform", description="The service itself"),
]


_HEADERS = {
    "If-Match": {"type": "string", "pattern": r'^"\d{1,9}"$', "examples": ['"3"']},
    "Idempotency-Key": {"type": "string", "pattern": f"^[ -~]{{1,{MAX_KEY}}}$"},
}


def document(endpoints: Iterable[Endpoint], version: str) -> dict[str, Any]:
    """The whole contract as a JSON-serialisable OpenAPI 3.1 document."""
    paths: dict[str, dict[str, OperationObject]] = {}
    for endpoint in endpoints:
        for operation in endpoint.operations:
            paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(
                operation, gated=endpoint.gate is not None
            )
    api = OpenAPI(
        openapi="3.1.1",
        info=Info(
            title="Secura",
            version=version,
            description="Report security incidents, triage and close them with the help of AI.",
            license=License(name="Apache-2.0", identifier="Apache-2.0"),
        ),
        servers=[Server(url="/")],
        tags=_TAGS,
        paths={path: PathItem(**operations) for path, operations in sorted(paths.items())},
        components=Components(
            securitySchemes={
                "firebase": SecurityScheme(
                    type="http", scheme="bearer", bearerFormat="JWT", description="A Firebase ID token"
                ),
                "appCheck": SecurityScheme.model_validate(
                    {
                        "type": "apiKey",
                        "in": "header",
                        "name": APP_CHECK_HEADER,
                        "description": "A Firebase App Check token, where the platform enforces it",
                    }
                ),
            }
        ),
    )
    filled = construct_open_api_with_schema_class(api)
    result: dict[str, Any] = filled.model_dump(mode="json", by_alias=True, exclude_none=True)
    return result


def _operation(operation: Operation, *, gated: bool) -> OperationObject:
    return OperationObject(
        operationId=operation.handler.__module__.rsplit(".", 1)[-1] + "_" + operation.handler.__name__,
        summary=operation.summary,
        description=operation.description or None,
        tags=[operation.tag],
        security=[{"firebase": []}] if operation.permission else [],
        parameters=list(_parameters(operation)) or None,
        requestBody=_body(operation),
        responses=_responses(operation, gated=gated),
    )


def _body(operation: Operation) -> RequestBody | None:
    content: dict[str, MediaType] = {}
    if operation.body is not None:
        content["application/json"] = MediaType(schema=PydanticSchema(schema_class=operation.body))
    if operation.form is not None:
        content[forms.CONTENT_TYPE] = MediaType(schema=PydanticSchema(schema_class=operation.form))
    if operation.upload is not None:
        content[uploads.CONTENT_TYPE] = MediaType(schema=_form_with_file(operation.upload))
    return RequestBody(required=True, content=content) if content else None


def _form_with_file(rule: uploads.UploadRule) -> Schema:
    described = rule.fields.model_json_schema(by_alias=True)
    fields = _inlined(described.get("properties", {}), described.get("$defs", {}))
    # OpenAPI 3.1, "Considerations for File Uploads": raw bytes are a schema without a type.
    file = {"contentMediaType": "application/octet-stream", "description": f"At most {rule.limit} bytes"}
    return Schema.model_validate(
        {
            "type": "object",
            "properties": {uploads.FILE: file, **fields},
            "required": [uploads.FILE, *described.get("required", [])],
            "additionalProperties": False,
        }
    )


def _parameters(operation: Operation) -> Iterator[Parameter]:
    text = {"type": "string", "minLength": 1}
    for part in operation.path.split("/"):
        if part.startswith("{"):
            yield _parameter("path", part.strip("{}"), text, required=True)
    for name, purpose in operation.headers.items():
        yield _parameter(
            "header",
            name,
            _HEADERS[name],
            purpose,
            required=name == "If-Match" and HTTPStatus.PRECONDITION_REQUIRED in operation.failures,
        )
    if operation.query is None:
        return
    described = operation.query.model_json_schema(by_alias=True)
    for name, schema in described["properties"].items():
        purpose = schema.pop("description", "")
        yield _parameter("query", name, _inlined(schema, described.get("$defs", {})), purpose)


def _parameter(place: str, name: str, schema: Any, purpose: str = "", *, required: bool = False) -> Parameter:
    # By its aliases, since `in` is no name in Python.
    return Parameter.model_validate(
        {"in": place, "name": name, "schema": schema, "description": purpose or None, "required": required}
    )


def _inlined(schema: Any, definitions: dict[str, Any]) -> Any:
    """A parameter's schema with the definitions it refers to put in its place: they are all plain enumerations."""
    if isinstance(schema, list):
        return [_inlined(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return definitions[schema["$ref"].rsplit("/", 1)[-1]]
    return {name: _inlined(part, definitions) for name, part in schema.items()}


def _header(purpose: str, example: str) -> Header:
    return Header(description=purpose, schema=Schema(type="string", examples=[example]))


_ANSWER_HEADERS = {"X-Request-Id": _header("Names this request in the logs", "0123456789abcdef0123456789abcdef")}
_LIMIT_HEADERS = {
    "RateLimit-Policy": _header(
        "The quotas this counts against: q requests in w seconds", '"write-user";q=60;w=60, "write-address";q=6000;w=60'
    ),
    "RateLimit": _header("How many requests are left, and in how many seconds all are again", '"write-user";r=59;t=42'),
}
_PAGE = {"text/html": MediaType(schema=Schema(type="string"))}
_RETRY_AFTER = {"Retry-After": _header("In how many seconds to try again", "42")}


def _responses(operation: Operation, *, gated: bool) -> dict[str, Response]:
    headers = _ANSWER_HEADERS | (_LIMIT_HEADERS if gated else {})
    success = Response(description=operation.status.phrase)
    if operation.returns is not None:
        success = Response(
            description=operation.status.phrase,
            headers=dict(headers),
            content={"application/json": MediaType(schema=PydanticSchema(schema_class=operation.returns))}
            | _media(operation),
        )
    elif operation.media:
        success = Response(description=operation.status.phrase, headers=dict(headers), content=_media(operation))
    elif operation.page:
        success = Response(description=operation.status.phrase, headers=dict(headers), content=_PAGE)
    # Where App Check is enforced, a public operation answers 401 too.
    by_gate = {HTTPStatus.UNAUTHORIZED, HTTPStatus.TOO_MANY_REQUESTS} if gated else set()
    failures = {
        status: Response(
            description=status.phrase,
            headers=headers | _RETRY_AFTER if status is HTTPStatus.TOO_MANY_REQUESTS else None,
            content={CONTENT_TYPE: MediaType(schema=PydanticSchema(schema_class=Problem))}
            | (_PAGE if operation.page else {}),
        )
        for status in sorted({*_failures(operation), *by_gate})
    }
    return {str(int(operation.status)): success} | {str(int(status)): answer for status, answer in failures.items()}


def _media(operation: Operation) -> dict[str, MediaType]:
    return {kind: MediaType(schema=Schema()) for kind in operation.media}


def _failures(operation: Operation) -> list[HTTPStatus]:
    found = set(operation.failures)
    if operation.body or operation.form or operation.upload:
        found |= {
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
        }
    if operation.query:
        found.add(HTTPStatus.UNPROCESSABLE_ENTITY)
    if operation.permission:
        found |= {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.SERVICE_UNAVAILABLE}
    if operation.returns:
        found.add(HTTPStatus.INTERNAL_SERVER_ERROR)
    return sorted(found)
