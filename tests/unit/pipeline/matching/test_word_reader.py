"""Whether a contract can read cells: with the same code that reads the file."""

from typing import Any

import pytest
from source_tables import contract

from tillstream.pipeline.matching.readability import can_parse_cells

GERMAN = {"decimal": ",", "thousands": ".", "currency_signs": ["€"]}


@pytest.mark.parametrize(
    ("role", "changes", "words", "expected"),
    [
        (
            "unit_price",
            {"numbers": GERMAN, "currency": "EUR"},
            ["1.234,50 €", "１２", "5-", "1,234.50", "x"],
            [True, True, True, False, False],
        ),
        ("unit_price", {"numbers": {"currency_signs": ["$", "€", "kr"]}}, ["$5", "€5", "5 kr"], [True, False, False]),
        ("unit_price", {"missing": ["-"]}, ["-", "", "5", "5%"], [True, True, True, False]),
        ("unit_price", {"where_missing": {"unit_price": {"do": "refuse", "words": ["?"]}}}, ["?", "1"], [False, True]),
        ("discount", {"amounts": {"discount": "percent"}}, ["5%", "5", "five"], [True, True, False]),
        ("quantity", {"values": {"quantity": {"one": "1"}}}, ["one", "two"], [True, False]),
        (
            "date",
            {"dates": {"formats": ["%d. %B %Y"], "language": "de"}},
            ["3. März 2026", "3. May 2026"],
            [True, False],
        ),
        ("date", {"dates": {"formats": ["%d.%m.%Y"]}}, ["2026-03-01", "01.03.2026", "03/01/2026"], [True, True, False]),
        ("time", {}, ["09:30", "9.30 h", ""], [True, False, True]),
        ("status", {"status": {"words": {"Done": "completed"}}}, ["done", "gone", ""], [True, False, True]),
        ("currency", {"values": {"currency": {"€": "EUR"}}}, ["€", "USD", "$"], [True, True, False]),
        ("channel", {"values": {"channel": {"W": "web"}}, "allowed": {"channel": ["web"]}}, ["W", "X"], [True, False]),
        ("product_id", {}, ["007", "1.23E+11"], [True, False]),
        ("category", {}, ["anything", ""], [True, True]),
    ],
)
def test_a_cell_can_be_read_or_not(role: str, changes: dict[str, Any], words: list[str], expected: list[bool]) -> None:
    rules = contract({role: "Header", "discount": "Off"} if role != "discount" else {role: "Header"}, **changes)
    assert can_parse_cells(rules, role, words) == expected


def test_derived_columns_are_not_checked_for_format() -> None:
    rules = contract({"category": "Both"}, made={"Both": {"join": ["A", "B"]}})
    assert can_parse_cells(rules, "category", ["x"]) == [True]
    assert can_parse_cells(contract(), "quantity", []) == []
