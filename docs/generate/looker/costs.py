"""docs/looker-costs.md: the bytes that the reports of Looker Studio are billed, by the documented rules."""

from functools import cache

import sqlglot

from devtools.billing.prices import PRICES_OF, query_cost
from devtools.billing.queries import LEAST, Statement
from devtools.billing.references import DIALECT, references
from devtools.billing.traffic import NOW, Ledger, Traffic
from docs.generate.markdown import page as markdown
from docs.generate.markdown import table
from looker.definitions import Chart, Page, Report, reports, sources
from looker.queries import chart_days, chart_query, control_queries, days_of, earlier

SALES, DAYS = 1_000_000, 365
LEDGER = Ledger(Traffic(SALES), DAYS)
TODAY = NOW.date()
RANGE = "last 28 days"
INTRO = f"""
What the reports of `looker/reports` are billed by BigQuery, after a year with {SALES:,} sales a day. The bytes are
computed from the query of each chart and control, by the documented rules of BigQuery's bill (`devtools/billing`), and
not measured: the columns that the query needs, in the partitions that its dates leave, and at least
{LEAST >> 20} MB for each table. They are upper bounds: clustering is ignored, and so are filters that BigQuery moves
into the `GROUP BY` of a view. The forecasts and the catalogue are counted with the minimum. Prices are those of
{PRICES_OF}.

Looker Studio queries the charts of the page that is open, and again for each change of a filter, unless the result is
in its cache.
"""
PAGES_INTRO = "One opening of a page, with the default dates and the lists of its controls."
VIEWS_INTRO = f"""
All columns of a view, for a chart without a filter of dates and for one with the {RANGE}. A view with *yes* is read by
partitions: each of its charts needs a date range, and those of the templates have one. The others are billed the same
for each chart, regardless of the dates. Of those with many bytes, the templates use only `reported_days` and
`upload_receipts`, in few charts.
"""


def page() -> str:
    pages = [(report, one) for report in reports().values() for one in report.pages]
    return markdown(
        "What reports in Looker Studio cost",
        INTRO,
        "## Pages",
        PAGES_INTRO,
        table(
            ["report", "page", "charts", "bytes", "USD"],
            [
                [report.title, one.title, str(len(one.charts)), size(page_bytes(report, one)), _usd(report, one)]
                for report, one in pages
            ],
        ),
        "## Views",
        VIEWS_INTRO,
        table(["view", "all days", RANGE, "by partitions"], [_view(view) for view in sources()]),
    )


@cache
def query_bytes(text: str) -> int:
    """Bytes billed for a query of the views."""
    return Statement("", tuple(references(sqlglot.parse_one(text, read=DIALECT)))).bytes(LEDGER)


def chart_bytes(report: Report, chart: Chart) -> int:
    """Bytes billed for a chart, with the period that it compares with."""
    days = chart_days(report, chart, TODAY)
    ranges = [days, earlier(days, chart.compare)] if days and chart.compare else [days]
    return sum(query_bytes(chart_query(report, chart, each)) for each in ranges)


def page_bytes(report: Report, page: Page) -> int:
    """Bytes billed for the charts of a page and the lists of its controls."""
    used = {chart.source for chart in page.charts}
    lists = sum(query_bytes(text) for source, text in control_queries(report, TODAY) if source in used)
    return lists + sum(chart_bytes(report, chart) for chart in page.charts)


def is_pruned(view: str) -> bool:
    """Whether a filter of dates leaves partitions of every table with many rows."""
    return view_bytes(view, RANGE) < view_bytes(view) / 2


def view_bytes(view: str, days: str = "") -> int:
    """Bytes billed for all columns of a view. days: range of the first date, if it has one."""
    fields = sources()[view].fields
    date = next((field.name for field in fields if field.type == "Date"), "")
    text = f"SELECT {', '.join(field.name for field in fields)} FROM {view}"
    if days and date:
        first, last = days_of(days, TODAY)
        text += f" WHERE {date} BETWEEN DATE '{first}' AND DATE '{last}'"
    return query_bytes(text)


def _view(view: str) -> list[str]:
    return [f"`{view}`", size(view_bytes(view)), size(view_bytes(view, RANGE)), "yes" if is_pruned(view) else ""]


def _usd(report: Report, page: Page) -> str:
    return f"{query_cost(page_bytes(report, page)):.2f}"


def size(count: int) -> str:
    """Bytes in GB, or in MB below one."""
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"
