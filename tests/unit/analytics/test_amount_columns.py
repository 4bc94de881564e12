"""Amounts of money in the answers of queries: each column with decimals is one, or a number of another kind."""

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from app_factory import build

from tillstream.analytics import queries, query_catalogue
from tillstream.analytics.amount_columns import (
    COLUMNS_WITHOUT_MONEY,
    FIGURE_COLUMN,
    FIGURE_COLUMNS,
    PRICE_COLUMNS,
    ROW_CURRENCY_COLUMNS,
    RowAmounts,
)
from tillstream.app import App
from tillstream.commands.printing import show_csv, show_rows
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED
from tillstream.settings import Settings

NUMBERS = frozenset({
    "arrived", "contribution", "counted", "daily", "days_of_cover", "difference", "elasticity", "fill_rate",
    "gained_units", "highest_change", "in_transit", "level", "lost", "lost_units", "low_below", "lowest_change",
    "moved", "on_hand", "on_order", "pack_size", "purchase_days", "quantity", "quantity_after", "quantity_before",
    "rate",
    "recency_days", "recent_units", "retention", "sent", "service", "share", "sold", "squared_variation", "stock",
    "stock_units", "uncosted_units", "units", "units_after", "units_before", "urgency",
})  # fmt: skip
"""Columns with decimals that are no money; besides fractions, by their endings."""
FRACTIONS = ("_share", "_coverage", "_rate", "growth", "growth_year")
TRIED = ("1", "2026-01-01", "region", "revenue", "")
"""Values of parameters that need one."""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with closing(build(Settings(home=tmp_path_factory.mktemp("home"), samples=False, threads=1))) as opened:
        yield opened


def value_of(parameter: Any) -> str:
    for value in (*(parameter.words or ()), *TRIED):
        try:
            parameter.value(value)
        except Rejected:
            continue
        return str(value)
    raise AssertionError(parameter)


@pytest.mark.parametrize("name", query_catalogue.query_names())
def test_each_column_with_decimals_is_an_amount_or_a_number(app: App, name: str) -> None:
    parameters = query_catalogue.describe_query(name).parameters
    values = {}
    for one in parameters:
        try:
            one.value(None)
        except Rejected:
            values[one.name] = value_of(one)
    answer = queries.run_query(app.ports.warehouse, name, UNRESTRICTED, **values)
    with_decimals = {
        field.name for field in answer.schema if pa.types.is_decimal(field.type) or pa.types.is_floating(field.type)
    }
    columns, no_money = answer.column_names, COLUMNS_WITHOUT_MONEY.get(name, set())
    money = {
        *RowAmounts(name, columns, "USD").converted,
        *PRICE_COLUMNS,
        *(ROW_CURRENCY_COLUMNS if "currency" in columns else ()),
    } - no_money
    money |= FIGURE_COLUMNS if FIGURE_COLUMN in columns else set()
    unknown = {one for one in with_decimals - money - NUMBERS - no_money if not one.endswith(FRACTIONS)}
    assert not unknown, "add them to the amounts in tillstream/analytics/amount_columns.py, or to NUMBERS"


@pytest.mark.parametrize(
    ("query", "row", "rounded"),
    [
        ("kpis", {"revenue": "77.503224322", "currency": "USD"}, {"revenue": "77.50"}),
        ("kpis", {"average_order_value": "25.834408107"}, {"average_order_value": "25.83"}),
        ("sale-lines", {"net_amount": "82.724", "currency": "INR"}, {"net_amount": "82.72"}),
        ("sale-lines", {"net_amount": "82.724", "currency": "KWD"}, {"net_amount": "82.724"}),
        ("lines-page", {"reporting_amount": "9.995", "currency": "JPY"}, {"reporting_amount": "10.00"}),
        ("lines-page", {"unit_price": "0.0125", "currency": "INR"}, {"unit_price": "0.0125"}),
        ("stock-levels", {"unit_cost": "7", "cost_currency": "JPY"}, {"unit_cost": "7"}),
        (
            "prices-off-list",
            {"list_amount": "0.0125", "list_currency": "KWD", "list_price": "4", "currency": "JPY"},
            {"list_amount": "0.0125", "list_price": "4"},
        ),
        (
            "prices-off-list",
            {"list_amount": "9.5", "list_currency": "USD", "currency": "JPY"},
            {"list_amount": "9.50"},
        ),
        ("forecasts", {"mean": "12.3456", "currency": ""}, {}),
        ("forecasts", {"mean": "12.3456", "currency": "GBP"}, {"mean": "12.35"}),
        ("growth", {"figure": "revenue", "value": "3.14159"}, {"value": "3.14"}),
        ("growth", {"figure": "units", "value": "3.14159"}, {}),
        ("stock-events", {"change": "0.125"}, {}),
        ("measures", {"margin": "1.005", "margin_rate": "0.123456789"}, {"margin": "1.01"}),
    ],
)
def test_amounts_are_rounded_in_their_currency(query: str, row: dict[str, Any], rounded: dict[str, str]) -> None:
    answer = RowAmounts(query, list(row), "USD")
    shown = {name: f"{value:f}" for name in row if (value := answer.rounded(name, row)) is not None}
    assert shown == rounded


def test_tables_and_csv_of_the_terminal_are_rounded(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"revenue": "114808.865622957", "net_amount": "1.23456", "currency": "INR", "units": "1.23456"}
    data = {"name": "sale-lines", "columns": list(row), "rows": [row], "cut": False, "currency": "USD"}
    show_rows(data)
    assert [line.split()[-1] for line in capsys.readouterr().out.splitlines()] == [
        "114808.87",
        "1.23",
        "INR",
        "1.23456",
    ]
    show_csv(data)
    assert capsys.readouterr().out.splitlines()[1] == "114808.87,1.23456,INR,1.23456", "as recorded, if not converted"
    show_rows(data | {"currency": ""})
    assert str(Decimal(row["revenue"])) in capsys.readouterr().out
