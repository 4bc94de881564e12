"""Measures over the reporting views: each view gives the value of the definition, on both engines."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import pytest
from duck import Duck, exact
from googlesql import Judge, Rows

from looker.lookml.views import STORE_OF_KEY
from tillstream.analytics.filters import Filters, ReportedDays
from tillstream.analytics.measure_values import MeasureSelection, compose_measures
from tillstream.analytics.measures import composer
from tillstream.analytics.measures.definitions import all_measures
from tillstream.analytics.measures.view_measures import VIEW_COLUMNS, view_measures
from tillstream.analytics.queries import compose_query
from tillstream.analytics.row_scope.row_selection import QueryContext
from tillstream.model.people import UNRESTRICTED

EVERY_DAY = Filters(date(2023, 1, 1), date(2024, 12, 31))
CONTEXT = QueryContext(ReportedDays(date(2023, 12, 3), date(2024, 2, 12)), "USD")
SEVERAL_STEPS = {"new_customers", "returning_customers", "repeat_customers"}
OTHER_GROUP = {"penetration"}
WITHOUT_AN_AMOUNT = {"cancelled_value", "cancelled_unconverted_lines"}
NOT_IN_THE_VIEWS = {"catalogue_revenue", "catalogue_coverage", "costed_lines"}


def query(view: str) -> str:
    """SELECT of the measures of a view, without references to each other."""
    chosen = view_measures(view)

    def resolved(text: str) -> str:
        return re.sub(r"\$\{(\w+)\}", lambda name: resolved(chosen[name[1]].sql), text)

    columns = [f"{resolved(one.sql)} AS {name}" for name, one in chosen.items()]
    return f"SELECT {', '.join(columns)} FROM {view}"


@pytest.mark.parametrize("view", VIEW_COLUMNS)
def test_a_measure_of_a_view_is_that_of_the_definition(view: str, summed: Duck) -> None:
    chosen = {name: one.measure for name, one in view_measures(view).items()}
    text, params = compose_query(
        compose_measures(MeasureSelection(tuple(chosen.values()), ())), UNRESTRICTED, EVERY_DAY, CONTEXT
    )
    (defined,) = summed.query(text, params).to_pylist()
    (computed,) = summed.query(query(view)).to_pylist()
    assert {name: rounded(computed[name]) for name in chosen} == {name: rounded(defined[name]) for name in chosen}


def rounded(value: object) -> object:
    """Amounts are rounded once by the definition, and not at all by a view."""
    return exact(round(value, 9)) if isinstance(value, Decimal) else value


@pytest.mark.parametrize("view", VIEW_COLUMNS)
def test_the_measures_of_a_view_are_the_same_on_both_engines(
    view: str, judge: Judge, true_shop: Mapping[str, Rows], filled: Duck
) -> None:
    _, rows = judge.answer(query(view), {}, true_shop)
    assert [tuple(map(rounded, row)) for row in filled.answer(query(view))[1]] == [
        tuple(map(rounded, row)) for row in rows
    ]


def test_the_store_of_a_store_key_is_that_of_the_dimension(summed: Duck) -> None:
    (pattern,) = re.findall(r"r'(.+)'", STORE_OF_KEY)
    stores = summed.query("SELECT store_key, store_id FROM dim_store").to_pylist()
    matches = [re.search(pattern, row["store_key"]) for row in stores]
    assert [match and match[1] for match in matches] == [row["store_id"] for row in stores]
    assert stores
    assert re.search(pattern, "IN|") is None  # sales of a region without a store


def test_only_measures_that_no_aggregate_of_a_view_computes_are_left_out() -> None:
    computed = {name for view in VIEW_COLUMNS for name in view_measures(view)}
    compared = {name for name, one in all_measures().items() if composer.compares_periods(one)}
    queries = {name for name, one in all_measures().items() if one.has_query_only}
    left_out = SEVERAL_STEPS | OTHER_GROUP | WITHOUT_AN_AMOUNT | NOT_IN_THE_VIEWS
    assert set(all_measures()) - computed == compared | queries | left_out
