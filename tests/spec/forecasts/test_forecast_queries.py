"""Queries of forecasts: only the newest, only what is wholly in the scope and the filters, and the earlier ones."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from duck import Duck
from sample_ledger import SAMPLE_LEDGER
from sample_parameters import READ_PARAMETERS

import sql
from tillstream.analytics.filters import Filters
from tillstream.analytics.queries import compose_query
from tillstream.analytics.row_scope.row_selection import QueryContext
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.model.permissions import Role

STORE_U = Scope(Role.MANAGER, ("UK",), ("U",))


@pytest.fixture(scope="module")
def filled() -> Duck:
    duck = Duck()
    duck.fill(SAMPLE_LEDGER)
    return duck


def rows(
    duck: Duck, name: str, scope: Scope = UNRESTRICTED, filters: Filters | None = None, **params: Any
) -> list[dict[str, Any]]:
    query = compose_query(name, scope, filters or Filters(), QueryContext(), **params)
    result: list[dict[str, Any]] = duck.query(*query).to_pylist()
    return result


def stores(duck: Duck, **options: Any) -> list[tuple[str, date]]:
    return [(row["store_id"], row["first_day"]) for row in rows(duck, "forecasts", level="store", **options)]


MONDAY, TUESDAY = date(2024, 2, 20), date(2024, 2, 21)


def test_only_the_newest_forecast_is_returned(filled: Duck) -> None:
    (row,) = rows(filled, "forecasts")
    assert (row["first_day"], row["mean"], row["currency"]) == (MONDAY, 30, "USD")


@pytest.mark.parametrize(
    ("scope", "level", "count"),
    [
        (UNRESTRICTED, "total", 1),
        (UNRESTRICTED, "category", 1),
        (Scope(Role.ANALYST, ("UK",)), "total", 0),
        (Scope(Role.ANALYST, ("UK",)), "category", 0),
        (Scope(Role.ANALYST, ("UK",)), "region", 1),
        (Scope(Role.ANALYST, ("IN",)), "region", 0),
        (STORE_U, "region", 0),
        (STORE_U, "store", 2),
        (Scope(Role.MANAGER, ()), "store", 0),
    ],
)
def test_a_forecast_is_visible_if_all_of_its_sales_are(filled: Duck, scope: Scope, level: str, count: int) -> None:
    assert len(rows(filled, "forecasts", scope, level=level)) == count
    assert (len(rows(filled, "forecast-nodes", scope, level=level)) > 0) == (count > 0)
    assert len(rows(filled, "earlier-forecasts", scope)) == (2 if scope is UNRESTRICTED else 0)


def test_filters_choose_nodes_and_days(filled: Duck) -> None:
    assert stores(filled) == [("U", MONDAY), ("U", TUESDAY), ("V", MONDAY)]
    assert stores(filled, filters=Filters(store=("V",))) == [("V", MONDAY)]
    assert stores(filled, filters=Filters(start=TUESDAY)) == [("U", TUESDAY)]
    assert stores(filled, filters=Filters(end=MONDAY)) == [("U", MONDAY), ("V", MONDAY)]
    assert stores(filled, filters=Filters(region=("IN",))) == []


@pytest.mark.parametrize("name", ["channel", "status", "salesperson", "country"])
def test_nothing_is_forecast_by_other_filters(filled: Duck, name: str) -> None:
    assert stores(filled, filters=Filters(**{name: ("completed",)})) == []  # type: ignore[arg-type]


def test_nodes_have_the_sums_of_their_next_days(filled: Duck) -> None:
    sums = [(row["store_id"], row["mean"]) for row in rows(filled, "forecast-nodes", level="store")]
    assert sums == [("U", 14), ("V", 5)]
    assert rows(filled, "forecast-nodes", level="store", days=1)[0]["mean"] == 7


def test_earlier_forecasts_are_those_of_the_day_before(filled: Duck) -> None:
    earlier = [(row["last_day"], row["mean"]) for row in rows(filled, "earlier-forecasts")]
    assert earlier == [(date(2024, 2, 19), 31), (MONDAY, 30)]


def test_every_statement_of_a_run_has_parameters_for_the_emulator() -> None:
    folders = [Path(sql.__file__).parent / name for name in ("alerts", "forecasts", "restock")]
    statements = {f"{path.parent.name}/{path.stem}" for folder in folders for path in folder.iterdir()}
    assert statements <= set(READ_PARAMETERS)


def test_a_level_over_all_regions_names_those_that_it_includes_and_lacks(filled: Duck) -> None:
    """A forecast of one region of three was shown as that of the company."""
    for name in ("forecasts", "forecast-nodes", "earlier-forecasts"):
        last = rows(filled, name)[-1]
        assert (last["covered_regions"], last["missing_regions"]) == ("UK", "IN"), name
        assert {row["missing_regions"] for row in rows(filled, name, level="store")} <= {None}, name
    assert {row["missing_regions"] for row in rows(filled, "forecasts", filters=Filters(start=MONDAY))} == {"IN"}


def test_an_earlier_run_lacks_no_region_that_began_after_it() -> None:
    """IN has sales from 5 January on, and UK from 1 February."""
    days = {date(2024, 2, 18): date(2024, 1, 10), date(2024, 2, 19): date(2024, 1, 11)}
    *newest, earlier = SAMPLE_LEDGER["forecasts"]
    duck = Duck()
    duck.fill({**SAMPLE_LEDGER, "forecasts": [*newest, earlier, [days.get(cell, cell) for cell in earlier]]})
    missing = {row["cutoff_date"]: row["missing_regions"] for row in rows(duck, "earlier-forecasts")}
    assert missing == {date(2024, 1, 10): "IN", date(2024, 2, 18): "IN, UK", date(2024, 2, 19): "IN"}


def test_the_view_for_reports_names_the_regions_that_levels_over_all_of_them_include(filled: Duck) -> None:
    latest = filled.query("SELECT level, region, covered_regions FROM expected_sales WHERE is_latest").to_pylist()
    assert {row["covered_regions"] for row in latest if row["region"]} == {None}
    over_all = {row["level"]: row["covered_regions"] for row in latest if row["region"] is None}
    assert over_all == dict.fromkeys(("total", "category"), "UK")
