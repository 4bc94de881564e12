"""Pictures of the reports of Looker Studio, drawn from their definitions with the sales of `tillstream demo`."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from docs.generate.looker.pictures.naming import file_name
from docs.generate.looker.pictures.page import Content, picture
from looker.definitions import Chart, Report, reports
from looker.queries import chart_days, chart_query, earlier
from tillstream.ports.warehouse import Warehouse

FOLDER = Path(__file__).resolve().parents[4] / "looker" / "pictures"
NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
"""Clock of the demo."""


def pictures(warehouse: Warehouse) -> Iterator[tuple[str, str]]:
    """Yield (name of the file, SVG) of each page of each report."""
    for report in reports().values():
        for page in report.pages:
            contents = [content(warehouse, report, chart) for chart in page.charts]
            yield file_name(report, page), picture(report, page, contents)


def content(warehouse: Warehouse, report: Report, chart: Chart) -> Content:
    """The rows of a chart, and those of the period to compare with."""
    days = chart_days(report, chart, NOW.date())
    ranges = [days, earlier(days, chart.compare)] if days and chart.compare else [days]
    rows, *before = [warehouse.query(chart_query(report, chart, each)).to_pylist() for each in ranges]
    return rows, before[0] if before else []
