"""Cells of catalogue files and forms: what is read, and what is a problem."""

from decimal import Decimal

import pytest

from tillstream.model import catalogue_columns
from tillstream.model.catalogue_columns import AMOUNT_COLUMNS, ENTRY_COLUMNS, ENTRY_PROBLEMS, map_headers, parse_cells
from tillstream.model.product_catalogue import EntryKind


@pytest.mark.parametrize(
    ("cell", "expected"),
    [("1234.50", "1234.5"), ("1,234.50", "1234.5"), ("1.234,50", "1234.5"), ("12,5", "12.5"), ("0,125", "0.125")],
)
def test_numbers_are_read_with_either_separator(cell: str, expected: str) -> None:
    assert catalogue_columns.parse_number(cell) == Decimal(expected)


PROBLEM_CELLS = [
    ("amount", "1,234", "wrong-number"),
    ("amount", "12..5", "wrong-number"),
    ("amount", "1e5", "wrong-number"),
    ("amount", "1.0000000001", "wrong-number"),
    ("amount", "-1", "negative-amount"),
    ("amount", "", "missing-value"),
    ("currency", "EURO", "unknown-currency"),
    ("valid_from", "31/12/2026", "wrong-date"),
    ("valid_from", "2026-02-30", "wrong-date"),
    ("code", "a" * 101, "too-long"),
    ("code", "a;b", "wrong-code"),
    ("code", "a\x00b", "wrong-code"),
]


@pytest.mark.parametrize(("column", "cell", "code"), PROBLEM_CELLS)
def test_a_wrong_cell_of_a_price_is_a_problem(column: str, cell: str, code: str) -> None:
    _, problems = parse_cells(AMOUNT_COLUMNS, {column: cell})
    assert [one.code for one in problems] == [code]
    assert problems[0].message
    assert problems[0].remedy


@pytest.mark.parametrize(
    ("kind", "column", "cell", "code"),
    [
        (EntryKind.STORE, "time_zone", "London time", "unknown-time-zone"),
        (EntryKind.STORE, "latitude", "91", "wrong-coordinate"),
        (EntryKind.STORE, "opening_hours", "Mon 18:00-09:00", "wrong-hours"),
        (EntryKind.STORE, "opening_hours", "Someday 09:00-18:00", "wrong-hours"),
        (EntryKind.STORE, "opening_hours", "Mon 09:00-12:00; Tue 09:00-18:00; Mon 13:00-18:00", "repeated-day"),
        (EntryKind.STORE, "opening_hours", "Mon-Fri 09:00-18:00; Wed 09:00-12:00", "repeated-day"),
        (EntryKind.PRODUCT, "pack_size", "0", "not-positive"),
        (EntryKind.PRODUCT, "pack_size", "-1", "not-positive"),
        (EntryKind.PROMOTION, "rate", "0.2", "ambiguous-rate"),
        (EntryKind.PROMOTION, "rate", "120%", "wrong-rate"),
        (EntryKind.PRODUCT, "active", "perhaps", "wrong-choice"),
        (EntryKind.PRODUCT, "aliases", "OLD", "wrong-alias"),
        (EntryKind.PRODUCT, "name", " ", "missing-value"),
        (EntryKind.PRODUCT, "name", "a" * 301, "too-long"),
    ],
)
def test_a_wrong_cell_of_an_entry_is_a_problem(kind: EntryKind, column: str, cell: str, code: str) -> None:
    assert [one.code for one in parse_cells(ENTRY_COLUMNS[kind], {column: cell})[1]] == [code]


def test_opening_hours_take_spans_of_days_over_the_weekend() -> None:
    hours = catalogue_columns.parse_opening_hours("Sat–Mon 10:00–16:00; Tue 09:00-12:00, 13:00-18:00")
    assert catalogue_columns.value_text(hours) == (
        "Mon 10:00-16:00; Tue 09:00-12:00,13:00-18:00; Sat 10:00-16:00; Sun 10:00-16:00"
    )


def test_a_rate_is_a_percentage() -> None:
    assert catalogue_columns.parse_rate("20") == catalogue_columns.parse_rate("20%") == Decimal("0.2")
    assert catalogue_columns.rate_text(Decimal("0.005")) == "0.5%"


def test_headers_are_matched_without_case_spaces_and_signs() -> None:
    headers = ["SKU", "Product Name", "Bar-code", "Is Active", "colour"]
    assert map_headers(headers, ENTRY_COLUMNS[EntryKind.PRODUCT]) == {"code": 0, "name": 1, "barcodes": 2, "active": 3}
    assert map_headers(["Product", "Unit price", "Date"], AMOUNT_COLUMNS) == {"code": 0, "amount": 1, "valid_from": 2}


def test_every_problem_has_a_message_and_a_remedy() -> None:
    for code, (message, remedy) in ENTRY_PROBLEMS.items():
        assert code == code.lower()
        assert message.endswith(".")
        assert remedy.endswith(".")
