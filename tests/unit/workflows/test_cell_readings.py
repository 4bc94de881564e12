"""Ways to read a refused cell, and the known values nearest to it."""

import pytest
from source_tables import contract

from tillstream.review.cell_interpretations import (
    DATE_RULES,
    INTERPRETATIONS,
    NUMBER_RULES,
    RULE_LABELS,
    interpret_cell,
)
from tillstream.review.cell_suggestions import KnownValue, nearest_values

POINT, COMMA = contract(), contract(numbers={"decimal": ",", "thousands": "."})
MIXED = contract(numbers={"decimal": ",", "thousands": ".", "alternatives": ["1,234.50"]})


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("03/04/2026", {"day-first": "2026-04-03", "month-first": "2026-03-04"}),
        ("3.4.26 9:05", {"day-first": "2026-04-03 09:05", "month-first": "2026-03-04 09:05"}),
        ("13-04-2026 1:05 PM", {"day-first": "2026-04-13 13:05"}),
        ("2026/4/3 23:59:01", {"year-first": "2026-04-03 23:59:01"}),
        ("March 4th, 2026", {"month-name": "2026-03-04"}),
        ("04-Mar-26", {"month-name": "2026-03-04"}),
        ("31/02/2026", {}),
        ("3/4/2026 25:00", {}),
        ("3/4/2026 13:00 PM", {}),
        ("soon", {}),
    ],
)
def test_a_date_is_read_in_the_orders_in_which_it_is_one(text: str, readings: dict[str, str]) -> None:
    read = {how: interpret_cell(how, text, POINT) for how in DATE_RULES}
    assert {how: day for how, day in read.items() if day and not day.startswith("2003")} == readings


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("1.234,56", {"decimal-comma": "1234.56"}),
        ("Rs. 1,234.50", {"decimal-point": "1234.50"}),
        ("1,23,456.00", {"decimal-point": "123456.00"}),
        ("1 234,5", {"decimal-comma": "1234.5"}),
        ("(5)", {"decimal-point": "-5", "decimal-comma": "-5"}),
        ("12.5-", {"decimal-point": "-12.5"}),
        ("12 pcs", {"decimal-point": "12", "decimal-comma": "12"}),
        (".5", {"decimal-point": "0.5"}),
        ("Ten", {"number-word": "10"}),
        ("1O", {"look-alike": "10"}),
        ("1.2.3", {}),
        ("abc", {}),
        ("-", {}),
    ],
)
def test_a_number_is_read_with_either_sign_in_words_or_behind_its_letters(text: str, readings: dict[str, str]) -> None:
    read = {how: interpret_cell(how, text, POINT) for how in NUMBER_RULES}
    assert {how: number for how, number in read.items() if number} == readings


def test_a_number_is_written_as_the_contract_writes_numbers() -> None:
    assert interpret_cell("decimal-point", "$1,234.50", COMMA) == "1234,50"


def test_every_reading_has_its_words() -> None:
    assert set(RULE_LABELS) == set(INTERPRETATIONS) == {*DATE_RULES, *NUMBER_RULES}


def test_the_nearest_value_comes_first_by_what_it_is_or_is_called() -> None:
    stores = [KnownValue("MUM01"), KnownValue("DEL01"), KnownValue("BLR01")]
    assert nearest_values("MUM1", stores)[0].text == "MUM01"
    products = [KnownValue(f"P{number}", f"Kettle {number}") for number in range(30)] + [KnownValue("P77", "Lunch bag")]
    assert nearest_values("lunch bga", products)[0].text == "P77"
    assert nearest_values("nothing like it at all", products) == []
    assert [one.text for one in nearest_values("", stores)] == ["MUM01", "DEL01", "BLR01"]


def test_a_number_that_may_be_of_two_formats_is_written_so_that_it_can_be_of_one_only() -> None:
    assert interpret_cell("decimal-point", "1.024", MIXED) == "1,0240"
    assert interpret_cell("decimal-comma", "1.024", MIXED) == "1024"
