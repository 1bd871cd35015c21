"""Bodies, queries, paths and headers: from the models of an operation, then broken in every way."""

from __future__ import annotations

import json
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

from pydantic import BaseModel

from scripts.fuzzing.people import PERSONAS
from shared.entry.operations import Operation

_NASTY: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    2**70,
    1e308,
    "",
    " ",
    "a",
    "x" * 3000,
    "\u0000",
    "\ud800",
    "\u202e",
    "😀" * 50,
    "<script>",
    "../../etc/passwd",
    "__x__",
    "..",
    "a/b",
    "%00",
    "=1+1",
    "' or 1=1",
    "admin",
    "k\u0456m@example.org",
    [],
    {},
    [[]],
    [None],
    ["a"] * 200,
    {"a": {"b": {}}},
    "2026-01-01T00:00:00Z",
    "2026-13-45",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59Z",
)
_OFTEN = 0.7
_EXTRA = (
    "role",
    "is_lead",
    "uid",
    "email_verified",
    "disabled",
    "sessions_valid_from",
    "reporter_id",
    "applicant_id",
    "status",
    "version",
    "second_factor_required",
    "id",
    "created_at",
    "__proto__",
    "analysis",
    "search_terms",
    "invited",
)
_IDS = ("..", ".", "__x__", "%2e%2e", "a%2fb", "%00", "é", "x" * 1600, "kim-1", "nowhere", "*", "kim")


class Generator:
    """Makes requests from one seed. `known` are ids of documents that exist, by a word of the path."""

    def __init__(self, seed: int, known: dict[str, list[str]]) -> None:
        self.chance = Random(seed)  # noqa: S311  # requests that can be made again
        self.known = known

    def path(self, operation: Operation) -> str:
        """The path with its places filled."""
        path = operation.path
        while "{" in path:
            before, _, rest = path.partition("{")
            _, _, after = rest.partition("}")
            known = next((ids for word, ids in self.known.items() if word in operation.path), [])
            filled = self.chance.choice(known if known and self.chance.random() < _OFTEN else _IDS)
            path = before + quote(filled, safe="%*") + after
        return path

    def query(self, operation: Operation) -> str:
        """A query string."""
        if operation.query is None:
            return "" if self.chance.random() < 0.95 else "x=1"
        schema = operation.query.model_json_schema(by_alias=True)
        pairs = [
            (name, str(self._value(part, schema.get("$defs", {}))))
            for name, part in schema["properties"].items()
            if self.chance.random() < 0.3
        ]
        if self.chance.random() < 0.1:
            pairs.append(
                self.chance.choice([("limit", "101"), ("cursor", "rubbish"), ("unknown", "1"), ("q", "\u0000")])
            )
        if pairs and self.chance.random() < 0.05:
            pairs.append(pairs[0])
        return urlencode(pairs, errors="replace")

    def body(self, operation: Operation) -> tuple[bytes, str]:
        """A body and its content type."""
        if operation.form is not None:
            return self._form(operation.form)
        if operation.body is None:
            return (b"", "") if self.chance.random() < 0.9 else (b"{}", "application/json")
        schema = operation.body.model_json_schema()
        value = self._value(schema, schema.get("$defs", {}))
        if isinstance(value, dict) and self.chance.random() < 0.5:
            self._spoil(value)
        text = json.dumps(value)
        if self.chance.random() < 0.05:
            text = self.chance.choice(
                ["", "{", "null", "[]", '"x"', text[:-1], text + text, "[" * 2000, "\ufeff" + text, "NaN"]
            )
        kinds = ["application/json"] * 20 + [
            "",
            "text/plain",
            "application/json; charset=utf-16",
            "multipart/form-data",
        ]
        return text.encode("utf-8", "surrogatepass"), self.chance.choice(kinds)

    def _form(self, model: type[BaseModel]) -> tuple[bytes, str]:
        fields = {name: str(self.chance.choice(_NASTY)) for name in model.model_fields if self.chance.random() < _OFTEN}
        text = urlencode(fields, errors="replace")
        if self.chance.random() < 0.2:
            text = self.chance.choice([text + "&" + text, "token=%ff", "&" * 50, "other=1", "\u00e9"])
        kinds = ["application/x-www-form-urlencoded"] * 20 + ["", "application/json", "multipart/form-data"]
        return text.encode(), self.chance.choice(kinds)

    def headers(self) -> dict[str, str]:
        """Other headers, good and rubbish."""
        offered = {
            "If-Match": ['"1"', '"1"', '"2"', "1", "*", "W/x", "", '"99999999999"'],
            "Idempotency-Key": ["k1", "k2", "é", "x" * 300, ""],
            "X-Forwarded-For": ["203.0.113.9", "rubbish, 1.2.3.4", "::1", "1.2.3.4, 151.101.1.1", "a" * 500],
            "X-Firebase-AppCheck": ["x", "", "e30.e30.x"],
            "User-Agent": ["x" * 2000, "curl/8", "\u00ff"],
            "Traceparent": ["00-" + "a" * 32 + "-" + "b" * 16 + "-01", "rubbish"],
        }
        return {name: self.chance.choice(values) for name, values in offered.items() if self.chance.random() < 0.5}

    def _spoil(self, value: dict[str, Any]) -> None:
        act = self.chance.randrange(4)
        if act == 0 and value:
            value[self.chance.choice(list(value))] = self.chance.choice(_NASTY)
        elif act == 1 and value:
            del value[self.chance.choice(list(value))]
        elif act == 2:
            value[self.chance.choice(_EXTRA)] = self.chance.choice(["admin", True, "kim", None, 1])
        else:
            value[self.chance.choice(list(value) or ["x"])] = self.chance.choice(_NASTY)

    def _value(self, schema: dict[str, Any], definitions: dict[str, Any]) -> Any:
        if "$ref" in schema:
            return self._value(definitions[schema["$ref"].rsplit("/", 1)[-1]], definitions)
        if "anyOf" in schema:
            return self._value(self.chance.choice(schema["anyOf"]), definitions)
        if "enum" in schema:
            return self.chance.choice(schema["enum"])
        if "const" in schema:
            return schema["const"]
        return self._typed(schema, definitions)

    def _typed(self, schema: dict[str, Any], definitions: dict[str, Any]) -> Any:
        kind = schema.get("type")
        if kind == "object":
            needed = schema.get("required", [])
            properties = schema.get("properties", {}).items()
            return {
                name: self._value(part, definitions)
                for name, part in properties
                if name in needed or self.chance.random() < 0.4
            }
        if kind == "array":
            return [self._value(schema.get("items", {}), definitions) for _ in range(self.chance.randrange(3))]
        if kind == "integer":
            return self.chance.choice([1, 2, 20, 100, schema.get("maximum", 5)])
        if kind == "boolean":
            return self.chance.random() < 0.5
        if kind == "null":
            return None
        return self._text(schema)

    def _text(self, schema: dict[str, Any]) -> str:
        if schema.get("format") == "date-time":
            return self.chance.choice(["2026-11-01T10:00:00Z", "2026-11-23T09:00:00+02:00"])
        if schema.get("format") == "email":
            return f"new{self.chance.randrange(50)}@example.org"
        if "user_id" in str(schema.get("title", "")).lower().replace(" ", "_"):
            return self.chance.choice(["v1", "v2", "v3", "nowhere", *[one.name for one in PERSONAS[4:5]]])
        words = self.chance.choice(
            ["violet anchors drift slowly", "Report of something odd that happened here today", "x"]
        )
        least = int(schema.get("minLength", 0))
        return (words * (1 + least // max(1, len(words))))[: int(schema.get("maxLength", 5000))]
