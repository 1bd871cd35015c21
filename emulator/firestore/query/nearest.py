"""The documents whose vectors are nearest to one (StructuredQuery.FindNearest).

Sources: google/firestore/v1/query.proto and firebase.google.com/docs/firestore/vector-search.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from emulator.firestore.errors import failed_precondition, invalid
from emulator.firestore.proto.v1 import Document, StructuredQuery, Value
from emulator.firestore.query.evaluate import name_key
from emulator.firestore.query.model import Measure, Nearest
from emulator.firestore.storage.records import Record
from emulator.firestore.values import fieldpath
from emulator.firestore.values.encoding import is_vector
from emulator.firestore.values.fieldpath import NAME
from emulator.firestore.values.limits import MAX_VECTOR_DIMENSIONS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_LIMIT: Final = 1000
_NO_DIRECTION: Final = "Cannot compute cosine distance against a vector with a magnitude of zero."
_AT_ONCE: Final = 512  # vectors that are compared in one go


class Neighbour(NamedTuple):
    """A document and its distance, as the measure has it."""

    record: Record
    distance: float


def parse(asked: StructuredQuery.FindNearest) -> Nearest:
    """The search that a client asks for.

    Raises:
        FirestoreError: INVALID_ARGUMENT, or FAILED_PRECONDITION for the cosine to a zero vector.
    """
    path = fieldpath.parse(asked.vector_field.field_path)
    if path == NAME:
        raise invalid("The name __key__ is reserved.")
    vector = vector_of(asked.query_vector)
    if vector is None:
        raise invalid("Query Value must be of type vector.")
    if not vector:
        raise invalid("Cannot have a zero length vector.")
    if len(vector) > MAX_VECTOR_DIMENSIONS:
        raise invalid(f"A vector may have {MAX_VECTOR_DIMENSIONS} dimensions at most.")
    if not asked.HasField("limit") or not 1 <= asked.limit.value <= MAX_LIMIT:
        raise invalid(f"FindNearest.limit must be a positive integer of no more than {MAX_LIMIT}")
    if asked.distance_measure not in set(Measure):
        raise invalid("Unknown Distance Measure.")
    measure = Measure(asked.distance_measure)
    # Production reads it as one name, whatever dots it has.
    result = asked.distance_result_field or None
    if result == NAME[0]:
        raise invalid(f'The distanceResultField.property.name "{result}" is reserved.')
    threshold: Any = asked.distance_threshold
    if measure is Measure.COSINE and not any(vector):
        raise failed_precondition(_NO_DIRECTION)
    return Nearest(
        path,
        vector,
        measure,
        asked.limit.value,
        threshold.value if asked.HasField("distance_threshold") else None,
        result,
    )


def vector_of(value: Value | None) -> tuple[float, ...] | None:
    """The numbers of a vector; None when the value is none."""
    if value is None or value.WhichOneof("value_type") != "map_value" or not is_vector(value.map_value):
        return None
    items = value.map_value.fields["value"].array_value.values
    return tuple(
        float(item.integer_value) if item.WhichOneof("value_type") == "integer_value" else item.double_value
        for item in items
    )


def nearest(asked: Nearest, records: Iterable[Record]) -> list[Neighbour]:
    """The nearest of some documents, the nearest first, of equal ones by name.

    Documents without a vector of the dimension that is asked for are left out.

    Raises:
        FirestoreError: FAILED_PRECONDITION: the cosine to a zero vector is asked for.
    """
    best: list[Neighbour] = []
    sign = -1.0 if asked.measure is Measure.DOT_PRODUCT else 1.0
    for found in _batches(asked, records):
        best += [neighbour for neighbour in found if _is_near(asked, neighbour.distance)]
        best.sort(key=lambda neighbour: (sign * neighbour.distance, name_key(neighbour.record.key)))
        del best[asked.limit :]
    return best


def with_distance(document: Document, asked: Nearest, distance: float) -> Document:
    """The document with its distance, where that is wanted."""
    if asked.result is not None:
        document.fields[asked.result].CopyFrom(Value(double_value=distance))
    return document


def _is_near(asked: Nearest, distance: float) -> bool:
    if math.isnan(distance):
        return False
    if asked.threshold is None:
        return True
    return distance >= asked.threshold if asked.measure is Measure.DOT_PRODUCT else distance <= asked.threshold


def _batches(asked: Nearest, records: Iterable[Record]) -> Iterator[list[Neighbour]]:
    import numpy as np  # noqa: PLC0415  # some 100 ms, which only those pay who search

    query = np.array(asked.vector)
    usable = _usable(asked, records)
    while batch := list(islice(usable, _AT_ONCE)):
        vectors = np.array([vector for _, vector in batch])
        distances = _distances(np, asked.measure, query, vectors)
        yield [Neighbour(record, float(value)) for (record, _), value in zip(batch, distances, strict=True)]


def _usable(asked: Nearest, records: Iterable[Record]) -> Iterator[tuple[Record, Sequence[float]]]:
    for record in records:
        vector = vector_of(fieldpath.get(record.fields, asked.path))
        if vector is None or len(vector) != len(asked.vector):
            continue
        if asked.measure is Measure.COSINE and not any(vector):
            raise failed_precondition(_NO_DIRECTION)
        yield record, vector


def _distances(
    numpy: Any, measure: Measure, query: NDArray[np.float64], vectors: NDArray[np.float64]
) -> NDArray[np.float64]:
    with numpy.errstate(all="ignore"):  # infinities and their differences: what has no distance is left out
        if measure is Measure.EUCLIDEAN:
            result = numpy.linalg.norm(vectors - query, axis=1)
        elif measure is Measure.DOT_PRODUCT:
            result = (vectors * query).sum(axis=1)  # row by row: equal vectors have the very same distance
        else:
            lengths = numpy.linalg.norm(vectors, axis=1) * numpy.linalg.norm(query)
            result = 1.0 - (vectors * query).sum(axis=1) / lengths
    return result  # type: ignore[no-any-return]
