"""The charts of the reports of Looker Studio: valid in BigQuery, with the same rows on both engines."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from duck import Duck, exact
from googlesql import Judge, Rows

from looker.definitions import Chart, Report, reports
from looker.queries import chart_days, chart_query, control_queries

TODAY = date(2024, 2, 20)
CHARTS = [
    pytest.param(report, chart, id=f"{report.name}: {chart.title}")
    for report in reports().values()
    for chart in report.charts
]


@pytest.mark.parametrize(("report", "chart"), CHARTS)
def test_a_chart_has_the_same_rows_on_both_engines(
    report: Report, chart: Chart, judge: Judge, true_shop: Mapping[str, Rows], filled: Duck
) -> None:
    text = chart_query(report, chart, chart_days(report, chart, TODAY))
    true_columns, true_rows = judge.answer(text, {}, true_shop)
    columns, rows = filled.answer(text)
    assert [name for name, _ in columns] == [name for name, _ in true_columns]
    assert unordered(rows) == unordered(true_rows)


def unordered(rows: Rows) -> list[list[Any]]:
    """The rows with plain numbers; the sum of whole numbers is a decimal on one engine."""
    return sorted(([number(value) for value in row] for row in rows), key=repr)


def number(value: Any) -> Any:
    return int(value) if isinstance(value, Decimal) and value == int(value) else exact(value)


@pytest.mark.parametrize("report", reports().values(), ids=lambda report: report.name)
def test_the_values_of_a_control_are_the_same_on_both_engines(
    report: Report, judge: Judge, true_shop: Mapping[str, Rows], filled: Duck
) -> None:
    for _, text in control_queries(report, TODAY):
        assert sorted(filled.answer(text)[1], key=repr) == sorted(judge.answer(text, {}, true_shop)[1], key=repr)


@pytest.mark.parametrize("metric", ["revenue", "order_id"])
def test_a_chart_shows_the_sales_of_its_days(metric: str, summed: Duck) -> None:
    report = reports()["executive-summary"]
    chart = next(one for one in report.charts if one.metrics == [metric])
    value = {"revenue": "SUM(revenue)", "order_id": "COUNT(DISTINCT order_id)"}[metric]
    january = (date(2024, 1, 1), date(2024, 1, 31))
    lines = (
        f"SELECT {value} AS {metric} FROM sales WHERE sale_date < DATE '2024-02-01' AND sale_date > DATE '2023-12-31'"
    )
    (expected,) = summed.answer(lines)[1]
    (shown,) = summed.answer(chart_query(report, chart, january))[1]
    assert expected[0]
    assert shown == expected
