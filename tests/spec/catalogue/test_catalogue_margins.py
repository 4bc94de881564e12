"""Margins with costs of the catalogue: from lines, from daily totals, and from a plain recomputation."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any, NamedTuple

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from table_text import parse_tables

from examples import examples
from tillstream.adapters.local.duckdb.warehouse import DuckDBWarehouse
from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import run_query, totals_coverage
from tillstream.model.people import UNRESTRICTED
from tillstream.model.tables.daily_totals import ROLLUPS
from tillstream.model.tables.warehouse_tables import TABLES
from tillstream.ports.warehouse import Warehouse

PLACES = Decimal("1e-9")
FIRST = date(2024, 1, 1)
DAYS = [FIRST + timedelta(days=offset) for offset in range(6)]
RATES = {"INR": Decimal("0.012345679"), "GBP": Decimal("1.27")}
"""Into USD, every day; JPY has no rate."""
CURRENCIES = ("USD", "INR", "GBP", "JPY")
REGIONS = ("IN", "UK")
CODES = ("A", "B", "X", "Y", "Z")
PRODUCTS = ("A", "B", "P", "Q")


class Line(NamedTuple):
    day: date
    region: str
    code: str | None
    status: str
    currency: str
    quantity: Decimal | None
    net: Decimal
    own_cost: Decimal | None


class Cost(NamedTuple):
    product: str
    region: str
    currency: str
    amount: Decimal
    first: date | None


MONEY = st.decimals(-1_000, 1_000, places=9)
lines = st.lists(
    st.builds(
        Line,
        st.sampled_from(DAYS),
        st.sampled_from(REGIONS),
        st.none() | st.sampled_from(CODES),
        st.sampled_from(("completed", "returned", "cancelled")),
        st.sampled_from(CURRENCIES),
        st.none() | st.decimals(-9, 9, places=3),
        MONEY,
        st.none() | st.none() | MONEY,
    ),
    min_size=1,
    max_size=40,
)
costs = st.lists(
    st.builds(
        Cost,
        st.sampled_from(PRODUCTS),
        st.sampled_from((*REGIONS, "*")),
        st.sampled_from(CURRENCIES),
        st.decimals(0, 100, places=9),
        st.none() | st.sampled_from(DAYS),
    ),
    max_size=24,
    unique_by=lambda cost: (cost.product, cost.region, cost.first),
)
aliases = st.dictionaries(
    st.tuples(st.sampled_from((*REGIONS, "*")), st.sampled_from(("X", "Y", "Z", "B"))),
    st.sampled_from(PRODUCTS),
    max_size=9,
)
Aliases = dict[tuple[str, str], str]


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    opened = DuckDBWarehouse(":memory:", threads=1)
    opened.replace_table("reporting", pa.table({"currency": ["USD"]}))
    rates = [(day, currency, factor) for day in DAYS for currency, factor in RATES.items()]
    write(opened, "reporting_rates", rates)
    write(opened, "catalogue_changes", [("first", datetime(2024, 2, 1, tzinfo=UTC))])
    yield opened
    opened.close()


def write(warehouse: Warehouse, table: str, rows: list[Any]) -> None:
    names = [field.name for field in TABLES[table]]
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    warehouse.replace_table(table, pa.table(dict(zip(names, map(list, columns), strict=True))))


def sell(warehouse: Warehouse, sold: list[Line]) -> None:
    """Replace all sales, without daily totals."""
    for table in ("summed", "catalogue_days", *ROLLUPS):
        write(warehouse, table, [])
    header = (
        "key content is_current sale sale_id region product_id status sale_date quantity unit_cost net_amount currency "
        "leads settlement_no"
    )
    rows = [
        f"{n} {n} yes {n} S{n} {line.region} {line.code or '-'} {line.status} {line.day} {text(line.quantity)} "
        f"{text(line.own_cost)} {line.net:f} {line.currency} 1 1"
        for n, line in enumerate(sold, start=1)
    ]
    write(warehouse, "sale_versions", parse_tables({"sale_versions": "\n".join([header, *rows])})["sale_versions"])
    write(warehouse, "settlements", [(1, datetime(2024, 2, 1, tzinfo=UTC), "", 1, 0, 0, True)])
    write(warehouse, "settlement_days", [(1, day) for day in sorted({line.day for line in sold})])


def text(value: Decimal | None) -> str:
    return "-" if value is None else f"{value:f}"


def list_catalogue(warehouse: Warehouse, listed: list[Cost], also: Aliases) -> None:
    """As the mirror does: rows whose days never overlap."""
    rows = []
    for cost in listed:
        followers = [
            other.first
            for other in listed
            if (other.product, other.region) == (cost.product, cost.region)
            and other.first is not None
            and (cost.first is None or other.first > cost.first)
        ]
        rows.append((cost.product, cost.region, cost.currency, cost.amount, cost.first, min(followers, default=None)))
    write(warehouse, "dim_product_cost", rows)
    write(warehouse, "product_codes", [(region, code, product) for (region, code), product in also.items()])


def recomputed(sold: list[Line], listed: list[Cost], also: Aliases) -> tuple[Decimal, ...]:
    """Cost, revenue with a cost, and the part of it whose cost is that of the catalogue."""
    cost = covered = catalogue = Decimal(0)
    with localcontext(prec=80):
        for line in sold:
            unit, currency = unit_cost(line, listed, also)
            factor, cost_factor = factor_of(line.currency), factor_of(currency or line.currency)
            if line.status == "cancelled" or None in {unit, line.quantity, factor, cost_factor}:
                continue
            cost += (line.quantity * unit).quantize(PLACES, ROUND_HALF_UP) * cost_factor
            covered += line.net * factor
            catalogue += line.net * factor if currency else 0
        return tuple(one.quantize(PLACES, ROUND_HALF_UP) for one in (cost, covered, catalogue))


def factor_of(currency: str) -> Any:
    return Decimal(1) if currency == "USD" else RATES.get(currency)


def unit_cost(line: Line, listed: list[Cost], also: Aliases) -> Any:
    if line.own_cost is not None or line.code is None:
        return line.own_cost, None
    product = also.get((line.region, line.code)) or also.get(("*", line.code)) or line.code
    for region in (line.region, "*"):
        valid = [
            cost
            for cost in listed
            if (cost.product, cost.region) == (product, region) and (cost.first or date.min) <= line.day
        ]
        if valid:
            latest = max(valid, key=lambda cost: cost.first or date.min)
            return latest.amount, latest.currency
    return None, None


def margins(warehouse: Warehouse, filters: Filters = Filters()) -> tuple[Decimal, ...]:  # noqa: B008
    (row,) = run_query(warehouse, "headline", UNRESTRICTED, filters).to_pylist()
    return tuple(row[name] or Decimal(0) for name in ("cost", "covered_revenue", "catalogue_revenue"))


@settings(max_examples=examples(48), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sold=lines, listed=costs, later=costs, also=aliases, then=aliases)
def test_margins_from_totals_and_lines_are_those_of_a_plain_recomputation(
    warehouse: Warehouse, sold: list[Line], listed: list[Cost], later: list[Cost], also: Aliases, then: Aliases
) -> None:
    sell(warehouse, sold)
    list_catalogue(warehouse, listed, also)
    assert totals_coverage(warehouse).stale is None
    assert margins(warehouse) == recomputed(sold, listed, also)
    warehouse.refresh_totals()
    assert totals_coverage(warehouse).stale == ()
    assert margins(warehouse) == recomputed(sold, listed, also)

    list_catalogue(warehouse, later, then)
    write(warehouse, "catalogue_days", [("second", day) for day in DAYS])
    assert margins(warehouse) == recomputed(sold, later, then)
    assert warehouse.refresh_totals() == len(DAYS)
    assert totals_coverage(warehouse).stale == ()
    assert margins(warehouse) == recomputed(sold, later, then)
    by_product = [line for line in sold if product_of(line, then) == "A"]
    assert margins(warehouse, Filters(product=("A",))) == recomputed(by_product, later, then)


def product_of(line: Line, also: Aliases) -> str | None:
    if line.code is None:
        return None
    return also.get((line.region, line.code)) or also.get(("*", line.code)) or line.code


@settings(max_examples=examples(24), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sold=lines, also=aliases)
def test_products_from_totals_and_lines_are_those_of_the_aliases(
    warehouse: Warehouse, sold: list[Line], also: Aliases
) -> None:
    sell(warehouse, sold)
    list_catalogue(warehouse, [], also)
    expected = {name for line in sold if (name := product_of(line, also))}
    for _ in range(2):
        rows = run_query(warehouse, "sales-by-product", UNRESTRICTED).to_pylist()
        assert {row["product"]: row["lines"] for row in rows} == {
            name: sum(product_of(line, also) == name for line in sold) for name in expected
        }
        warehouse.refresh_totals()


def test_rows_that_overlap_count_no_line_twice(warehouse: Warehouse) -> None:
    write(warehouse, "product_codes", [("*", "X", "P"), ("*", "X", "P"), ("*", "X", "Q")])
    write(warehouse, "dim_product_cost", [("P", "*", "USD", amount, None, None) for amount in (1, 2, 3)])
    sell(warehouse, [Line(FIRST, "IN", "X", "completed", "USD", Decimal(2), Decimal(10), None)])
    assert margins(warehouse) == (Decimal(6), Decimal(10), Decimal(10))
