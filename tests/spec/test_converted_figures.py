"""Figures in any currency equal those of a plain recomputation from the lines and the loaded rates."""

from collections.abc import Iterator
from datetime import date, timedelta
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
from tillstream.analytics.fx.daily_factors import daily_rates
from tillstream.analytics.fx.rate_files import RATES_SCHEMA
from tillstream.analytics.queries import run_query
from tillstream.model.people import UNRESTRICTED
from tillstream.model.tables.warehouse_tables import TABLES
from tillstream.ports.warehouse import Warehouse

PLACES = Decimal("1e-9")
FIRST = date(2024, 1, 1)
REPORTING = "USD"
CURRENCIES = ("USD", "EUR", "GBP", "INR", "JPY")
MONTH = Filters(date(2024, 2, 1), date(2024, 2, 29))
MONEY = st.decimals(-10_000, 10_000, places=9)


class Line(NamedTuple):
    day: date
    currency: str
    status: str
    net: Decimal
    cost: Decimal | None


days = st.integers(0, 59).map(lambda offset: FIRST + timedelta(days=offset))
lines = st.lists(
    st.builds(
        Line,
        days,
        st.sampled_from(CURRENCIES),
        st.sampled_from(("completed", "pending", "returned", "cancelled")),
        MONEY,
        st.none() | MONEY,
    ),
    min_size=1,
    max_size=12,
)
rates = st.dictionaries(
    st.tuples(days, st.sampled_from(("USD", "GBP", "INR", "JPY"))),
    st.decimals("0.000000001", 200, places=9),
    min_size=1,
    max_size=12,
)
Rates = dict[tuple[date, str], Decimal]


@pytest.fixture(scope="module")
def warehouse() -> Iterator[Warehouse]:
    opened = DuckDBWarehouse(":memory:", threads=1)
    opened.replace_table("reporting", pa.table({"currency": [REPORTING]}))
    yield opened
    opened.close()


def fill(warehouse: Warehouse, sold: list[Line], loaded: Rates) -> None:
    header = "key content is_current sale sale_id status sale_date quantity unit_cost net_amount currency leads"
    rows = [
        f"{n} {n} yes {n} S{n} {line.status} {line.day} {'-' if line.cost is None else 1} "
        f"{'-' if line.cost is None else line.cost} {line.net:f} {line.currency} 1"
        for n, line in enumerate(sold, start=1)
    ]
    table = parse_tables({"sale_versions": "\n".join([header, *rows])})["sale_versions"]
    names = [field.name for field in TABLES["sale_versions"]]
    warehouse.replace_table(
        "sale_versions", pa.table(dict(zip(names, map(list, zip(*table, strict=True)), strict=True)))
    )
    per_euro = pa.table(
        [[day for day, _ in loaded], [code for _, code in loaded], pa.array(loaded.values(), pa.decimal128(38, 9))],
        schema=RATES_SCHEMA,
    )
    warehouse.replace_table("fx_rates", per_euro)
    warehouse.replace_table("reporting_rates", daily_rates(per_euro, REPORTING, FIRST + timedelta(days=400)))


def factor(line: Line, into: str, loaded: Rates) -> Decimal | None:
    """Units of `into` for one unit of the currency of the line, at the rates of its day."""
    if line.currency == into:
        return Decimal(1)
    source, target = (_per_euro(code, line.day, loaded) for code in (line.currency, into))
    with localcontext(prec=80):
        return None if source is None or target is None else (target / source).quantize(PLACES, ROUND_HALF_UP)


def _per_euro(code: str, day: date, loaded: Rates) -> Decimal | None:
    """The latest rate up to the day; that of the euro is 1 from the first day of any rate."""
    quoted_days = sorted(on for on, quoted in loaded if on <= day and code in {quoted, "EUR"})
    if not quoted_days:
        return None
    return Decimal(1) if code == "EUR" else loaded[quoted_days[-1], code]


def total(sold: list[Line], into: str, loaded: Rates, amount: str = "net") -> Decimal:
    """The sum of the converted amounts, rounded once; lines without a rate or an amount are left out."""
    with localcontext(prec=80):
        parts = [
            getattr(line, amount) * rate
            for line in sold
            if (rate := factor(line, into, loaded)) is not None and getattr(line, amount) is not None
        ]
        return sum(parts, Decimal(0)).quantize(PLACES, ROUND_HALF_UP)


def answer(warehouse: Warehouse, name: str, filters: Filters, **params: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = run_query(warehouse, name, UNRESTRICTED, filters, **params).to_pylist()
    return rows


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sold=lines, loaded=rates, into=st.sampled_from(CURRENCIES))
def test_figures_in_a_currency_are_those_of_a_plain_recomputation(
    warehouse: Warehouse, sold: list[Line], loaded: Rates, into: str
) -> None:
    fill(warehouse, sold, loaded)
    filters = Filters(currency=into)
    active = [line for line in sold if line.status != "cancelled"]
    (kpis,), (headline,) = (answer(warehouse, name, filters) for name in ("kpis", "headline"))
    assert (kpis["currency"], headline["currency"]) == (into, into)
    assert kpis["revenue"] == headline["revenue"] == total(active, into, loaded)
    assert kpis["unconverted_lines"] == sum(factor(line, into, loaded) is None for line in active)
    cancelled = [line for line in sold if line.status == "cancelled"]
    assert headline["cancelled_value"] == total(cancelled, into, loaded)
    assert headline["cancelled_unconverted_lines"] == sum(factor(line, into, loaded) is None for line in cancelled)
    costed = [line for line in active if line.cost is not None]
    if any(factor(line, into, loaded) is not None for line in costed):
        assert headline["cost"] == total(costed, into, loaded, "cost")
        assert headline["covered_revenue"] == total(costed, into, loaded)
    by_day = {
        row["period_start"]: row["revenue"] for row in answer(warehouse, "sales-over-time", filters, period="daily")
    }
    assert by_day == {
        day: total([one for one in active if one.day == day], into, loaded) for day in {o.day for o in sold}
    }


@settings(max_examples=examples(20), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sold=lines, loaded=rates, into=st.sampled_from(CURRENCIES))
def test_growth_is_computed_from_converted_figures(
    warehouse: Warehouse, sold: list[Line], loaded: Rates, into: str
) -> None:
    ends = [Line(day, "EUR", "cancelled", Decimal(1), None) for day in (FIRST, date(2024, 2, 29))]
    fill(warehouse, sold + ends, loaded)
    active = [line for line in sold if line.status != "cancelled"]
    now, before = (
        total([line for line in active if (line.day.month == 2) == is_now], into, loaded) for is_now in (True, False)
    )
    (row,) = answer(warehouse, "kpis", Filters(MONTH.start, MONTH.end, currency=into))
    with localcontext(prec=80):
        expected = ((now - before) / before).quantize(PLACES, ROUND_HALF_UP) if before > 0 else None
    assert row["revenue_growth"] == expected
