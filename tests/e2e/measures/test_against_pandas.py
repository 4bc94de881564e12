"""Each measure equals an independent calculation with pandas, for real files and for the demo."""

import gzip
from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

import demo_home
import pandas as pd
import pandas_lines
import pandas_measures as oracle
import pyarrow.compute as pc
import pytest
from click.testing import CliRunner

import sql
from tillstream.analytics import measure_values, queries
from tillstream.analytics.filters import Filters
from tillstream.analytics.measures import composer
from tillstream.analytics.measures.definitions import DIMENSIONS, all_measures
from tillstream.app import App, build
from tillstream.cli.main import main
from tillstream.model.people import UNRESTRICTED
from tillstream.settings import Settings

pytestmark = pytest.mark.system
BY = [
    (),
    *((name,) for name in DIMENSIONS if name not in {"day", "customer"}),
    ("month", "region"),
    ("category", "store"),
]
COMPOSED = [name for name, one in all_measures().items() if not one.has_query_only]
ALONE = [name for name in COMPOSED if not composer.compares_periods(all_measures()[name])]
MONTHS = {"demo": date(2026, 3, 1), "sales-data-sample": date(2004, 6, 1), "online-retail": date(2011, 6, 1)}
CURRENCIES = {"demo": "USD", "sales-data-sample": "USD", "online-retail": "GBP"}


Shop = tuple[str, App, pd.DataFrame]


@pytest.fixture(
    scope="module", params=["demo", "sales-data-sample", pytest.param("online-retail", marks=pytest.mark.long)]
)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    name, folder = request.param, tmp_path_factory.mktemp("measured")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TILLSTREAM_HOME", str(folder / "home"))
        patch.setenv("TILLSTREAM_REPORTING_CURRENCY", CURRENCIES[name])
        if name == "demo":
            demo_home.copy_into(folder / "home")
        for command in _commands(name, folder, request):
            assert CliRunner().invoke(main, command).exit_code in {0, 3, 4}
        app = build(Settings())
        app.ports.warehouse.refresh_totals()
        yield name, app, pandas_lines.lines(lambda text: app.ports.warehouse.query(text).to_pandas(), CURRENCIES[name])
        app.close()


def _commands(name: str, folder: Path, request: pytest.FixtureRequest) -> list[list[str]]:
    if name == "demo":
        return []
    data: Path = request.getfixturevalue("shared_data")
    if name == "sales-data-sample":
        return [["ingest", str(data / "classic-models" / "sales_data_sample.csv"), "--region", "classic-models"]]
    britain = folder / "UK.csv"
    with gzip.open(data / "online-retail" / "UK.csv.gz") as stream:
        britain.write_bytes(b"".join(islice(stream, 0, None, 10)))  # a tenth of the rows
    files = {"in": data / "online-retail" / "IN.csv", "usa": data / "online-retail" / "USA.csv", "uk": britain}
    return [["ingest", str(path), "--region", f"online-retail-{code}"] for code, path in files.items()]


def _selection(frame: pd.DataFrame, start: date | None = None) -> oracle.Selection:
    if start is None:
        return oracle.Selection(frame, frame)
    return oracle.Selection(_month(frame, start), frame, start, last_day(start))


def with_comparison(frame: pd.DataFrame, start: date) -> oracle.Selection:
    before = date(start.year - (start.month == 1), start.month - 1 or 12, 1)
    year_before = start.replace(year=start.year - 1)
    has_year = year_before >= min(frame.sale_date)
    return oracle.Selection(
        _month(frame, start), frame, start, last_day(start), _month(frame, before),
        _month(frame, year_before) if has_year else None,
    )  # fmt: skip


def last_day(start: date) -> date:
    return start.replace(day=monthrange(start.year, start.month)[1])


def _month(frame: pd.DataFrame, start: date) -> pd.DataFrame:
    return frame[(frame.sale_date >= start) & (frame.sale_date <= last_day(start))]


def _answer(app: App, names: list[str], by: tuple[str, ...], filters: Filters) -> dict[tuple[Any, ...], dict[str, Any]]:
    limit = {"limit": 100_000} if by else {}
    rows = measure_values.query_measures(app.ports.warehouse, names, by, UNRESTRICTED, filters, **limit).to_pylist()
    return {tuple(row[name] for name in by): {name: row[name] for name in names} for row in rows}


@pytest.mark.parametrize(
    ("by", "whole"),
    [
        pytest.param(
            by,
            whole,
            id=f"{'all' if whole else 'month'}-{','.join(by)}",
            marks=pytest.mark.long if by and whole == bool(number % 2) else (),
        )
        for number, by in enumerate(BY)
        for whole in (True, False)
    ],
)
def test_each_measure_is_that_of_pandas(shop: Shop, by: tuple[str, ...], whole: bool) -> None:
    name, app, frame = shop
    start = None if whole else MONTHS[name]
    filters = Filters() if start is None else Filters(start, last_day(start))
    selection = _selection(frame, start)
    assert _answer(app, ALONE, by, filters) == oracle.values(selection, by, ALONE)


