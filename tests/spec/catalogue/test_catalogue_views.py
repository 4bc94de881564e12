"""Views with a catalogue: Google's engine and DuckDB give the same rows."""

from collections.abc import Mapping

import pytest
from duck import Duck
from googlesql import Judge, Rows
from sample_ledger import SAMPLE_CATALOGUE, SAMPLE_LEDGER
from test_views import unordered

VIEWS = ("catalogue_codes", "catalogue_costs", "catalogue_prices", "line_facts", "line_sums", "product_totals")
READ = {*VIEWS, "current_lines", "line_costs"}


@pytest.fixture(scope="module")
def views(judge: Judge) -> Mapping[str, Rows]:
    return judge.with_views(SAMPLE_LEDGER | SAMPLE_CATALOGUE, READ)


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_gives_the_same_rows_on_both_engines(duck: Duck, views: Mapping[str, Rows], view: str) -> None:
    duck.fill(SAMPLE_LEDGER | SAMPLE_CATALOGUE)
    _, rows = duck.answer(f"SELECT * FROM {view}")
    assert unordered(rows) == unordered(views[view])
    assert rows
