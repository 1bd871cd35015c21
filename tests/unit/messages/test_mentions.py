from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.messages import mentions_in

UID = "carol0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@ana@example.org", ["ana@example.org"]),
        ("Hi (@ana@example.org), see @bo.b+x@mail.example.org.", ["ana@example.org", "bo.b+x@mail.example.org"]),
        (f"@{UID}: look, @{UID}!", [UID]),
        ("mail ana@example.org or x@@example.org", []),
        ("@everyone @home @tag-1 @ @@", []),
        (f"name@{UID} image@sha256 https://x.example/@{UID}", []),
        ("@ana@example", []),
        ("@" + "x" * 129, []),
        ("@ana@example.org@evil.example", []),
    ],
)
def test_an_address_or_a_uid_behind_an_at_is_a_mention(text, found):
    assert mentions_in(text) == found


@given(st.text(alphabet="@a.b-%+_ \n0", max_size=400))
def test_what_is_found_stands_in_the_text_behind_an_at(text):
    for name in mentions_in(text):
        assert f"@{name}" in text
        assert not any(sign.isspace() for sign in name)


def test_hostile_texts_take_no_longer_than_their_length_asks():
    # A quadratic search of these would not end within the test run.
    for text in ("@" * 10_000, "@a" * 5_000, "@a@a." * 2_000, " @" + "a." * 4_999, ("@" + "%" * 63 + " ") * 150):
        assert mentions_in(text * 20) == [] or text.startswith("@a@a.")
