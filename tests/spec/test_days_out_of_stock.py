"""Days out of stock of random facts: the same spans on both engines, and those of a plain model of each day."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest
from duck import Duck
from googlesql import Judge, Rows

from examples import one_in
from tillstream.analytics import computed_stock
from tillstream.forecasting import regressors
from tillstream.model.tables.warehouse_tables import TABLES

FIRST, DAYS = date(2024, 1, 1), 40
READ = {"current_lines", "catalogue_codes", "line_facts", "current_movements"}
PRODUCTS = ("A", "B", "C")
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Fact:
    """A count, or a movement or sale of a number of units. at: None if only the day is recorded."""

    kind: str
    product: str
    day: date
    units: int
    at: datetime | None = None
    is_before: bool = False
    """Of a count, for facts of its day without a time: whether it was before opening."""

    def is_after(self, count: "Fact") -> bool:
        if self.at and count.at:
            return self.at > count.at
        return self.day > count.day or (self.day == count.day and count.is_before)


def facts(draw: random.Random) -> list[Fact]:
    """Few units, so that stock often ends; counts are one a day at most, others several."""
    result = []
    for product in PRODUCTS:
        for number in range(DAYS):
            day = FIRST + number * DAY
            for kind, share in (("count", 0.08), ("receipt", 0.12), ("write-off", 0.05), ("sale", 0.35)):
                if draw.random() < share:
                    hour = draw.choice([None, draw.randrange(24)])
                    at = None if hour is None else datetime.combine(day, time(hour, draw.randrange(60)), UTC)
                    units = draw.choice([0, 0, 3]) if kind == "count" else draw.choice([1, 2, 2])
                    result.append(Fact(kind, product, day, units, at, draw.random() < 0.5))
    return result


def tables(chosen: list[Fact]) -> dict[str, list[tuple[Any, ...]]]:
    lines, movements = [], []
    for number, one in enumerate(chosen):
        shared: dict[str, Any] = {"region": "IN", "store_id": "S1", "product_id": one.product}
        if one.kind == "sale":
            lines.append(
                shared
                | {"key": number, "content": number, "is_current": True, "sale": number, "sale_id": str(number)}
                | {"line_key": "1", "status": "completed", "quantity": Decimal(one.units), "net_amount": Decimal(1)}
                | {"sale_date": one.day, "sold_at": one.at, "settlement_no": 1, "leads": 1, "currency": "USD"}
            )
        else:
            part = "before opening" if one.is_before else "after closing"
            movements.append(
                shared
                | {"movement_id": str(number), "line_no": 1, "kind": one.kind, "quantity": Decimal(one.units)}
                | {"stock_date": one.day, "occurred_at": one.at, "day_part": part, "recorded_seq": number}
            )
    rows = {"sale_versions": lines, "stock_movements": movements}
    return {name: [tuple(row.get(field.name) for field in TABLES[name]) for row in rows[name]] for name in rows}


def on_hand(of: list[Fact], day: date) -> int | None:
    """Stock at the end of a day; None before the first count."""
    past = [one for one in of if one.day <= day]
    counts = [one for one in past if one.kind == "count"]
    if not counts:
        return None
    last = max(counts, key=lambda one: one.day)
    signs = {"receipt": 1, "write-off": -1, "sale": -1}
    return last.units + sum(signs[one.kind] * one.units for one in past if one.kind in signs and one.is_after(last))


def days_out(of: list[Fact]) -> set[date]:
    """Days without stock from beginning to end that no sale follows before there is stock again."""
    days = [FIRST + number * DAY for number in range(DAYS)]
    stock = {day: on_hand(of, day) for day in (FIRST - DAY, *days)}
    sold = {one.day for one in of if one.kind == "sale"}
    result = set()
    for day in days:
        later = [each for each in days if each >= day]
        until = next((each for each in later if (stock[each] or 0) > 0), later[-1] + DAY)
        before, after = stock[day - DAY], stock[day]
        is_empty = before is not None and before <= 0 and after is not None and after <= 0
        if is_empty and not any(day <= each < until for each in sold):
            result.add(day)
    return result


class RecordingWarehouse:
    """A warehouse that also keeps its queries."""

    def __init__(self, duck: Duck) -> None:
        self.duck = duck
        self.queries: list[tuple[str, dict[str, Any]]] = []

    def query(self, text: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        self.queries.append((text, dict(params or {})))
        return self.duck.query(text, params)


def spans(warehouse: Any) -> list[tuple[Any, ...]]:
    rows = computed_stock.days_out_of_stock(warehouse).to_pylist()
    return sorted((row["product"], row["first_day"], row["next_day"]) for row in rows)


def masked(table: pa.Table, start: date, steps: int) -> set[tuple[str, int]]:
    """Products and days of a window that are masked."""
    bounds = zip(*regressors.span_bounds(table, start, steps), strict=True)
    products = table.column("product").to_pylist()
    return {
        (name, day)
        for name, (first, end) in zip(products, bounds, strict=True)
        for day in np.arange(first, end).tolist()
    }


@pytest.mark.parametrize("seed", one_in(3, range(5)))
def test_spans_are_the_days_of_a_plain_model(duck: Duck, seed: int) -> None:
    chosen = facts(random.Random(seed))
    duck.fill(tables(chosen))
    days: dict[str, set[date]] = {product: set() for product in PRODUCTS}
    for product, first, following in spans(duck):
        last = (following or FIRST + DAYS * DAY) - DAY
        days[product] |= {first + number * DAY for number in range((last - first).days + 1)}
    assert days == {product: days_out([one for one in chosen if one.product == product]) for product in PRODUCTS}
    assert any(days.values())


def test_spans_are_the_same_in_parts(duck: Duck, monkeypatch: pytest.MonkeyPatch) -> None:
    duck.fill(tables(facts(random.Random(7))))
    whole = spans(duck)
    monkeypatch.setattr(computed_stock, "MAX_DAY_FACTS", 1)
    warehouse = RecordingWarehouse(duck)
    assert spans(warehouse) == whole
    parts = [params["first_product"] for text, params in warehouse.queries if text.endswith("days_out_of_stock")]
    assert parts == ["", *PRODUCTS[1:]]


@pytest.mark.parametrize(
    ("seed", "step"), [(2, 6), *(pytest.param(seed, 2, marks=pytest.mark.long) for seed in (0, 2, 4))]
)
def test_a_window_has_the_days_of_the_spans_of_all_time(
    duck: Duck, monkeypatch: pytest.MonkeyPatch, seed: int, step: int
) -> None:
    monkeypatch.setattr(regressors, "LONGEST_SPAN", 5)
    warehouse, shorter = cast("Any", duck), 0
    duck.fill(tables(facts(random.Random(seed))))
    whole = computed_stock.days_out_of_stock(warehouse)
    for number in range(3, DAYS, step):
        start = FIRST + number * DAY
        window = computed_stock.days_out_of_stock(warehouse, regressors.spans_needed_from(start))
        expected = masked(whole, start, DAYS - number)
        assert masked(window, start, DAYS - number) == expected, number
        shorter += window.num_rows < whole.num_rows and bool(expected)
    assert shorter


def test_lines_before_the_last_count_of_a_window_are_not_read(duck: Duck) -> None:
    """And the lines of products that are not counted are not read."""
    sales = [Fact("sale", product, FIRST + number * DAY, 1) for product in PRODUCTS for number in range(30)]
    counts = [
        Fact("count", product, FIRST + number * DAY, 9) for product, number in zip("BAAA", (0, 0, 10, 20), strict=True)
    ]
    duck.fill(tables([*sales, *counts]))
    warehouse = RecordingWarehouse(duck)
    for since, lines in ((date.min, 60), (FIRST + 10 * DAY, 60), (FIRST + 11 * DAY, 50), (FIRST + 29 * DAY, 40)):
        computed_stock.days_out_of_stock(cast("Any", warehouse), since)
        text, params = warehouse.queries[-1]
        counted = text.replace("SELECT * FROM days_out_of_stock", "SELECT COUNT(*) AS lines FROM visible_stock_lines")
        assert duck.query(counted, params).to_pylist() == [{"lines": lines}]


def test_both_engines_have_the_same_spans(duck: Duck, judge: Judge) -> None:
    content = tables(facts(random.Random(7)))
    duck.fill(content)
    warehouse = RecordingWarehouse(duck)
    ours = spans(warehouse)
    filled: Mapping[str, Rows] = judge.with_views(content, READ)
    columns, rows = judge.answer(*warehouse.queries[-1], filled)
    places = [[name for name, _ in columns].index(name) for name in ("product", "first_day", "next_day")]
    assert sorted(tuple(row[place] for place in places) for row in rows) == ours


def test_the_last_day_has_the_stock_of_the_levels(duck: Duck) -> None:
    content = tables(facts(random.Random(11)))
    duck.fill(content)
    warehouse: Any = duck
    levels = computed_stock.compute_levels(warehouse, FIRST + DAYS * DAY).to_pylist()
    days = computed_stock.stock_by_day(warehouse).to_pylist()
    newest = {row["product"]: row["on_hand"] for row in sorted(days, key=lambda row: row["stock_day"])}
    assert newest == {row["product"]: row["on_hand"] for row in levels if row["on_hand"] is not None}


def test_without_counts_there_are_no_spans(duck: Duck) -> None:
    chosen = [one for one in facts(random.Random(3)) if one.kind != "count"]
    duck.fill(tables(chosen))
    assert spans(duck) == []
