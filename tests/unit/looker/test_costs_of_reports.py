"""The bytes in docs/looker-costs.md: charts of views with dates read partitions, and more days are more bytes."""

from datetime import timedelta

import pytest

from docs.generate.looker.costs import TODAY, chart_bytes, is_pruned, page_bytes, query_bytes, view_bytes
from looker.definitions import Report, reports
from looker.queries import chart_query

WHOLE_LEDGER = {"reported_days", "upload_receipts"}
"""Views without partitions that reports use; `upload_receipts` has no dates of sales."""
SMALL = {"stock", "expected_sales"}


@pytest.mark.parametrize("report", reports().values(), ids=lambda report: report.name)
def test_charts_read_partitions_or_small_tables(report: Report) -> None:
    for view in set(report.sources) - WHOLE_LEDGER:
        assert is_pruned(view) or (view in SMALL and view_bytes(view) < 1e9)


def test_a_view_without_partitions_is_billed_the_same_for_any_days() -> None:
    assert view_bytes("reported_days", "last 28 days") == view_bytes("reported_days")
    assert not is_pruned("reported_days")
    assert view_bytes("sales", "last 28 days") < view_bytes("sales") / 10


def test_a_chart_is_billed_for_its_days_and_its_columns() -> None:
    report = reports()["executive-summary"]
    chart = next(one for one in report.charts if one.source == "sales" and not one.compare)
    days = [(TODAY - timedelta(count), TODAY - timedelta(1)) for count in (1, 10, 100)]
    one, ten, hundred = (query_bytes(chart_query(report, chart, each)) for each in days)
    assert one < ten < hundred
    assert hundred < view_bytes("sales")


def test_a_comparison_and_the_lists_of_controls_are_billed_too() -> None:
    report = reports()["executive-summary"]
    compared = next(one for one in report.charts if one.compare and one.source == "sales")
    plain = type(compared)(**{**vars(compared), "compare": ""})
    assert chart_bytes(report, compared) > 1.5 * chart_bytes(report, plain)
    page = report.pages[0]
    assert page_bytes(report, page) > sum(chart_bytes(report, chart) for chart in page.charts)


def test_the_summary_of_a_year_is_billed_less_than_a_dollar() -> None:
    assert page_bytes(reports()["executive-summary"], reports()["executive-summary"].pages[0]) < 160e9
