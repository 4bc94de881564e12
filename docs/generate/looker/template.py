"""looker/TEMPLATE.md: how to build each report in Looker Studio, field by field, from its definition."""

from collections.abc import Iterator

from docs.generate.looker.costs import SALES, page_bytes, size
from docs.generate.looker.pictures.naming import file_name
from docs.generate.markdown import page as markdown
from docs.generate.markdown import table
from looker.definitions import Calculated, Chart, Control, Page, Report, reports, sources
from looker.queries import TIMES, sort_of

INTRO = """
How to build the reports of `looker/reports` in Looker Studio. Build each report once; `tillstream looker links` then
copies it for each person, stage or project ([Reports in Looker Studio](../docs/looker.md)). The pictures are drawn from
the same definitions, with the sales of `tillstream demo`: they show the charts of a page and their content, not how
Looker Studio draws them.

For each report:

1. Open the link of the report that `tillstream looker links --project PROJECT` prints. It creates an empty report with
   the first data source.
2. Add the other data sources: *Resource → Manage added data sources → Add a data source → BigQuery*, the project, the
   dataset `tillstream_reports`, and the view. Set *Data credentials* of each one to *Viewer's credentials*.
3. Set the alias of each data source to the name of its view, in *Manage added data sources*. Links replace data sources
   by these aliases.
4. Add the calculated fields in the data source that is named: *Edit → Add a field → Add calculated field*.
5. Add the pages, their controls and their charts as listed. *Sum* and *Count distinct* are the aggregation of a metric;
   *calculated* means that its formula has one. A control of dates applies to all charts of its page: if a page has
   several, group each one with the charts of its data source (*Arrange → Group*), and set *Date range dimension* of
   each chart to the field that is named. Charts with a range of their own have it as *Custom* date range.
6. Share the report with the readers as *Viewer*, and copy its ID from its address,
   `https://lookerstudio.google.com/reporting/ID`, into the setting `TILLSTREAM_LOOKER_REPORT_IDS`.
"""
STYLES = {
    "scorecard": "Compact numbers",
    "time series": "Line; missing data as 0; compact numbers",
    "bar": "Horizontal; 10 bars; data labels; compact numbers",
    "geo": "World; colour by the metric",
    "table": "25 rows a page; no row numbers; compact numbers",
    "pivot table": "Heatmap; compact numbers",
    "tree map": "All levels of its dimensions; labels",
}
"""Type of a chart → its settings in the tab *Style*."""
AGGREGATIONS = {"sum": "Sum", "count distinct": "Count distinct", "none": "calculated"}
PERCENT = ("_rate", "_share")


def page() -> str:
    return markdown("Templates of the reports", INTRO, *(part for one in reports().values() for part in _report(one)))


def _report(report: Report) -> Iterator[str]:
    yield f"## {report.title}"
    yield report.question
    yield table(
        ["Data source and alias", "Rows"], [[f"`{view}`", sources()[view].description] for view in report.sources]
    )
    yield table(["Control", "Data source", "Field", "Default"], [_control(one) for one in report.filters])
    if report.calculated:
        yield table(
            ["Calculated field", "Data source", "Formula", "Type", "Description"],
            [_calculated(one) for one in report.calculated],
        )
    for one in report.pages:
        yield from _page(report, one)


def _page(report: Report, page: Page) -> Iterator[str]:
    yield f"### {report.title}: {page.title}"
    yield f"![{report.title}: {page.title}](pictures/{file_name(report, page)})"
    if page.note:
        yield f"Text on the page: {page.note}"
    yield table(
        ["Chart", "Type", "Data source", "Dimensions", "Metrics", "Dates and filters", "Sort", "Drill-down", "Style"],
        [_chart(report, chart) for chart in page.charts],
    )
    yield f"One opening is billed at most {size(page_bytes(report, page))} after a year with {SALES:,} sales a day \
([how](../docs/looker-costs.md))."


def _control(one: Control) -> list[str]:
    kinds = {"date range": "Date range control", "list": "Drop-down list", "search": "Input box, contains"}
    return [kinds[one.control], f"`{one.source}`", f"`{one.field}`", one.default or "all values"]


def _calculated(one: Calculated) -> list[str]:
    kind = "Percent" if one.name.endswith(PERCENT) else "Date" if "date)" in one.formula[:13] else "Number"
    return [f"`{one.name}`", f"`{one.source}`", f"`{one.formula}`", kind, one.description]


def _chart(report: Report, chart: Chart) -> list[str]:
    name, ascending = sort_of(chart)
    return [
        chart.title,
        chart.type,
        f"`{chart.source}`",
        ", ".join(_dimension(chart, one) for one in chart.dimensions),
        ", ".join(_metric(report, chart, one) for one in chart.metrics),
        "; ".join(_filters(report, chart)),
        f"`{name}` {'ascending' if ascending else 'descending'}" if chart.dimensions else "",
        " → ".join(one if one in TIMES else f"`{one}`" for one in chart.drill_down),
        STYLES[chart.type],
    ]


def _dimension(chart: Chart, name: str) -> str:
    lengths = {"day": "", "week": " as ISO year week", "month": " as year month"}
    return f"`{name}`{lengths[chart.granularity] if name == chart.dimensions[0] else ''}"


def _metric(report: Report, chart: Chart, name: str) -> str:
    field = sources()[chart.source].field(name)
    is_calculated = field is None or report.formula(chart.source, name)
    return f"`{name}` ({'calculated' if is_calculated or field is None else AGGREGATIONS[field.aggregation]})"


def _filters(report: Report, chart: Chart) -> Iterator[str]:
    dates = report.dates(chart.source)
    if dates:
        yield f"`{dates.field}`: {chart.date_range or 'the control'}"
    if chart.compare:
        yield f"comparison: {chart.compare}"
    for name, value in chart.where.items():
        yield f"include `{name}` = {str(value).lower() if isinstance(value, bool) else value}"
