from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.errors import InvalidInputError
from shared.domain.query import MAX_PARTS, MAX_QUERY, parse
from shared.domain.search import compounds_of, term, terms_of
from shared.domain.visibility import TEAM
from tests.builders import incident

TEXT = "A mail from service@paypa1.example.org led to http://192.0.2.17/Log-in; the account was locked out at Zürich."


@pytest.mark.parametrize(
    "query",
    [
        "mail",
        "MAIL",
        "zurich",
        "zürich",
        "acc*",
        "locke*",
        "zu*",
        '"account was locked"',
        '"locked out at zürich"',
        "192.0.2.17",
        "192[.]0[.]2[.]17",
        "hxxp://192.0.2.17/log-in",
        "service[at]paypa1[.]example[.]org",
        "paypa1.example.org",
        "example.o*",
        'mail acc* "locked out"',
        "INC-0000-0000",
        "inc-0000-0000 mail",
        '"mail, from"',
    ],
)
def test_what_occurs_is_found_and_is_in_the_index(query):
    one = incident(description=TEXT)
    parsed = parse(query)
    assert parsed.fits(one)
    if parsed.word_text is not None:
        assert term(TEAM, parsed.word_text) in terms_of(one)


@pytest.mark.parametrize(
    "query",
    [
        "mai",
        "ccount",
        '"locked account"',
        "192.0.2.1",
        "92.0.2.17",
        "mail printer",
        "zurichs",
        '"mail led"',
        "INC-1111-1111",
    ],
)
def test_what_does_not_occur_is_not_found(query):
    assert not parse(query).fits(incident(description=TEXT))


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("", "give a word"),
        (" \t", "give a word"),
        ('""', "give a word"),
        ("*", "give a word"),
        ("... !", "give a word"),
        ("a*", "at least 2"),
        ("x" * (MAX_QUERY + 1), "at most 300 characters"),
        (" ".join(f"w{n}" for n in range(MAX_PARTS + 1)), "at most 12"),
    ],
)
def test_what_nobody_can_look_for_is_refused(query, reason):
    with pytest.raises(InvalidInputError) as refused:
        parse(query)
    assert reason in refused.value.fields["q"]


@given(st.text(min_size=10, max_size=200), st.data())
def test_any_words_of_a_text_find_it_through_the_index(text, data):
    found = compounds_of(text)
    one = incident(description="x" * 10).model_copy(update={"description": text})
    if not found:
        return
    start = data.draw(st.integers(0, len(found) - 1))
    taken = found[start : start + data.draw(st.integers(1, 3))]
    for query in (f'"{" ".join(taken)}"', taken[0], f"{taken[0]}*"):
        if (len(taken[0]) < 2 and query.endswith("*")) or len(query) > MAX_QUERY:
            continue
        parsed = parse(query)
        assert parsed.fits(one), query
        assert parsed.references or term(TEAM, str(parsed.word_text)) in terms_of(one), query


@given(st.text(max_size=400))
def test_anything_typed_is_a_query_or_refused(text):
    try:
        parsed = parse(text)
    except InvalidInputError:
        return
    parsed.fits(incident())
