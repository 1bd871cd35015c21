from __future__ import annotations

from google.cloud.firestore_v1 import _helpers
from hypothesis import given
from hypothesis import strategies as st

from emulator.firestore.proto.v1 import Value
from emulator.firestore.values.encoding import encode
from tests.emulator.firestore.model import compare
from tests.emulator.firestore.strategies import values


def key(value: object) -> bytes:
    return encode(Value.FromString(_helpers.encode_value(value)._pb.SerializeToString()))


@given(data=st.data())
def test_encoded_values_compare_as_the_values_do(shared_client, data):
    some = values(shared_client)
    one, other = data.draw(some), data.draw(some)
    expected = _numeric_ids_aside(one, other)
    if expected is not None:
        assert (key(one) > key(other)) - (key(one) < key(other)) == (expected > 0) - (expected < 0)


@given(data=st.data())
def test_no_encoding_is_a_prefix_of_another(shared_client, data):
    some = values(shared_client)
    one, other = key(data.draw(some)), key(data.draw(some))
    assert one == other or not other.startswith(one)


def _numeric_ids_aside(one, other):
    """References with numeric ids have an order of their own, tested by itself."""
    return None if "__id" in repr(_paths(one)) + repr(_paths(other)) else compare(one, other)


def _paths(value):
    if isinstance(value, list):
        return [_paths(item) for item in value]
    if isinstance(value, dict):
        return [_paths(item) for item in value.values()]
    return getattr(value, "_path", None)


def test_numeric_ids_come_first_and_in_the_order_of_their_numbers(shared_client):
    ids = ["__id-3__", "__id7__", "__id10__", "a", "é", "\U0001f600"]
    keys = [key(shared_client.document("c", name)) for name in ids]
    assert keys == sorted(keys)
