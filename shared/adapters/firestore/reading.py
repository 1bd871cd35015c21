"""The documents of a query, decoded straight from what the database sent.

`Query.stream` wraps every value of every document in a class of its own, unwraps it, and copies all of it twice: for a
page of 21 incidents that takes the processor longer than the database takes to answer. Nobody changes what is read
here, so one pass over the messages is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from typing import Any, NamedTuple

from google.cloud.firestore import Query
from google.cloud.firestore_v1.types import RunQueryResponse


class Found(NamedTuple):
    """A document: its id and its fields."""

    id: str
    fields: Mapping[str, Any]


def documents(query: Query, *, timeout: float | None = None) -> Iterator[Found]:
    """What the query finds, in its order. With a `timeout` in seconds it is asked once and for all.

    Raises:
        GoogleAPICallError: as `Query.stream` does.
        ValueError: a field holds a reference or a place on earth, which no model of ours has.
    """
    client = query._client  # noqa: SLF001  # the request is the client's own, whatever the query is made of
    request, _, _ = query._prep_stream(None)  # noqa: SLF001
    how = {} if timeout is None else {"retry": None, "timeout": timeout}
    answers = client._firestore_api.run_query(request=request, metadata=client._rpc_metadata, **how)  # noqa: SLF001
    for answer in answers:
        message = RunQueryResponse.pb(answer)
        if message.HasField("document"):
            found = message.document
            yield Found(found.name.rpartition("/")[2], _fields(found.fields))


def _fields(message: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in message.items()}


def _value(message: Any) -> Any:
    kind = message.WhichOneof("value_type")
    try:
        return _READERS[kind](message)
    except KeyError:
        raise ValueError(f"a value of Firestore is of the kind {kind}, which is not read here") from None


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "null_value": lambda _: None,
    "boolean_value": lambda message: message.boolean_value,
    "integer_value": lambda message: message.integer_value,
    "double_value": lambda message: message.double_value,
    # Microseconds: what datetime holds, and what Firestore keeps.
    "timestamp_value": lambda message: message.timestamp_value.ToDatetime(tzinfo=UTC),
    "string_value": lambda message: message.string_value,
    "bytes_value": lambda message: message.bytes_value,
    "array_value": lambda message: [_value(one) for one in message.array_value.values],
    "map_value": lambda message: _fields(message.map_value.fields),
}
