from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.pubsub.errors import PubsubError
from emulator.pubsub.filters import compile_filter


@pytest.mark.parametrize(
    ("text", "attributes", "passes"),
    [
        ("", {}, True),
        ("attributes:kind", {"kind": ""}, True),
        ("attributes:kind", {}, False),
        ('attributes.kind = "a"', {"kind": "a"}, True),
        ('attributes.kind="a"', {"kind": "b"}, False),
        ('attributes.kind != "a"', {}, True),
        ('attributes.kind != "a"', {"kind": "a"}, False),
        ('hasPrefix(attributes.kind, "ab")', {"kind": "abc"}, True),
        ('hasPrefix(attributes.kind, "ab")', {"kind": "a"}, False),
        ('hasPrefix(attributes.kind, "")', {}, False),
        ("NOT attributes:kind", {}, True),
        ("-attributes:kind", {"kind": "x"}, False),
        ("attributes:a AND attributes:b", {"a": "", "b": ""}, True),
        ("attributes:a AND attributes:b", {"a": ""}, False),
        ("attributes:a OR attributes:b", {"b": ""}, True),
        ('(attributes:a OR attributes:b) AND NOT attributes.c = "1"', {"a": "", "c": "2"}, True),
        ('(attributes:a OR attributes:b) AND NOT attributes.c = "1"', {"a": "", "c": "1"}, False),
        ('attributes:"odd key!"', {"odd key!": ""}, True),
        ('attributes."odd \\"key\\"" = "ü\\n"', {'odd "key"': "ü\n"}, True),
    ],
)
def test_filters_mean_what_the_documentation_says(text: str, attributes: Mapping[str, str], *, passes: bool) -> None:
    assert compile_filter(text)(attributes) is passes


@pytest.mark.parametrize(
    "text",
    [
        "attributes",
        "attributes:",
        "attributes.kind",
        "attributes.kind = a",
        'attributes.kind > "a"',
        "attributes:a AND",
        "attributes:a attributes:b",
        "attributes:a AND attributes:b OR attributes:c",
        "(attributes:a",
        "attributes:a)",
        'hasPrefix(attributes.kind "a")',
        'data = "x"',
        'attributes:a AND attributes.b = "' + "x" * 256 + '"',
        "attributes:a; drop",
    ],
)
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(PubsubError, match="Invalid filter"):
        compile_filter(text)


@given(text=st.text(max_size=60) | st.text('attributes:.="!()- ANDORNOThasPrefix,a', max_size=60), value=st.text())
def test_any_text_is_a_filter_or_refused_and_nothing_else(text: str, value: str) -> None:
    with suppress(PubsubError):
        assert compile_filter(text)({"a": value}) in {True, False}


@given(name=st.text(min_size=1, max_size=20), value=st.text(max_size=20), other=st.text(max_size=20))
def test_quoted_names_and_values_stand_for_themselves(name: str, value: str, other: str) -> None:
    quoted_name, quoted_value = (json.dumps(text, ensure_ascii=False) for text in (name, value))
    accepts = compile_filter(f"attributes.{quoted_name} = {quoted_value}")
    assert accepts({name: value})
    assert accepts({name: other}) is (value == other)
