"""Measures by dimensions: the same values on both engines, and those of the queries of the dashboards."""

from collections.abc import Mapping
from datetime import date

import pytest
from duck import Duck, exact
from googlesql import Judge, Rows

from examples import one_in
from tillstream.analytics.filters import Filters, ReportedDays
from tillstream.analytics.measure_values import MeasureSelection, compose_measures
from tillstream.analytics.measures import composer
from tillstream.analytics.measures.definitions import DIMENSIONS, Measure, all_measures
from tillstream.analytics.queries import compose_query
from tillstream.analytics.row_scope.row_selection import QueryContext
from tillstream.model.people import UNRESTRICTED

FEBRUARY = Filters(date(2024, 2, 1), date(2024, 2, 29))
ANY_PRODUCT = Filters(date(2024, 1, 1), date(2024, 2, 29), product=("A", "D"))
CONTEXT = QueryContext(ReportedDays(date(2023, 12, 3), date(2024, 2, 12)), "USD")
FILTERS = {"february": FEBRUARY, "products": ANY_PRODUCT}
BY = [(), ("month", "store"), ("product",)]


def _computable(by: tuple[str, ...]) -> tuple[Measure, ...]:
    """The measures that can be grouped so."""
    has_period = any(DIMENSIONS[name].is_period for name in by)
    composed = [one for one in all_measures().values() if not one.has_query_only]
    return tuple(one for one in composed if not (has_period and composer.compares_periods(one)))


@pytest.mark.parametrize("called", one_in(2, [f"{','.join(by)}-{filters}" for filters in FILTERS for by in BY]))
def test_each_measure_is_the_same_on_both_engines(
    called: str, filled: Duck, judge: Judge, true_shop: Mapping[str, Rows]
) -> None:
    names, _, chosen = called.partition("-")
    by, filters = tuple(filter(None, names.split(","))), FILTERS[chosen]
    selection = MeasureSelection(_computable(by), tuple(DIMENSIONS[name] for name in by))
    text, params = compose_query(compose_measures(selection), UNRESTRICTED, filters, CONTEXT)
    true_columns, true_rows = judge.answer(text, params, true_shop)
    columns, rows = filled.answer(text, params)
    assert columns == list(true_columns)
    assert [tuple(map(exact, row)) for row in rows] == [tuple(map(exact, row)) for row in true_rows]
