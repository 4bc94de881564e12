"""Cells of catalogue files and forms: what is read, what is a problem, and what another cost changes."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tillstream.catalogue.cost_effect import Margin, cost_effects, first_changed_day
from tillstream.model import catalogue_columns
from tillstream.model.catalogue_columns import AMOUNT_COLUMNS, ENTRY_COLUMNS, ENTRY_PROBLEMS, map_headers, parse_cells
from tillstream.model.product_catalogue import DatedAmount, EntryKind


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


OLD = (DatedAmount("*", "EUR", Decimal(4)), DatedAmount("IN", "INR", Decimal(300), date(2026, 2, 1)))
NEW = (*OLD, DatedAmount("*", "USD", Decimal(5), date(2026, 3, 1), "2026-07-01"))


def row(day: date, cost_currency: str = "USD", rate: str | None = "2", region: str = "UK") -> dict[str, Any]:
    return {
        "region": region,
        "sale_date": day,
        "currency": "GBP",
        "cost_currency": cost_currency,
        "lines": 2,
        "units": Decimal(3),
        "net": Decimal(60),
        "rate": Decimal(rate) if rate else None,
    }


def test_the_margin_before_and_after_is_that_of_the_lines_whose_cost_changes() -> None:
    days = [date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 4)]
    sums = [row(day, *cost) for day in days for cost in (("USD", "2"), ("EUR", "1"))]
    (effect,) = cost_effects(sums, OLD, NEW)
    assert (effect.lines, effect.first_day, effect.last_day) == (4, days[1], days[2])
    assert effect.before == Margin(4, Decimal(120), Decimal(24))
    assert effect.after == Margin(4, Decimal(120), Decimal(60))
    assert (effect.before.rate, effect.after.rate) == (Decimal("0.8"), Decimal("0.5"))


def test_a_region_with_a_cost_of_its_own_is_not_affected() -> None:
    assert cost_effects([row(date(2026, 3, 1), region="IN")], OLD, NEW) == []


def test_a_cost_without_a_rate_gives_no_margin() -> None:
    (effect,) = cost_effects([row(date(2026, 3, 1), rate=None), row(date(2026, 3, 1), "EUR")], OLD, NEW)
    assert effect.before.lines == 2
    assert effect.after == Margin()
    assert effect.after.rate is None


def test_the_first_changed_day_is_that_of_the_added_or_removed_row() -> None:
    assert first_changed_day(OLD, NEW) == date(2026, 3, 1)
    assert first_changed_day(OLD, OLD[1:]) == date.min
    assert first_changed_day(OLD, OLD) is None
