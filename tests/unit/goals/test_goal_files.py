"""Goals from files: both shapes, synonyms of headers, and a reason for each refused row."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from app_factory import build
from sheet_files import xlsx

from tillstream.app import App
from tillstream.goals import stored_goals
from tillstream.goals.goal_import import GoalReader, ReadGoals, import_goals
from tillstream.goals.target_sales import TargetNames
from tillstream.goals.targets import GoalMeasure, GoalTarget
from tillstream.model.dates import Month
from tillstream.model.errors import Rejected
from tillstream.settings import Settings

JUNE = Month(date(2026, 6, 1))
LEEDS, YORK = GoalTarget("UK", "LDS1"), GoalTarget("UK", "YRK1")
NAMES = TargetNames(
    ["IN", "UK"],
    ["IN", "UK"],
    {LEEDS: "Leeds", YORK: "York", GoalTarget("IN", "MUM01"): ""},
    {
        GoalTarget("UK", "LDS1", "T1"): "Tom Hill",
        GoalTarget("UK", "YRK1", "T1"): "Tom Hill",
        GoalTarget("UK", "LDS1", "T2"): "Ann Bell",
        GoalTarget("IN", "MUM01", "S1"): "",
    },
    {GoalTarget(category="Toys"), GoalTarget("UK", category="Toys"), GoalTarget(category="Café & Küche")},
)
READER = GoalReader(NAMES, {"": "USD", "UK": "GBP", "IN": "INR"}, JUNE)


def read(text: str) -> ReadGoals:
    return READER.read(text.encode())


def goals(text: str) -> list[tuple[str, GoalTarget, str, Decimal, str]]:
    table = read(text)
    assert not table.refused, table.refused
    return [
        (str(one.month), one.goal.target, one.goal.measure.value, one.goal.amount, one.goal.currency)
        for one in table.goals
    ]


def test_a_row_for_each_goal() -> None:
    text = (
        "month,region,store,salesperson,category,measure,amount,currency\n"
        "2026-06,,,,,revenue,900000,EUR\n"
        "2026-07-01,UK,,,,,200000.50,\n"
        "2026-06,UK,LDS1,,,orders,1200,\n"
        "2026-06,UK,LDS1,T1,,units,300,\n"
        "2026-06,UK,,T2,,revenue,1000,\n"
        "2026-06,,,,Toys,margin,5000,\n"
    )
    assert goals(text) == [
        ("2026-06", GoalTarget(), "revenue", 900000, "EUR"),
        ("2026-07", GoalTarget("UK"), "revenue", Decimal("200000.50"), "GBP"),
        ("2026-06", LEEDS, "orders", 1200, ""),
        ("2026-06", GoalTarget("UK", "LDS1", "T1"), "units", 300, ""),
        ("2026-06", GoalTarget("UK", "LDS1", "T2"), "revenue", 1000, "GBP"),
        ("2026-06", GoalTarget(category="Toys"), "margin", 5000, "USD"),
    ]


def test_a_column_for_each_month_and_headers_of_other_tools() -> None:
    text = "Region;Store Name;2026-06;2026-07\nuk;leeds;1 200,50;\nUK;York;;300\n"
    assert goals(text) == [
        ("2026-06", LEEDS, "revenue", Decimal("1200.50"), "GBP"),
        ("2026-07", YORK, "revenue", Decimal(300), "GBP"),
    ]


def test_a_block_of_a_spreadsheet_and_a_workbook() -> None:
    assert goals("region\tstore\ttarget\nUK\tLDS1\t5\n") == [("2026-06", LEEDS, "revenue", 5, "GBP")]
    (one,) = READER.read(xlsx([["month", "region", "budget"], ["2026-06", "IN", 70000]])).goals
    assert (one.goal.target, one.goal.amount, one.goal.currency) == (GoalTarget("IN"), 70000, "INR")


@pytest.mark.parametrize(
    ("row", "code", "field", "words"),
    [
        ("2026-06,FR,,,,revenue,1,", "unknown-region", "region", "There is no region “FR”"),
        ("2026-06,UK,LDS,,,revenue,1,", "unknown-store", "store", "Did you mean LDS1"),
        ("2026-06,IN,LDS1,,,revenue,1,", "unknown-store", "store", "There is no store “LDS1” in IN"),
        ("2026-06,UK,,Ann Ball,,revenue,1,", "unknown-salesperson", "salesperson", "Did you mean Ann Bell?"),
        ("2026-06,UK,,T1,,revenue,1,", "unknown-store", "store", "sells in several stores, LDS1, YRK1"),
        ("2026-06,,,T2,,revenue,1,", "unknown-region", "region", "needs its region"),
        ("2026-06,,,,Toy,revenue,1,", "unknown-category", "category", "Did you mean Toys?"),
        ("2026-06,UK,LDS1,,Toys,revenue,1,", "unknown-category", "category", "not in a store"),
        ("2026-06,,,,Toys,orders,1,", "orders-of-a-category", "measure", "no goal in orders"),
        ("June,,,,,revenue,1,", "wrong-month", "month", "“June” is not a month"),
        ("2026-06,,,,,profit,1,", "wrong-measure", "measure", "“profit” is not a measure"),
        ("2026-06,,,,,revenue,many,", "wrong-number", "amount", "“many” is not a number"),
        ('2026-06,,,,,revenue,"1,200",', "wrong-number", "amount", "decimals or thousands"),
        ("2026-06,,,,,revenue,-1,", "negative-amount", "amount", "below 0"),
        ("2026-06,,,,,orders,1.5,", "too-many-decimals", "amount", "whole numbers"),
        ("2026-06,,,,,revenue,1.005,JPY", "too-many-decimals", "amount", "beyond those of JPY"),
        ("2026-06,,,,,revenue,1,EURO", "unknown-currency", "currency", "“EURO” is not a currency"),
    ],
)
def test_a_refused_row_has_its_line_its_column_and_a_reason(row: str, code: str, field: str, words: str) -> None:
    header = "month,region,store,salesperson,category,measure,amount,currency\n"
    table = read(f"{header}2026-06,UK,,,,units,7,\n{row}\n")
    assert [one.goal.amount for one in table.goals] == [7]
    (refused,) = table.refused
    assert (refused.line, refused.code, refused.column) == (3, code, field)
    assert words in refused.message
    assert refused.remedy
    assert refused.cells["month"] == row.partition(",")[0]


def test_a_goal_that_is_there_twice_is_refused_in_all_its_rows() -> None:
    table = read("region,store,amount\nUK,LDS1,1\nUK,Leeds,2\nUK,YRK1,3\n")
    assert [one.goal.target for one in table.goals] == [YORK]
    assert [(one.line, one.code) for one in table.refused] == [(2, "repeated-goal"), (3, "repeated-goal")]
    assert "also in line 3" in table.refused[0].message


def test_a_file_without_amounts_is_refused_as_a_whole() -> None:
    with pytest.raises(Rejected, match="no amounts"):
        read("region,store\nUK,LDS1\n")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = build(Settings(home=tmp_path / "home", samples=False, threads=1))
    yield opened
    opened.close()


def test_good_rows_are_saved_and_an_empty_amount_removes_a_goal(app: App) -> None:
    first = import_goals(app.ports, READER, b"region,amount\nUK,5\nIN,6\nFR,7\n", by="boss", source="g.csv")
    assert (first.rows, first.saved, first.same, len(first.refused)) == (3, 2, 0, 1)
    assert first.months == [JUNE]
    second = import_goals(app.ports, READER, b"region,amount\nUK,5\nIN,\n", by="boss", source="g.csv")
    assert (second.saved, second.same) == (1, 1)
    assert [goal.target for goal in stored_goals.read_goals(app.ports, JUNE).goals.values()] == [GoalTarget("UK")]


def test_a_dry_import_saves_nothing(app: App) -> None:
    done = import_goals(app.ports, READER, b"region,amount\nUK,5\n", by="boss", source="g.csv", dry=True)
    assert done.saved == 1
    assert stored_goals.read_all_goals(app.ports) == []


def test_who_may_not_change_a_target_is_refused_by_row(app: App) -> None:
    done = import_goals(
        app.ports, READER, b"region,amount\nUK,5\nIN,6\n", by="boss", source="g.csv",
        may_change=lambda target: target.region == "UK",
    )  # fmt: skip
    assert done.saved == 1
    assert [(one.line, one.code) for one in done.refused] == [(3, "not-permitted")]
    stored = stored_goals.read_goals(app.ports, JUNE).goals
    assert list(stored) == [(GoalTarget("UK"), GoalMeasure.REVENUE)]
