"""find_nearest through Google's client: against a plain model of the three distances, and its limits."""

from __future__ import annotations

import itertools
import math

import pytest
from google.api_core.exceptions import FailedPrecondition, InvalidArgument
from google.cloud.firestore import FieldFilter
from google.cloud.firestore_v1.base_vector_query import DistanceMeasure
from google.cloud.firestore_v1.vector import Vector
from hypothesis import given, settings
from hypothesis import strategies as st

_COLLECTIONS = itertools.count()
_NUMBERS = st.integers(-3, 3).map(float)
_THRESHOLDS = [-1.37, 0.013, 0.51, 1.234, 2.71]  # no distance between whole vectors is as near to them as rounding is
_VECTORS = st.lists(_NUMBERS, min_size=2, max_size=2)


def distance(measure: DistanceMeasure, one: list[float], other: list[float]) -> float | None:
    """The documented distance; None where there is none."""
    if len(one) != len(other):
        return None
    product = sum(left * right for left, right in zip(one, other, strict=True))
    if measure is DistanceMeasure.DOT_PRODUCT:
        return product
    if measure is DistanceMeasure.EUCLIDEAN:
        return math.dist(one, other)
    lengths = math.hypot(*one) * math.hypot(*other)
    return 1 - product / lengths if lengths else None


@given(data=st.data())
@settings(max_examples=40)
def test_the_nearest_are_found_in_order(shared_client, data):
    collection = shared_client.collection(f"near{next(_COLLECTIONS)}")
    odd = st.none() | st.just("text") | st.lists(_NUMBERS, max_size=2) | st.lists(_NUMBERS, min_size=3).map(Vector)
    documents = data.draw(
        st.dictionaries(
            st.sampled_from("abcdefghijklmnop"),
            st.fixed_dictionaries(
                {"color": st.sampled_from(["red", "blue"])}, optional={"v": _VECTORS.map(Vector) | odd}
            ),
            max_size=16,
        )
    )
    batch = shared_client.batch()
    for name, content in documents.items():
        batch.set(collection.document(name), content)
    batch.commit()
    has_zero = any(isinstance(content.get("v"), Vector) and not any(content["v"]) for content in documents.values())
    for measure in DistanceMeasure:
        if measure is DistanceMeasure.COSINE and has_zero:
            continue  # refused: see below
        vector = data.draw(_VECTORS.filter(any))
        limit, threshold = data.draw(st.integers(1, 5)), data.draw(st.none() | st.sampled_from(_THRESHOLDS))
        color = data.draw(st.sampled_from([None, "red"]))
        expected = []
        for name in sorted(documents):
            stored = documents[name].get("v")
            if not isinstance(stored, Vector) or color not in {None, documents[name]["color"]}:
                continue
            far = distance(measure, list(stored), vector)
            sign = -1 if measure is DistanceMeasure.DOT_PRODUCT else 1
            if far is not None and (threshold is None or sign * far <= sign * threshold):
                expected.append((far, name))
        expected.sort(key=lambda item: sign * item[0])
        query = collection if color is None else collection.where(filter=FieldFilter("color", "==", color))
        found = query.find_nearest(
            "v",
            Vector(vector),
            limit,
            measure,
            distance_result_field="far",
            distance_threshold=threshold,
        ).get()
        distances = [snapshot.get("far") for snapshot in found]
        assert distances == pytest.approx([far for far, _ in expected][:limit], abs=1e-9)
        by_name = {name: far for far, name in expected}
        assert distances == pytest.approx([by_name[snapshot.id] for snapshot in found], abs=1e-9)


def test_equally_near_documents_come_by_name(client):
    collection = client.collection("c")
    for name in "dbca":
        collection.document(name).set({"v": Vector([0.1, 0.2, 0.3]), "n": ord(name)})
    query = collection.find_nearest("v", Vector([0.3, 0.1, 0.7]), 3, DistanceMeasure.COSINE)
    assert [snapshot.id for snapshot in query.get()] == ["a", "b", "c"]
    ordered = collection.where(filter=FieldFilter("n", ">", ord("a")))
    query = ordered.find_nearest("v", Vector([0.3, 0.1, 0.7]), 3, DistanceMeasure.DOT_PRODUCT)
    assert [snapshot.id for snapshot in query.get()] == ["b", "c", "d"]


def test_a_projection_keeps_the_distance(client):
    client.document("c/d").set({"v": Vector([3.0, 4.0]), "a": 1, "b": 2})
    query = client.collection("c").select(["a"])
    nearest = query.find_nearest("v", Vector([0.0, 0.0]), 3, DistanceMeasure.EUCLIDEAN, distance_result_field="m.far")
    assert [snapshot.to_dict() for snapshot in nearest.get()] == [{"a": 1, "m.far": 5.0}]


def test_collection_groups_and_nested_fields_are_searched(client):
    client.document("x/1/c/d").set({"m": {"v": Vector([1.0])}})
    client.document("c/e").set({"m": {"v": Vector([2.0])}})
    query = client.collection_group("c").find_nearest("m.v", Vector([3.0]), 5, DistanceMeasure.EUCLIDEAN)
    assert [snapshot.reference.path for snapshot in query.get()] == ["c/e", "x/1/c/d"]


def test_more_documents_than_are_compared_at_once(client):
    writer = client.bulk_writer()
    for number in range(1100):
        writer.set(client.document("c", f"{number:04}"), {"v": Vector([float(number % 100), 1.0])})
    writer.close()
    query = client.collection("c").find_nearest("v", Vector([0.0, 1.0]), 13, DistanceMeasure.EUCLIDEAN)
    expected = [f"{number:04}" for number in range(0, 1100, 100)] + ["0001", "0101"]
    assert [snapshot.id for snapshot in query.get()] == expected


@pytest.mark.parametrize(
    ("vector", "measure", "limit"),
    [
        ([1.0] * 2049, DistanceMeasure.EUCLIDEAN, 1),
        ([], DistanceMeasure.EUCLIDEAN, 1),
        *(([1.0], DistanceMeasure.EUCLIDEAN, limit) for limit in (-1, 0, 1001)),
    ],
)
def test_what_cannot_be_searched_is_refused(client, vector, measure, limit):
    with pytest.raises(InvalidArgument):
        client.collection("c").find_nearest("v", Vector(vector), limit, measure).get()


def test_the_cosine_to_a_zero_vector_is_refused(client):
    collection = client.collection("c")
    with pytest.raises(FailedPrecondition, match="a vector with a magnitude of zero"):
        collection.find_nearest("v", Vector([0.0, 0.0]), 1, DistanceMeasure.COSINE).get()
    collection.document("d").set({"v": Vector([0.0, 0.0])})
    with pytest.raises(FailedPrecondition, match="a vector with a magnitude of zero"):
        collection.find_nearest("v", Vector([1.0, 0.0]), 1, DistanceMeasure.COSINE).get()


def test_a_search_has_no_other_limit(client):
    with pytest.raises(InvalidArgument, match="FindNearest cannot be combined"):
        client.collection("c").limit(2).find_nearest("v", Vector([1.0]), 1, DistanceMeasure.EUCLIDEAN).get()


def test_the_largest_search_is_allowed(client):
    client.document("c/d").set({"v": Vector([1.0] * 2048)})
    query = client.collection("c").find_nearest("v", Vector([1.0] * 2048), 1000, DistanceMeasure.DOT_PRODUCT)
    assert [snapshot.id for snapshot in query.get()] == ["d"]
