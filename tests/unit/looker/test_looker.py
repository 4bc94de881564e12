"""The Looker Studio definitions match the views, and the addresses match the Linking API's documentation."""

import re
from datetime import date
from urllib.parse import parse_qsl, urlsplit

import pytest

from looker.definitions import Report, reports, sources
from looker.links import CREATE, address, links
from looker.queries import TIMES, chart_days, days_of, earlier, formula_sql, sort_of
from sql.row_access import PERSONAL, REPORTS

DOCUMENTED = {
    *("c.reportId", "c.pageId", "c.mode", "c.explain"),
    *("r.reportName", "r.measurementId", "r.keepMeasurementId"),
    *("ds.*.connector", "ds.*.datasourceName", "ds.*.refreshFields", "ds.*.keepDatasourceName"),
    *("ds.*.type", "ds.*.projectId", "ds.*.datasetId", "ds.*.tableId", "ds.*.billingProjectId", "ds.*.isPartitioned"),
}
"""Parameters of https://developers.google.com/looker-studio/integrate/linking-api, and of its connector to BigQuery."""
CHARTS = {"scorecard", "time series", "bar", "geo", "table", "pivot table", "tree map"}
DATES = {"Date", "Date & Time"}
PERIOD = "28 days"
WITH_PEOPLE = {"salespeople"}
TODAY = date(2026, 7, 1)
each = pytest.mark.parametrize("report", reports().values(), ids=lambda report: report.name)


def fields(report: Report, source: str) -> dict[str, str]:
    """Field → its aggregation, with what the report calculates."""
    aggregations = {field.name: field.aggregation for field in sources()[source].fields}
    return aggregations | {one.name: "calculated" for one in report.calculated if one.source == source}


def test_there_is_a_data_source_for_every_view_that_people_read() -> None:
    assert set(sources()) == set(REPORTS)
    for source in sources().values():
        assert source.description
        assert all(field.description for field in source.fields)


def test_every_question_of_a_shop_has_a_report() -> None:
    assert set(reports()) == {
        *("executive-summary", "regions", "products", "salespeople", "stock", "forecast-and-goals", "data-quality")
    }


@each
def test_every_field_of_a_report_is_one_of_its_views(report: Report) -> None:
    assert set(report.sources) <= set(sources())
    assert {chart.source for chart in report.charts} == set(report.sources)
    for chart in report.charts:
        aggregations = fields(report, chart.source)
        drilled = [name for name in chart.drill_down if name not in TIMES]
        for name in [*chart.dimensions, *chart.metrics, *drilled, *chart.where]:
            assert name in aggregations, (chart.title, name)
        assert sort_of(chart)[0] in [*chart.dimensions, *chart.metrics]
    for one in report.filters:
        assert one.field in fields(report, one.source)


@each
def test_a_metric_is_added_up_and_a_dimension_is_not(report: Report) -> None:
    for chart in report.charts:
        aggregations = fields(report, chart.source)
        assert "none" not in {aggregations[name] for name in chart.metrics}, chart.title
        assert {aggregations[name] for name in chart.dimensions} <= {"none"}, chart.title
        assert chart.type in CHARTS


@each
def test_what_is_calculated_is_made_of_fields(report: Report) -> None:
    for one in report.calculated:
        named = set(re.findall(r"\b[a-z_]+\b", re.sub(r'"[^"]*"', "", one.formula)))
        assert named <= {field.name for field in sources()[one.source].fields}
        assert one.description


@each
def test_a_report_can_be_filtered_and_drilled_into(report: Report) -> None:
    assert "region" in {one.field for one in report.filters}
    assert any(chart.drill_down for chart in report.charts)


@each
def test_only_the_report_of_salespeople_shows_people(report: Report) -> None:
    assert bool(PERSONAL & set(report.sources)) == (report.name in WITH_PEOPLE)


@each
def test_every_chart_of_a_view_with_a_date_is_limited_to_days(report: Report) -> None:
    for chart in report.charts:
        dated = [field.name for field in sources()[chart.source].fields if field.name == "sale_date"]
        assert not dated or chart_days(report, chart, TODAY), chart.title


@each
def test_a_chart_of_forecasts_shows_one_target_level_and_period_and_its_currency(report: Report) -> None:
    """Means of other levels add up to the same sales again, and revenue of a region is in its own currency."""
    for chart in report.charts:
        if chart.source == "expected_sales":
            assert {"target", "level", "period", "is_latest"} <= set(chart.where), chart.title
            in_one_currency = chart.where["target"] == "units" or chart.where["level"] == "total"
            assert in_one_currency or "currency" in chart.dimensions, chart.title


def test_date_ranges_are_those_of_looker_studio() -> None:
    assert days_of("last 28 days", TODAY) == (date(2026, 6, 3), date(2026, 6, 30))
    assert days_of("last 12 months", TODAY) == (date(2025, 7, 1), date(2026, 6, 30))
    assert days_of("next 28 days", TODAY) == (TODAY, date(2026, 7, 28))
    assert earlier(days_of("last 28 days", TODAY), "previous period") == (date(2026, 5, 6), date(2026, 6, 2))
    with pytest.raises(ValueError, match="this year"):
        days_of("this year", TODAY)


def test_a_formula_becomes_sql() -> None:
    ratio = "SAFE_DIVIDE(CAST(SUM(revenue) AS NUMERIC), CAST(COUNT(DISTINCT order_id) AS NUMERIC))"
    assert formula_sql("SUM(revenue) / COUNT_DISTINCT(order_id)") == ratio
    assert formula_sql('SUM(IF(status = "low", 1, 0))') == "SUM(IF(status = 'low', 1, 0))"


def parameters(text: str) -> dict[str, str]:
    parts = urlsplit(text)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == CREATE
    pairs = parse_qsl(parts.query, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


@each
@pytest.mark.parametrize("template", ["", "f1c5b513-3095"])
def test_an_address_has_documented_parameters_only(report: Report, template: str) -> None:
    values = parameters(address(report, "shop & co", "tillstream_reports", template))
    assert {re.sub(r"^ds\.\w+\.", "ds.*.", name) for name in values} <= DOCUMENTED
    assert values["r.reportName"] == report.title
    assert values.get("c.reportId", "") == template
    aliases = {name.split(".")[1] for name in values if name.startswith("ds.")}
    assert aliases == (set(report.sources) if template else {"ds0"})
    for alias in aliases:
        assert values[f"ds.{alias}.connector"] == "bigQuery"
        assert values[f"ds.{alias}.type"] == "TABLE"
        assert values[f"ds.{alias}.projectId"] == "shop & co"
        assert values[f"ds.{alias}.datasetId"] == "tillstream_reports"
        assert values[f"ds.{alias}.tableId"] in report.sources


def test_a_link_copies_the_report_of_which_there_is_an_id() -> None:
    copied = {one.report.name: one for one in links("shop", "reports", {"stock": "abc"})}
    assert list(copied) == list(reports())
    assert [name for name, one in copied.items() if one.is_copy] == ["stock"]
    assert parameters(copied["stock"].address)["c.reportId"] == "abc"
