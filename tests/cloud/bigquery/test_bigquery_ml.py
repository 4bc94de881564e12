"""Forecasts of BigQuery ML: the series to train on, and which rows of `forecasts` its output replaces.

The emulator trains no models, so `outlook` is filled with rows of the columns of ML.FORECAST.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from emulator_fixtures import dataset_of
from google.cloud.bigquery import Dataset as DatasetResource

import sql
from devtools.emulators import PROJECT, Emulator
from tillstream.adapters.google.bigquery.dataset import Dataset
from tillstream.adapters.google.bigquery.migrations import migrate
from tillstream.adapters.google.bigquery.tables import arrow_schema
from tillstream.adapters.google.bigquery.warehouse import BigQueryWarehouse
from tillstream.adapters.google.object_store import Downloads
from tillstream.adapters.local.sale_index import MemorySaleIndex
from tillstream.model.tables.warehouse_tables import TABLES

pytestmark = pytest.mark.long
MODELS = "tillstream_ml"
METHOD = "BigQuery ML ARIMA_PLUS"
CUTOFF = date(2024, 3, 3)
AHEAD = 14
NAMES = ("region", "store_id", "category")
TOTAL, UK, LEEDS, YORK, TOYS = (
    ("total", None, None, None),
    ("region", "UK", None, None),
    ("store", "UK", "LDS1", None),
    ("store", "UK", "YRK1", None),
    ("store_category", "UK", "LDS1", "Toys"),
)
Row = dict[str, Any]
Node = tuple[str, str | None, str | None, str | None]


def script(name: str) -> str:
    return sql.text(f"bigquery_ml/{name}.bigquery")


def forecast(node: Node, period: str, first: int, last: int, mean: int = 10, **values: Any) -> Row:
    """A row of `forecasts` for the days from `first` to `last` after the cutoff date."""
    level, *names = node
    parts = dict.fromkeys(("trend", "weekday", "holiday", "plan"), 0) if period == "day" else {}
    return (
        {"target": "revenue", "level": level, "currency": "USD" if node is TOTAL else "GBP", "period": period}
        | dict(zip(NAMES, names, strict=True))
        | {"first_day": CUTOFF + timedelta(first), "last_day": CUTOFF + timedelta(last)}
        | {"mean": mean, "low": mean - 4, "median": mean - 1, "high": mean + 6, "scale": 3, "method": "model"}
        | {"level_part": 10 if period == "day" else None, **{f"{name}_part": value for name, value in parts.items()}}
        | {"cutoff_date": CUTOFF, "created_at": datetime(2024, 3, 4, tzinfo=UTC)}
        | values
    )


def node_rows(node: Node, **values: Any) -> list[Row]:
    """Days, weeks, and the sum of all days of a node."""
    days = [forecast(node, "day", number, number, **values) for number in range(1, AHEAD + 1)]
    weeks = [forecast(node, "week", first, first + 6, 70, **values) for first in (1, 8)]
    return [*days, *weeks, forecast(node, "sum", 1, AHEAD, 140, **values)]


def day_sum(day: int, store: str, net: int, **values: Any) -> Row:
    """Sales of a day of February 2024."""
    place = {"sale_date": date(2024, 2, day), "region": "UK", "store_id": store, "category": "Toys"}
    return place | {"currency": "GBP", "status": "completed", "lines": 1, "net": net, "quantity": 2} | values


FORECASTS = [row for node in (TOTAL, UK, LEEDS, YORK, TOYS) for row in node_rows(node)]
SALES = [
    day_sum(28, "LDS1", 100),
    day_sum(28, "YRK1", 50),
    day_sum(28, "LDS1", 7, status="cancelled"),
    day_sum(29, "LDS1", -20, status="returned", quantity=-1),
    day_sum(29, "LDS1", 30, category=None),
    day_sum(29, "YRK1", 25, currency="USD"),
    day_sum(28, "FRA1", 500, region="FR"),
]


@pytest.fixture(scope="module")
def ledger(bigquery: Emulator) -> Iterator[Dataset]:
    """A ledger with sales of two stores, and the dataset of models."""
    dataset = dataset_of(bigquery, "ledger_of_models")
    migrate(dataset)
    dataset.client.create_dataset(DatasetResource(f"{PROJECT}.{MODELS}"))
    fill(dataset, "day_sums", SALES)
    fill(dataset, "reporting", [{"currency": "USD"}])
    rate = {"currency": "GBP", "sale_date": CUTOFF, "factor": Decimal("1.25")}
    wrong = {"currency": "USD", "sale_date": CUTOFF, "factor": Decimal(99)}  # of the reporting currency itself
    fill(dataset, "reporting_rates", [rate, rate | {"sale_date": date(2024, 1, 1), "factor": Decimal("1.1")}, wrong])
    (create,) = re.findall(r"^CREATE TABLE IF NOT EXISTS.*?;", script("train"), re.MULTILINE | re.DOTALL)
    dataset.ask(create)
    yield dataset
    for name in (MODELS, dataset.name):
        dataset.client.delete_dataset(name, delete_contents=True)
    dataset.close()


@pytest.fixture
def dataset(ledger: Dataset) -> Dataset:
    """The ledger with forecasts, the series to train on, and no forecast of a model."""
    fill(ledger, "forecasts", FORECASTS)
    ledger.ask(f"CREATE OR REPLACE TABLE {MODELS}.history AS {script('history')}")
    ledger.ask(f"DELETE FROM {MODELS}.outlook WHERE TRUE")
    return ledger


def fill(dataset: Dataset, table: str, rows: Sequence[Row]) -> None:
    names = [field.name for field in TABLES[table]]
    complete = [{name: row.get(name) for name in names} for row in rows]
    BigQueryWarehouse(dataset, Downloads(PROJECT), MemorySaleIndex()).replace_table(
        table, pa.Table.from_pylist(complete, arrow_schema(TABLES[table]))
    )


def add_outlook(dataset: Dataset, node: Node, days: int, value: float, cutoff: date = CUTOFF) -> None:
    """Add what ML.FORECAST returns for a node: the value, with a tenth more for each day ahead, and its range."""
    key = ", ".join(f"'{name or '*'}'" for name in node)
    dataset.ask(f"""
        INSERT INTO {MODELS}.outlook
        SELECT
          'revenue', {key}, DATE '{cutoff}', TIMESTAMP(DATE_ADD(DATE '{cutoff}', INTERVAL ahead DAY)),
          {value} + ahead / 10, {value} - 20, {value} + 20
        FROM UNNEST(GENERATE_ARRAY(1, {days})) AS ahead
    """)


def rows(dataset: Dataset, text: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in dataset.ask(text)]


def stored(dataset: Dataset) -> list[Row]:
    """The rows of `forecasts` without the time that they were made."""
    columns = "* EXCEPT (created_at)"
    order = "level, region, store_id, category, cutoff_date, period, last_day"
    return [dict(row.items()) for row in dataset.ask(f"SELECT {columns} FROM forecasts ORDER BY {order}")]


def series(dataset: Dataset, node: Node) -> list[float]:
    level, *names = node
    key = " AND ".join(f"{column} = '{name or '*'}'" for column, name in zip(NAMES, names, strict=True))
    text = f"SELECT value FROM {MODELS}.history WHERE level = '{level}' AND {key} ORDER BY sale_date"
    return [value for (value,) in rows(dataset, text)]


def test_models_train_on_the_days_of_each_node_through_the_last_day_of_the_forecasts(dataset: Dataset) -> None:
    """Other currencies are converted at the latest rates; the region without a forecast is left out."""
    assert series(dataset, LEEDS) == [100, 10, 0, 0, 0]
    assert series(dataset, TOYS) == [100, -20, 0, 0, 0]
    assert series(dataset, YORK) == [50, 20, 0, 0, 0]
    assert series(dataset, UK) == [150, 30, 0, 0, 0]
    assert series(dataset, TOTAL) == [150 * 1.25, 30 * 1.25, 0, 0, 0]


def test_forecasts_of_complete_nodes_are_replaced_and_no_other_row(dataset: Dataset) -> None:
    earlier = node_rows(LEEDS, cutoff_date=CUTOFF - timedelta(7), method="seasonal naive")
    closed = {"mean": 0, "low": 0, "median": 0, "high": 0}
    leeds = [forecast(LEEDS, "day", 1, 1, **closed, level_part=0), *node_rows(LEEDS)[1:]]
    others = [row for row in FORECASTS if row["store_id"] != "LDS1" or row["category"]]
    fill(dataset, "forecasts", [*others, *leeds, *earlier])
    before = stored(dataset)
    add_outlook(dataset, LEEDS, AHEAD, 15)
    add_outlook(dataset, TOTAL, AHEAD, 30)
    add_outlook(dataset, YORK, AHEAD - 1, 15)  # not all days
    add_outlook(dataset, UK, AHEAD, 15, CUTOFF - timedelta(1))  # from other sales
    dataset.ask(script("replace"))
    after = stored(dataset)
    assert len(after) == len(before)
    changed = [row for row, was in zip(after, before, strict=True) if row != was]
    assert {(row["level"], row["method"]) for row in changed} == {("store", METHOD), ("total", METHOD)}
    assert {row["cutoff_date"] for row in changed} == {CUTOFF}
    assert len(changed) == 2 * (AHEAD + 3)

    of_leeds = [row for row in changed if row["level"] == "store"]
    first, second, *_ = days = [row for row in of_leeds if row["period"] == "day"]
    ranges = [tuple(row[name] for name in ("mean", "low", "median", "high")) for row in (first, second)]
    assert ranges == [(0, 0, 0, 0), (Decimal("15.2"), 0, Decimal("15.2"), 35)]
    for row in days:
        assert sum(row[f"{name}_part"] for name in ("level", "trend", "weekday", "holiday", "plan")) == row["mean"]
    total = sum(row["mean"] for row in days)
    assert [row["mean"] for row in of_leeds if row["period"] == "week"] == [Decimal("92.7"), total - Decimal("92.7")]
    (whole,) = [row for row in of_leeds if row["period"] == "sum"]
    assert [whole[name] - total for name in ("mean", "low", "median", "high")] == [0, -4, -1, 6], "the width of before"

    dataset.ask(script("replace"))
    assert stored(dataset) == after


def test_errors_are_compared_with_those_of_the_backtest(dataset: Dataset) -> None:
    until = date(2024, 2, 28)
    history = ", ".join(
        f"('revenue', 'total', '*', '*', '*', DATE '{until}' - {7 - day}, {day})" for day in range(1, 11)
    )
    dataset.ask(f"DELETE FROM {MODELS}.history WHERE TRUE; INSERT INTO {MODELS}.history VALUES {history}")
    add_outlook(dataset, TOTAL, 3, 9.9, until)
    measured = {"target": "revenue", "level": "total", "cutoff_date": until, "created_at": datetime.now(UTC)}
    values = {"relative_mae": Decimal("0.5"), "coverage": Decimal("0.8")}
    fill(dataset, "forecast_accuracy", [measured | {"measure": name, "value": each} for name, each in values.items()])
    (row,) = rows(dataset, script("accuracy"))
    naive_error, error = 7 * 3, (10 - 8) + (10.1 - 9) + (10.2 - 10)
    assert row[:4] == ("revenue", "total", until, 3)
    assert row[4:] == pytest.approx((error / naive_error, 1, 0.5, 0.8))
