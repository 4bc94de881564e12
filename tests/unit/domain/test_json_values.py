"""JSON that keeps decimals, dates and instants."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillstream.model.json_text import dump_typed_json, restore_typed_values

PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
TYPED = st.decimals(allow_nan=False) | st.dates() | st.datetimes(timezones=st.just(UTC))
VALUES = st.recursive(
    PLAIN | TYPED,
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text("abc", max_size=3), each, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_values_come_back_as_they_were_written(value: Any) -> None:
    assert restore_typed_values(json.loads(dump_typed_json(value))) == value


def test_an_instant_is_no_date_and_a_tuple_is_a_list() -> None:
    value = {"at": datetime(2026, 1, 5, 9, 30, tzinfo=UTC), "day": date(2026, 1, 5), "pair": (1, 2)}
    assert restore_typed_values(json.loads(dump_typed_json(value))) == value | {"pair": [1, 2]}


def test_a_value_without_json_is_an_error() -> None:
    with pytest.raises(TypeError, match="There is no JSON for set"):
        dump_typed_json({1, 2})
