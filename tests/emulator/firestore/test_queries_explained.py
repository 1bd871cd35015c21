"""Query explain and counts through Google's client, as its own system tests look at them."""

from __future__ import annotations

import itertools

import pytest
from google.api_core.exceptions import InvalidArgument
from google.cloud.firestore import And, ExplainOptions, FieldFilter, Or
from google.cloud.firestore_v1.base_vector_query import DistanceMeasure
from google.cloud.firestore_v1.query_profile import QueryExplainError
from google.cloud.firestore_v1.vector import Vector
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulator.firestore.strategies import documents, queries
from tests.emulator.firestore.test_queries_by_model import structured

_COLLECTIONS = itertools.count()


@pytest.fixture
def filled(client):
    collection = client.collection("c")
    for number in range(6):
        collection.document(f"d{number}").set({"a": number % 2, "b": number})
    return collection


def test_the_plan_alone_gives_no_documents(filled):
    results = filled.where(filter=FieldFilter("a", "==", 1)).get(explain_options=ExplainOptions(analyze=False))
    metrics = results.get_explain_metrics()
    assert list(results) == []
    assert metrics.plan_summary.indexes_used == [{"properties": "(a ASC, __name__ ASC)", "query_scope": "Collection"}]
    with pytest.raises(QueryExplainError, match="execution_stats not available"):
        _ = metrics.execution_stats


def test_analysis_tells_what_a_query_took(filled):
    results = filled.where(filter=FieldFilter("a", "==", 1)).get(explain_options=ExplainOptions(analyze=True))
    assert [snapshot.id for snapshot in results] == ["d1", "d3", "d5"]
    stats = results.get_explain_metrics().execution_stats
    assert (stats.results_returned, stats.read_operations) == (3, 3)
    assert stats.execution_duration.total_seconds() > 0
    assert stats.debug_stats == {
        "billing_details": {
            "documents_billable": "3",
            "index_entries_billable": "0",
            "min_query_cost": "0",
            "small_ops": "0",
        },
        "documents_scanned": "3",
        "index_entries_scanned": "3",
    }


def test_a_stream_has_the_metrics_at_its_end(filled):
    stream = filled.order_by("b").limit(2).stream(explain_options=ExplainOptions(analyze=True))
    with pytest.raises(QueryExplainError, match="not available until query is complete"):
        stream.get_explain_metrics()
    assert [snapshot.id for snapshot in stream] == ["d0", "d1"]
    assert stream.get_explain_metrics().execution_stats.results_returned == 2


def test_entries_are_billed_where_several_fields_have_ranges(filled):
    query = filled.where(filter=FieldFilter("a", ">=", 0)).where(filter=FieldFilter("b", ">", 4))
    stats = query.get(explain_options=ExplainOptions(analyze=True)).get_explain_metrics().execution_stats
    assert (stats.results_returned, stats.read_operations) == (1, 2)
    assert stats.debug_stats["billing_details"]["index_entries_billable"] == "6"


def test_compared_vectors_are_billed_by_the_hundred(filled):
    batch = filled._client.batch()
    for number in range(150):
        batch.set(filled.document(f"v{number}"), {"v": Vector([float(number)])})
    batch.commit()
    query = filled.find_nearest("v", Vector([3.0]), limit=2, distance_measure=DistanceMeasure.EUCLIDEAN)
    stats = query.get(explain_options=ExplainOptions(analyze=True)).get_explain_metrics().execution_stats
    assert (stats.results_returned, stats.read_operations) == (2, 4)


def test_nothing_found_is_billed_one_read(filled):
    results = filled.where(filter=FieldFilter("a", "==", 9)).get(explain_options=ExplainOptions(analyze=True))
    stats = results.get_explain_metrics().execution_stats
    assert (list(results), stats.results_returned, stats.read_operations) == ([], 0, 1)
    assert stats.debug_stats["billing_details"]["min_query_cost"] == "1"


def test_merged_and_composite_indexes_are_named(filled):
    def used(query):
        metrics = query.get(explain_options=ExplainOptions(analyze=False)).get_explain_metrics()
        return sorted(index["properties"] for index in metrics.plan_summary.indexes_used)

    both = And([FieldFilter("a", "==", 1), FieldFilter("b", "==", 1)])
    assert used(filled.where(filter=both)) == ["(a ASC, __name__ ASC)", "(b ASC, __name__ ASC)"]
    either = Or([FieldFilter("a", "==", 1), FieldFilter("b", "array_contains", 1)])
    assert used(filled.where(filter=either)) == ["(a ASC, __name__ ASC)", "(b CONTAINS, __name__ ASC)"]
    assert used(filled.where(filter=FieldFilter("a", "==", 1)).order_by("b", direction="DESCENDING")) == [
        "(a ASC, b DESC, __name__ DESC)"
    ]
    assert used(filled) == ["(__name__ ASC)"]


