from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.importing.mapping import Mapper, MappingError, Prepared, Refused, title_from
from scripts.importing.reading import Row
from shared.domain.taxonomy import Category

MAPPER = Mapper.parse([], UTC)
TEXT = "A laptop was stolen from a parked car. It held payroll files."


def prepared(values, mapper=MAPPER):
    result = mapper.prepare(Row(1, values))
    assert isinstance(result, Prepared), result
    return result


def test_usual_names_of_columns_are_understood():
    report = prepared({"Subject": "Stolen laptop", "details": TEXT, "LABELS": "hr; laptop", "assets": ["lap-7"]}).report
    assert (report.title, report.description) == ("Stolen laptop", TEXT)
    assert (report.tags, report.affected_assets) == (["hr", "laptop"], ["lap-7"])


def test_a_column_can_be_named():
    mapper = Mapper.parse(["description=what happened", "category=kind"], UTC)
    report = prepared({"what happened": TEXT, "kind": "Lost or stolen", "title": "Laptop"}, mapper).report
    assert (report.description, report.category) == (TEXT, Category.LOST_OR_STOLEN)


def test_without_a_title_the_first_sentence_is_it():
    assert prepared({"text": TEXT}).report.title == "A laptop was stolen from a parked car."


@pytest.mark.parametrize(
    ("given", "utc"),
    [
        ("2024-03-31T12:00:00", datetime(2024, 3, 31, 10, tzinfo=UTC)),
        ("2024-03-31", datetime(2024, 3, 30, 23, tzinfo=UTC)),
        (datetime(2024, 1, 2, 3, 4), datetime(2024, 1, 2, 2, 4, tzinfo=UTC)),  # noqa: DTZ001  # as Excel gives it
        ("2024-01-02T03:04:00+05:00", datetime(2024, 1, 1, 22, 4, tzinfo=UTC)),
    ],
)
def test_times_without_an_offset_are_in_the_zone_that_was_said(given, utc):
    mapper = Mapper.parse([], ZoneInfo("Europe/Berlin"))
    assert prepared({"text": TEXT, "detected_at": given}, mapper).report.detected_at == utc


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"title": "No words"}, "description: Field required"),
        ({"text": TEXT, "category": "alien"}, "category: "),
        ({"text": TEXT, "detected_at": "last week"}, "detected_at: "),
        ({"text": ["not", "text"]}, "description: "),
        ({"text": "short"}, "description: "),
    ],
)
def test_a_row_that_the_api_would_refuse_is_refused_with_the_reason(values, reason):
    refused = MAPPER.prepare(Row(7, values))
    assert isinstance(refused, Refused)
    assert refused.line == 7
    assert refused.reason.startswith(reason) or f"; {reason}" in refused.reason


def test_the_same_content_has_the_same_key_and_a_records_own_id_tells_it_apart():
    assert prepared({"text": TEXT}).key == prepared({"text": TEXT, "ignored": 1}).key
    assert prepared({"text": TEXT, "id": 1}).key != prepared({"text": TEXT, "id": 2}).key
    silent = Mapper.parse([], UTC, notify=False)
    assert prepared({"text": TEXT}, silent).key == prepared({"text": TEXT}).key


@pytest.mark.parametrize("wrong", ["title", "reporter_id=who", "title="])
def test_a_wrong_mapping_is_refused(wrong):
    with pytest.raises(MappingError):
        Mapper.parse([wrong], UTC)


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=5)


@given(st.dictionaries(st.sampled_from(["title", "text", "date", "tags", "assets", "category", "tlp", "id"]), JSON))
def test_no_row_breaks_the_import(values):
    assert isinstance(MAPPER.prepare(Row(1, values)), Prepared | Refused)


@given(st.text(min_size=1))
def test_a_made_title_is_one_line_that_fits(text):
    title = title_from(text)
    assert len(title) <= 121
    assert "\n" not in title
