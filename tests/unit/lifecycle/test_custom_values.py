"""Values of custom fields against their definitions, over whatever JSON can say."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.custom_fields import CustomField, CustomFieldType
from shared.domain.custom_values import LARGEST, checked
from shared.domain.errors import InvalidInputError
from shared.domain.incident import IncidentChange
from tests.fakes import START

TEXTS = st.text(st.characters(exclude_categories=["C"]), max_size=40)
ANYTHING = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS, st.datetimes(timezones=st.just(UTC)))
PYTHON = {
    CustomFieldType.STRING: str,
    CustomFieldType.BOOLEAN: bool,
    CustomFieldType.INTEGER: int,
    CustomFieldType.FLOAT: float,
    CustomFieldType.DATE: datetime,
}


def definition(kind: CustomFieldType, **more) -> dict[str, CustomField]:
    return {"x": CustomField(name="x", label="X", type=kind, created_at=START, updated_at=START, **more)}


@given(st.sampled_from(CustomFieldType), ANYTHING)
def test_what_is_kept_is_of_its_type_and_checking_it_again_changes_nothing(kind, value):
    try:
        kept = checked({"x": value}, {}, definition(kind))
    except InvalidInputError:
        assert value is not None
        return
    if value is None:
        assert kept == {}
        return
    assert type(kept["x"]) is PYTHON[kind]
    assert checked(kept, {}, definition(kind)) == kept
    assert json.loads(IncidentChange(custom_fields=kept).model_dump_json())["custom_fields"]["x"] is not None


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (CustomFieldType.INTEGER, True),
        (CustomFieldType.INTEGER, 1.0),
        (CustomFieldType.INTEGER, "1"),
        (CustomFieldType.INTEGER, LARGEST + 1),
        (CustomFieldType.INTEGER, 10**400),
        (CustomFieldType.FLOAT, math.nan),
        (CustomFieldType.FLOAT, math.inf),
        (CustomFieldType.FLOAT, 10**400),
        (CustomFieldType.FLOAT, False),
        (CustomFieldType.BOOLEAN, 1),
        (CustomFieldType.BOOLEAN, "true"),
        (CustomFieldType.STRING, 1),
        (CustomFieldType.STRING, START),
        (CustomFieldType.DATE, "2026-11-23"),
        (CustomFieldType.DATE, "2026-11-23T09:00:00"),
        (CustomFieldType.DATE, "1763888400"),
        (CustomFieldType.DATE, 1763888400),
        (CustomFieldType.DATE, "Tomorrow"),
    ],
)
def test_other_types_are_refused(kind, value):
    with pytest.raises(InvalidInputError) as refused:
        checked({"x": value}, {}, definition(kind))
    assert set(refused.value.fields) == {"custom_fields.x"}


def test_every_wrong_field_is_named_and_the_others_are_not():
    fields = definition(CustomFieldType.INTEGER)
    with pytest.raises(InvalidInputError) as refused:
        checked({"x": "one", "y": 2, "z": None}, {}, fields)
    assert set(refused.value.fields) == {"custom_fields.x", "custom_fields.y", "custom_fields.z"}


def test_a_value_that_is_there_stays_whatever_became_of_its_definition():
    narrowed = definition(CustomFieldType.STRING, options=["new"], retired=True)
    assert checked({"x": "old"}, {"x": "old", "gone": 1}, narrowed) == {"x": "old", "gone": 1}
    assert checked({"x": None}, {"x": "old"}, narrowed) == {}
    for value in ("new", "other"):
        with pytest.raises(InvalidInputError):
            checked({"x": value}, {"x": "old"}, narrowed)


def test_true_is_not_one():
    assert checked({"x": 1}, {"x": 1}, definition(CustomFieldType.INTEGER, retired=True)) == {"x": 1}
    with pytest.raises(InvalidInputError):
        checked({"x": 1}, {"x": 1.0}, definition(CustomFieldType.INTEGER, retired=True))
