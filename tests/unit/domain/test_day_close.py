"""Day closes: which messages are one, which numbers their ranges contain, and what differs from what counts."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillstream.model.messages import (
    CountedSale,
    compact_numbers,
    compare_day_close,
    day_close_errors,
    day_close_schema,
    expand_numbers,
    is_day_close,
)

EXAMPLE = day_close_schema()["examples"][0]
WRONG: dict[str, dict[str, Any]] = {
    "no such day": {"date": "2026-02-30"},
    "a date in another form": {"date": "20261120"},
    "a time without an offset": {"closed_at": "2026-11-20T19:02:00"},
    "a negative count": {"sales": -1},
    "an amount that is not text": {"totals": [{"currency": "GBP", "net": 5}]},
    "a range that ends before it starts": {"numbers": ["9-3"]},
    "a range of other lengths": {"numbers": ["9-10"]},
    "a range without end": {"numbers": ["0000000000-9999999999"]},
    "half of a character": {"till_id": "\ud800"},
    "a field that it does not have": {"note": "x"},
}


def test_the_example_of_the_schema_is_a_day_close() -> None:
    assert is_day_close(EXAMPLE)
    assert day_close_errors(EXAMPLE) == []
    assert len(expand_numbers(EXAMPLE["numbers"])) == 351


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_a_day_close_with_an_invalid_field_is_refused_with_its_path(change: dict[str, Any]) -> None:
    (error, *_) = day_close_errors(EXAMPLE | change)
    assert error.partition(":")[0].partition(".")[0] in {*change, "message"}


NUMBERS = st.one_of(
    st.integers(0, 30).map(str),
    st.integers(0, 30).map(lambda number: f"{number:04d}"),
    st.sampled_from(["R-7", "1-2", "=1-2", "W-9-1", "-", "=", "10-20"]),
)


@given(st.sets(NUMBERS))
def test_ranges_contain_exactly_the_numbers_that_they_are_made_of(numbers: set[str]) -> None:
    ranges = compact_numbers(numbers)
    assert set(expand_numbers(ranges)) == numbers
    assert len(ranges) <= len(numbers)


def close(numbers: list[str], sales: int, net: str) -> dict[str, Any]:
    totals = [{"currency": "GBP", "net": net}]
    return EXAMPLE | {"numbers": numbers, "sales": sales, "totals": totals}


def sale(number: str, net: str, *, cancelled: bool = False) -> CountedSale:
    return CountedSale(number, {"GBP": Decimal(net)}, cancelled)


def test_a_day_close_of_the_sales_that_count_agrees() -> None:
    counted = [sale("1", "10.10"), sale("2", "0.20"), sale("3", "5", cancelled=True), sale("of-another-till", "9")]
    assert compare_day_close(close(["1-3"], 2, "10.3"), counted).agrees


def test_missing_numbers_are_listed_as_ranges_with_both_totals() -> None:
    result = compare_day_close(close(["1-9", "R-1"], 10, "100"), [sale(str(n), "10") for n in (1, 2, 6)])
    assert (result.missing, result.sales) == (("3-5", "7-9", "R-1"), (10, 3))
    assert result.totals == (("GBP", Decimal(100), Decimal(30)),)


def test_another_amount_under_the_same_numbers_is_a_mismatch() -> None:
    result = compare_day_close(close(["1-2"], 2, "20"), [sale("1", "10"), sale("2", "10.01")])
    assert (result.missing, result.agrees) == ((), False)
