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
from pydantic import BaseModel

from shared.entry.endpoint import MAX_KEY, Endpoint, Operation
from shared.entry.problems import CONTENT_TYPE, Problem

_TAGS = [
    Tag(name="incidents", description="Report, list, read and change incidents"),
    Tag(name="auth", description="Join, look at tokens, one's own profile"),
    Tag(name="platform", description="The service itself"),
]


_HEADERS = {
    "If-Match": {"type": "string", "pattern": r'^"\d{1,9}"$', "examples": ['"3"']},
    "Idempotency-Key": {"type": "string", "pattern": f"^[ -~]{{1,{MAX_KEY}}}$"},
}


def document(endpoints: Iterable[Endpoint], version: str) -> dict[str, Any]:
    """The whole contract as a JSON-serialisable OpenAPI 3.1 document."""
    paths: dict[str, dict[str, OperationObject]] = {}
    for operation in (operation for endpoint in endpoints for operation in endpoint.operations):
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
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
                )
            }
        ),
    )
    filled = construct_open_api_with_schema_class(api)
    result: dict[str, Any] = filled.model_dump(mode="json", by_alias=True, exclude_none=True)
    return result


def _operation(operation: Operation) -> OperationObject:
    return OperationObject(
        operationId=operation.handler.__module__.rsplit(".", 1)[-1] + "_" + operation.handler.__name__,
        summary=operation.summary,
        description=operation.description or None,
        tags=[operation.tag],
        security=[{"firebase": []}] if operation.permission else [],
        parameters=list(_parameters(operation)) or None,
        requestBody=_body(operation.body) if operation.body else None,
        responses=_responses(operation),
    )


def _body(model: type[BaseModel]) -> RequestBody:
    return RequestBody(
        required=True, content={"application/json": MediaType(schema=PydanticSchema(schema_class=model))}
    )


def _parameters(operation: Operation) -> Iterator[Parameter]:
    text = {"type": "string", "minLength": 1}
    for part in operation.path.split("/"):
        if part.startswith("{"):
            yield _parameter("path", part.strip("{}"), text, required=True)
    for name, purpose in operation.headers.items():
        yield _parameter("header", name, _HEADERS[name], purpose, required=name == "If-Match")
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


def _responses(operation: Operation) -> dict[str, Response]:
    success = Response(description=operation.status.phrase)
    if operation.returns is not None:
        success = Response(
            description=operation.status.phrase,
            headers={
                "X-Request-Id": Header(description="Names this request in the logs", schema=Schema(type="string"))
            },
            content={"application/json": MediaType(schema=PydanticSchema(schema_class=operation.returns))},
        )
    failures = {
        status: Response(
            description=status.phrase,
            content={CONTENT_TYPE: MediaType(schema=PydanticSchema(schema_class=Problem))},
        )
        for status in _failures(operation)
    }
    return {str(int(operation.status)): success} | {str(int(status)): answer for status, answer in failures.items()}


def _failures(operation: Operation) -> list[HTTPStatus]:
    found = set(operation.failures)
    if operation.body:
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