@pytest.mark.parametrize("by", [(), ("region",), ("category",)], ids=",".join)
def test_growth_is_that_of_pandas(shop: Shop, by: tuple[str, ...]) -> None:
    name, app, frame = shop
    start = MONTHS[name]
    selection = with_comparison(frame, start)
    names = [f"{one}_{suffix}" for one in oracle.COMPARED for suffix in ("growth", "year_growth")]
    assert _answer(app, names, by, Filters(start, last_day(start))) == oracle.values(selection, by, names)


def test_like_for_like_growth_is_that_of_pandas(shop: Shop) -> None:
    name, app, frame = shop
    start = MONTHS[name]
    selection = with_comparison(frame, start)
    assert selection.before is not None
    names = ["like_for_like_growth", "like_for_like_year_growth"]
    answer = _answer(app, names, (), Filters(start, last_day(start)))[()]
    before = date(start.year - (start.month == 1), start.month - 1 or 12, 1)
    assert answer[names[0]] == oracle.like_for_like(selection, selection.before, before)
    if selection.year_before is not None:
        year_before = start.replace(year=start.year - 1)
        assert answer[names[1]] == oracle.like_for_like(selection, selection.year_before, year_before)
    else:
        assert answer[names[1]] is None


def test_effects_add_up_to_the_change_of_the_revenue(shop: Shop) -> None:
    name, app, frame = shop
    start = MONTHS[name]
    selection = with_comparison(frame, start)
    assert selection.before is not None
    effects = [one.name for one in all_measures().values() if one.grain == "effect"]
    answer = _answer(app, effects, (), Filters(start, last_day(start)))[()]
    now, before = (pandas_lines.total(one[one.active].amount) for one in (selection.now, selection.before))
    assert sum(answer.values()) == (now or Decimal(0)) - (before or Decimal(0))


def test_classes_of_products_are_those_of_pandas(shop: Shop) -> None:
    _, app, frame = shop
    rows = queries.run_query(app.ports.warehouse, "products-by-class", UNRESTRICTED, limit=100_000).to_pylist()
    assert {row["product"]: row["abc_class"] for row in rows} == oracle.abc_classes(_selection(frame))


def test_scores_of_customers_are_those_of_pandas(shop: Shop) -> None:
    _, app, frame = shop
    rows = queries.run_query(app.ports.warehouse, "customers-by-segment", UNRESTRICTED, limit=100_000).to_pylist()
    scores = {row["customer"]: [row[f"{one}_score"] for one in ("recency", "frequency", "monetary")] for row in rows}
    assert scores == {name: list(row) for name, *row in oracle.rfm_scores(_selection(frame)).itertuples()}


def test_cohorts_are_those_of_pandas(shop: Shop) -> None:
    name, app, frame = shop
    for start in (None, MONTHS[name]):
        filters = Filters() if start is None else Filters(start, last_day(start))
        rows = queries.run_query(app.ports.warehouse, "cohort-retention", UNRESTRICTED, filters).to_pylist()
        answer = {(row["cohort"], row["periods_since"]): (row["customers"], row["cohort_size"]) for row in rows}
        assert answer == oracle.cohorts(_selection(frame, start))


QUERIES: dict[str, tuple[dict[str, str], dict[str, Any]]] = {
    "headline": ({}, {}),
    "lines-total": ({}, {}),
    "country-shares": ({"country": "country"}, {}),
    "sales-by-product": ({"product": "product"}, {"limit": 10_000}),
    "products-by-class": ({"product": "product"}, {"limit": 10_000}),
    "sales-by-store": ({"region": "region", "store_id": "store"}, {}),
    "top-customers": ({"customer": "customer"}, {"limit": 10_000}),
    "customers-by-segment": ({"customer": "customer"}, {"limit": 10_000}),
    "sales-over-time": ({"period_start": "month"}, {"period": "monthly"}),
}
"""Query → its columns that are dimensions, and parameters: those by hand, and some that declare their measures."""


@pytest.mark.parametrize("query", QUERIES)
def test_a_named_query_computes_no_measure_of_its_own(shop: Shop, query: str) -> None:
    name, app, _ = shop
    columns, params = QUERIES[query]
    filters = Filters(MONTHS[name].replace(month=1), last_day(MONTHS[name]))
    rows = queries.run_query(app.ports.warehouse, query, UNRESTRICTED, filters, **params).to_pylist()
    shared = [one for one in ALONE if rows and one in rows[0]]
    groups = _answer(app, shared, tuple(columns.values()), filters) if rows else {}
    assert not rows or shared
    for row in rows:
        assert {one: row[one] for one in shared} == groups[tuple(row[column] for column in columns)]


@pytest.mark.parametrize("view", ["sales_by_day", "sales_by_store", "sales", "fact_sales", "fact_sales_daily"])
def test_sources_of_reports_have_the_values_of_the_measures(shop: Shop, view: str) -> None:
    _, app, _ = shop
    fields = sql.columns_of(f"marts/{view}", {})
    sums = [name for name, field in fields.items() if field.total == "sum" and name in ALONE and name != "orders"]
    rows = app.ports.warehouse.query(f"SELECT * FROM {view}")
    here = [name for name in sums if name in rows.column_names]
    assert "revenue" in here
    totals = _answer(app, here, (), Filters())[()]
    summed = {name: pc.sum(rows.column(name)).as_py() for name in here}
    rounded = {name: pandas_lines.rounded(one) if isinstance(one, Decimal) else one for name, one in summed.items()}
    assert rounded == totals