def test_an_aggregation_is_explained(filled):
    count = filled.where(filter=FieldFilter("a", "==", 1)).count(alias="n")
    planned = count.get(explain_options=ExplainOptions(analyze=False))
    assert list(planned) == []
    assert len(planned.get_explain_metrics().plan_summary.indexes_used) == 1
    analyzed = count.get(explain_options=ExplainOptions(analyze=True))
    assert [[result.value for result in results] for results in analyzed] == [[3]]
    stats = analyzed.get_explain_metrics().execution_stats
    assert (stats.results_returned, stats.read_operations) == (1, 1)
    assert stats.debug_stats["billing_details"] == {
        "documents_billable": "0",
        "index_entries_billable": "3",
        "min_query_cost": "0",
        "small_ops": "0",
    }


@given(data=st.data())
@settings(max_examples=40)
def test_a_count_is_the_number_of_results(shared_client, data):
    collection = shared_client.collection(f"count{next(_COLLECTIONS)}")
    stored = data.draw(documents(shared_client))
    batch = shared_client.batch()
    for name, content in stored.items():
        batch.set(collection.document(name), content)
    batch.commit()
    parent, _ = collection._parent_info()
    for query in data.draw(st.lists(queries(shared_client), min_size=1, max_size=8)):
        up_to = data.draw(st.none() | st.integers(1, 4))
        count = {} if up_to is None else {"up_to": up_to}
        aggregation = {
            "structured_query": structured(collection, query),
            "aggregations": [{"count": count, "alias": "n"}],
        }
        (response,) = shared_client._firestore_api.run_aggregation_query(
            request={"parent": parent, "structured_aggregation_query": aggregation},
            metadata=shared_client._rpc_metadata,
        )
        expected = len(query.run(stored))
        counted = response.result.aggregate_fields["n"].integer_value
        assert counted == (expected if up_to is None else min(expected, up_to)), query


_NOT_IN = "'NOT_IN' cannot be used in the same query with 'IN', 'ARRAY_CONTAINS_ANY' or 'OR'."


def field(path, operator, value=1):
    return FieldFilter(path, operator, value)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (And([field("a", "!="), field("b", "!=")]), "Only a single 'NOT_EQUAL', 'NOT_IN', 'IS_NOT_NAN', or"),
        (And([field("a", "!=", None), field("b", "not-in", [1])]), "Only a single 'NOT_EQUAL', 'NOT_IN', 'IS_NOT_NAN'"),
        (
            And([field("a", "not-in", [1]), field("b", "in", [1])]),
            "'NOT_IN' cannot be used in the same query with 'IN'",
        ),
        (Or([field("a", "not-in", [1]), field("b", "==")]), _NOT_IN),
        (
            And([field("a", "not-in", [1]), field("b", "array_contains_any", [1])]),
            _NOT_IN,
        ),
        (field("a", "in", list(range(31))), "'IN' supports up to 30 comparison values"),
        (field("a", "not-in", list(range(11))), "'NOT_IN' supports up to 10 comparison values"),
        (And([field("a", "in", list(range(6))), field("b", "in", list(range(6)))]), "Result had 36 disjunctions which"),
        (And([field("a", "array_contains"), field("b", "array_contains")]), "A maximum of 1 'ARRAY_CONTAINS' filter"),
        (And([field(f"f{number}", "==") for number in range(101)]), "there are 101 filters, 0 sort orders, and no"),
        (And([field("a", "in", list(range(30))), *(field(f"f{n}", "==") for n in range(3))]), "there are 120 filters"),
        (And([field(f"f{number}", ">") for number in range(11)]), "The query contains 11 distinct inequality fields"),
    ],
)
def test_what_a_query_may_not_combine(client, where, message):
    with pytest.raises(InvalidArgument, match=message):
        client.collection("c").where(filter=where).get()


@pytest.mark.parametrize(
    "where",
    [
        field("a", "in", list(range(30))),
        And([field("a", "in", list(range(5))), field("b", "in", list(range(6)))]),
        Or([field("a", "array_contains"), field("b", "array_contains")]),
        And([field(f"f{number}", "==") for number in range(100)]),
        And([field(f"f{number}", ">") for number in range(10)]),
        Or([field("a", "!="), field("b", ">")]),
    ],
)
def test_what_a_query_may_just_combine(client, where):
    assert client.collection("c").where(filter=where).get() == []


def test_names_come_last_and_are_not_looked_up_beside_ranges(client):
    collection = client.collection("c")
    with pytest.raises(InvalidArgument, match="order by clause cannot contain more fields after the key"):
        collection.order_by("__name__").order_by("a").get()
    with pytest.raises(InvalidArgument, match="order by clause cannot contain more fields after the key"):
        collection.where(filter=field("a", ">")).order_by("__name__").get()
    with pytest.raises(InvalidArgument, match="Equality on key is not allowed"):
        collection.where(filter=field("a", ">")).where(filter=field("__name__", "==", collection.document("d"))).get()


def test_unnamed_aggregations_are_numbered_by_themselves(filled):
    (results,) = filled.count().sum("b", alias="s").avg("b").get()
    assert {result.alias: result.value for result in results} == {"field_1": 6, "s": 15, "field_2": 2.5}
