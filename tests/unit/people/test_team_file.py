from __future__ import annotations

import csv
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.people.errors import RefusedError
from scripts.people.team_file import Member, read_team


def read(tmp_path, content: str, name: str = "team.csv"):
    path = tmp_path / name
    path.write_text(content)
    return read_team(path)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_table_is_read_whatever_separates_its_columns(tmp_path, separator):
    rows = [
        ["Email", "NAME", "department", "lead"],
        ["Lea@Example.org", "Lea", "IT", "Yes"],
        ["tom@example.org", "Tom"],
    ]
    people, bad = read(tmp_path, "".join(separator.join(row) + "\n" for row in rows))
    assert bad == []
    assert people == [
        Member(email="lea@example.org", name="Lea", department="IT", lead=True),
        Member(email="tom@example.org", name="Tom"),
    ]


def test_json_lines_are_read(tmp_path):
    rows = [{"email": "lea@example.org", "name": "Lea", "lead": True}, {"email": "tom@example.org", "name": "Tom"}]
    people, bad = read(tmp_path, "\n".join(map(json.dumps, rows)), "team.jsonl")
    assert bad == []
    assert [(one.name, one.lead) for one in people] == [("Lea", True), ("Tom", False)]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ({"email": "lea.example.org", "name": "Lea"}, "email"),
        ({"email": "l\u0435a@example.org", "name": "Lea"}, "ASCII"),  # the second letter is Cyrillic
        ({"email": "lea@example.org"}, "name"),
        ({"email": "lea@example.org", "name": ""}, "name"),
        ({"email": "lea@example.org", "name": "\x1b[2J"}, "name"),
        ({"email": "lea@example.org", "name": ["Lea"]}, "name"),
        ({"email": "lea@example.org", "name": "Lea", "lead": "perhaps"}, "yes or no"),
        ({"email": "lea@example.org", "name": "Lea", "lead": None}, "yes or no"),
        ({"email": "lea@example.org", "name": "Lea", "department": "x" * 101}, "department"),
        ({"email": "lea@example.org", "name": "Lea", "role": "admin"}, "unknown column"),
        ({"email": "lea@example.org", "name": "Lea", "uid": "x", "password": "y"}, "2 unknown column"),
        (["lea@example.org"], "object"),
    ],
)
def test_a_bad_row_is_named_with_its_line_and_reason(tmp_path, row, why):
    content = json.dumps({"email": "a@example.org", "name": "A"}) + "\n\n" + json.dumps(row)
    people, (bad,) = read(tmp_path, content, "team.jsonl")
    assert len(people) == 1
    assert bad.line == 3
    assert why in bad.why
    assert "\x1b" not in bad.why


def test_every_bad_row_is_named_and_the_same_address_twice_is_one(tmp_path):
    content = "email,name\na@example.org,A\nA@EXAMPLE.ORG,B\nno,C\nb@example.org,D,E,F\n"
    people, bad = read(tmp_path, content)
    assert [one.name for one in people] == ["A"]
    assert [row.line for row in bad] == [3, 4, 5]
    assert "line 2" in bad[0].why


def test_a_file_without_a_header_is_refused_and_nobodys_address_is_repeated(tmp_path):
    people, bad = read(tmp_path, "a@example.org,A\nb@example.org,B\n")
    assert people == []
    assert len(bad) == 1
    assert "example.org" not in bad[0].why


@pytest.mark.parametrize("content", ["", "\n", "email,name\n"])
def test_a_file_with_nobody_in_it_is_refused(tmp_path, content):
    with pytest.raises(RefusedError, match="nobody"):
        read(tmp_path, content)


def test_a_file_that_is_not_there_or_of_another_kind_is_refused(tmp_path):
    for name in ("none.csv", "team.pdf"):
        with pytest.raises(RefusedError):
            read_team(tmp_path / name)


@given(
    st.lists(
        st.dictionaries(st.sampled_from(["email", "name", "department", "lead"]), st.text(max_size=20)), max_size=5
    )
)
def test_every_row_is_read_or_named(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("team") / "team.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    if not rows:
        return
    people, bad = read_team(path)
    assert len(people) + len(bad) == len(rows)


@given(st.text(max_size=200))
def test_whatever_a_table_holds_it_is_read_or_refused(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("team") / "team.csv"
    path.write_text(text, encoding="utf-8", errors="replace")
    try:
        people, _ = read_team(path)
    except RefusedError:
        return
    assert all(isinstance(one, Member) for one in people)


def test_a_separator_inside_quotes_is_part_of_a_name(tmp_path):
    path = tmp_path / "team.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(
            [["email", "name", "department", "lead"], ["l@example.org", "Lea, MSc", "IT", "yes"]]
        )
    assert read_team(path)[0][0].name == "Lea, MSc"
