"""The Looker Studio definitions match the views, and the addresses match the Linking API's documentation."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from click.testing import CliRunner

from looker import CREATE, Report, address, reports, sources
from sql.row_access import PERSONAL, REPORTS
from tillstream.cli.looker import looker

DOCUMENTED = {
    *("c.reportId", "c.pageId", "c.mode", "c.explain"),
    *("r.reportName", "r.measurementId", "r.keepMeasurementId"),
    *("ds.*.connector", "ds.*.datasourceName", "ds.*.refreshFields", "ds.*.keepDatasourceName"),
    *("ds.*.type", "ds.*.projectId", "ds.*.datasetId", "ds.*.tableId", "ds.*.billingProjectId", "ds.*.isPartitioned"),
}
"""Parameters of https://developers.google.com/looker-studio/integrate/linking-api, and of its connector to BigQuery."""
CHARTS = {"scorecard", "time series", "bar", "geo", "table", "pivot table", "tree map"}
TIMES = ["year", "quarter", "month", "day"]
each = pytest.mark.parametrize("report", reports().values(), ids=lambda report: report.name)


def fields(report: Report, source: str) -> dict[str, str]:
    """Field → its aggregation, with what the report calculates."""
    aggregations = {field.name: field.aggregation for field in sources()[source].fields}
    return aggregations | {one["name"]: "calculated" for one in report.calculated if one["source"] == source}


def charts(report: Report) -> list[dict[str, Any]]:
    return [chart for page in report.pages for chart in page["charts"]]


def test_there_is_a_data_source_for_every_view_that_people_read() -> None:
    assert set(sources()) == set(REPORTS)
    for source in sources().values():
        assert source.description
        assert all(field.description for field in source.fields)


def test_the_three_reports_of_the_first_step_are_there() -> None:
    assert set(reports()) == {"executive-summary", "regions", "products"}


@each
def test_every_field_of_a_report_is_one_of_its_views(report: Report) -> None:
    assert set(report.sources) <= set(sources())
    assert {chart["source"] for chart in charts(report)} == set(report.sources)
    for chart in charts(report):
        aggregations = fields(report, chart["source"])
        drilled = chart.get("drill_down", [])
        drilled = [] if drilled == TIMES and chart["dimensions"][0] == "sale_date" else drilled
        for name in [*chart.get("dimensions", []), *chart["metrics"], *drilled]:
            assert name in aggregations, (chart["title"], name)
        assert chart.get("sort", chart["metrics"][0]) in [*chart.get("dimensions", []), *chart["metrics"]]
    for one in report.filters:
        assert one["field"] in fields(report, one["source"])


@each
def test_a_metric_is_added_up_and_a_dimension_is_not(report: Report) -> None:
    for chart in charts(report):
        aggregations = fields(report, chart["source"])
        assert "none" not in {aggregations[name] for name in chart["metrics"]}, chart["title"]
        assert {aggregations[name] for name in chart.get("dimensions", [])} <= {"none"}, chart["title"]
        assert chart["type"] in CHARTS


@each
def test_what_is_calculated_is_made_of_fields(report: Report) -> None:
    for one in report.calculated:
        named = set(re.findall(r"\b[a-z_]+\b", re.sub(r'"[^"]*"', "", one["formula"])))
        assert named <= {field.name for field in sources()[one["source"]].fields}
        assert one["description"]


@each
def test_a_report_can_be_filtered_and_drilled_into_and_shows_no_people(report: Report) -> None:
    assert {"sale_date", "region"} <= {one["field"] for one in report.filters}
    assert any(chart.get("drill_down") for chart in charts(report))
    assert not PERSONAL & set(report.sources)


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
        assert values[f"ds.{alias}.tableId"] in report.sources


def test_the_command_prints_an_address_for_each_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TILLSTREAM_PROJECT", raising=False)
    arguments = ["links", "--project", "shop", "--template", "regions=abc", "--json"]
    links = json.loads(CliRunner().invoke(looker, arguments).output)
    assert [one["report"] for one in links] == list(reports())
    assert {parameters(one["address"]).get("c.reportId") for one in links} == {None, "abc"}
    assert all("tillstream_reports" in one["address"] for one in links)


def test_without_a_project_or_with_an_unknown_report_the_command_gives_instructions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("TILLSTREAM_PROJECT", raising=False)
    nothing = CliRunner().invoke(looker, ["links"])
    assert nothing.exit_code == 1
    assert "--project" in nothing.output
    wrong = CliRunner().invoke(looker, ["links", "--project", "shop", "--template", "sums=abc"])
    assert wrong.exit_code == 2
    assert "executive-summary" in wrong.output
