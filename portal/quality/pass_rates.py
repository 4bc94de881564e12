"""Pass rates of data sources by source, rule and week, and the number of failing checks."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import figures, list_view
from portal.access import allow
from portal.context import ports
from portal.figures import ChartFigure
from portal.list_view import TableHead
from portal.reader_locale import day_text
from portal.translation import N_, _
from tillstream.analytics.filters import Filters
from tillstream.delivery.export_formats import FORMATS
from tillstream.model.errors import NotFound
from tillstream.model.permissions import Action
from tillstream.model.problems import CATALOGUE
from tillstream.operations import quality_results
from tillstream.operations.pass_rates import (
    CheckedRows,
    ComparedRows,
    RateRow,
    SourceRule,
    WholeWeeks,
    compare_checked,
    compare_rules,
    sum_checked,
)
from tillstream.ports.warehouse import Row

WEEKS = (4, 12, 26, 52)
DEFAULT_WEEKS = 12
SHOWN = 100
"""Uploads that are listed of a rule, the last received."""
FILES = ("csv", "xlsx", "parquet")
"""Formats of a file."""
RULE_COLUMNS: tuple[TableHead, ...] = N_(
    (
        {"key": "rule", "label": "Rule", "sort": True},
        {"key": "source", "label": "Data source", "sort": True},
        {"key": "severity", "label": "Row"},
        {"key": "failed", "label": "Failed rows", "sort": True, "num": True},
        {"key": "rate", "label": "Pass rate", "sort": True, "num": True},
        {"key": "change", "label": "Change", "unit": "points", "sort": True, "num": True},
    )
)
_FILE_LABELS = N_({"pass-rates": "Sources by week", "failed-rules": "Rules by week"})
Line = Row
SORTS: Mapping[str, Callable[[Line], Any]] = {
    "rule": lambda line: (line["title"], line["rule"].column or "", line["rule"].source),
    "source": lambda line: (line["rule"].source, line["title"], line["rule"].column or ""),
    "failed": lambda line: line["compared"].now.failed,
    "rate": lambda line: _or_first(line["compared"].now.rate),
    "change": lambda line: _or_first(line["compared"].change),
}


def failing_checks() -> int:
    return len(quality_results.last_results(ports()).failing)


@allow(Action.SEE_QUALITY)
def show_pass_rates() -> ResponseReturnValue:
    """Sources and rules of the chosen weeks; `source` chooses one source."""
    query = list_view.list_query(sorts=SORTS, filters=("source",), keep=("weeks",), default_sort="-failed")
    weeks, source = _weeks(), "".join(query.chosen["source"][:1])
    rows = _ask("pass-rates", weeks)
    sources = compare_checked(rows, weeks.first, _source)
    if source and source not in sources:
        raise NotFound(_("There are no rows of a data source {name} in these weeks.", name=source))
    chosen = [row for row in rows if not source or _source(row) == source]
    by_week = sum_checked(chosen, _week)
    total = compare_checked(chosen, weeks.first, lambda _: None).get(None, ComparedRows())
    rules = compare_rules(_ask("failed-rules", weeks, source=source), weeks.first, sources)
    lines = [{"rule": rule, "title": CATALOGUE[rule.code].title, "compared": one} for rule, one in rules.items()]
    lines = [line for line in lines if query.q.casefold() in _words(line)]
    lines.sort(key=SORTS[query.column], reverse=query.down)
    return render_template(
        "quality/pass_rates.html",
        weeks=weeks,
        choices=WEEKS,
        source=source,
        source_choices=[(name, name) for name in sorted(sources)],
        sources=sorted(sources.items(), key=lambda one: (_or_first(one[1].now.rate), one[0])),
        total=total,
        by_week=[(start, by_week.get(start, CheckedRows())) for start in reversed(weeks.starts)],
        figure=_figure(_("Rows to fix, in percent"), weeks, by_week),
        summary=share_by_week(source),
        page=list_view.page_of(query, lines),
        columns=RULE_COLUMNS,
        files=_files(weeks, source),
    )


@allow(Action.SEE_QUALITY)
def show_rule(source: str, code: str) -> ResponseReturnValue:
    """One rule of a source: by week, and the uploads with rows that failed it. `column`: that of the problem."""
    column, weeks = request.args.get("column", ""), _weeks()
    if code not in CATALOGUE:
        raise NotFound(_("There is no rule {code}.", code=code))
    rows = _ask("pass-rates", weeks, source=source)
    if not rows:
        raise NotFound(_("There are no rows of a data source {name} in these weeks.", name=source))
    failed = [row for row in _ask("failed-rules", weeks, source=source) if _is_of(row, code, column)]
    by_week = {start: CheckedRows(one.rows) for start, one in sum_checked(rows, _week).items()}
    for row in failed:
        by_week[_week(row)] += CheckedRows(0, row["failed_rows"])
    of_source = compare_checked(rows, weeks.first, _source)[source]
    without_failures = ComparedRows(CheckedRows(of_source.now.rows), CheckedRows(of_source.before.rows))
    totals = compare_rules(failed, weeks.first, {source: of_source})
    uploads = figures.rows(
        "uploads-failing-a-rule",
        Filters(),
        code=code,
        column=column,
        source=source,
        first_day=weeks.first,
        limit=SHOWN + 1,
    )
    return render_template(
        "quality/rule.html",
        problem=CATALOGUE[code],
        source=source,
        column=column,
        weeks=weeks,
        choices=WEEKS,
        total=next(iter(totals.values()), without_failures),
        figure=_figure(_("Failed rows, in percent"), weeks, by_week),
        summary=share_by_week(source, CATALOGUE[code].title),
        by_week=[(start, by_week.get(start, CheckedRows())) for start in reversed(weeks.starts)],
        uploads=uploads[:SHOWN],
        has_more=len(uploads) > SHOWN,
    )


def _source(row: RateRow) -> str:
    return str(row["contract"])


def _week(row: RateRow) -> date:
    start: date = row["period_start"]
    return start


def _is_of(row: RateRow, code: str, column: str) -> bool:
    return row["code"] == code and (row["column"] or "") == column


def _weeks() -> WholeWeeks:
    chosen = request.args.get("weeks", DEFAULT_WEEKS, type=int)
    return WholeWeeks(chosen if chosen in WEEKS else DEFAULT_WEEKS, ports().clock.now().date())


def _ask(name: str, weeks: WholeWeeks, **params: Any) -> list[Row]:
    """The rows of a query by week, of the weeks and of those before them."""
    days = {"first_day": weeks.starts_before[0], "last_day": weeks.today}
    return figures.rows(name, Filters(), period="weekly", **days, **params)


def _figure(measure: str, weeks: WholeWeeks, by_week: Mapping[date, CheckedRows]) -> ChartFigure:
    """Columns of the share that failed, in percent, and a line of the weeks before."""
    figure: ChartFigure = {
        "kind": "columns",
        "period": "weekly",
        "labels": [start.isoformat() for start in weeks.starts],
        "measure": measure,
        "values": _failed_percent(weeks.starts, by_week),
        "partial": [start + timedelta(days=6) > weeks.today for start in weeks.starts],
    }
    before = _failed_percent(weeks.starts_before, by_week)
    if any(value is not None for value in before):
        names = [_("Week of {day_text}", day_text=day_text(start)) for start in weeks.starts_before]
        figure["before"] = {"name": _("{count} weeks before", count=weeks.count), "values": before, "names": names}
    return figure


def _failed_percent(starts: Sequence[date], by_week: Mapping[date, CheckedRows]) -> list[float | None]:
    rates = [by_week.get(start, CheckedRows()).rate for start in starts]
    return [None if rate is None else round(float(100 * (1 - rate)), 2) for rate in rates]


def _files(weeks: WholeWeeks, source: str) -> list[tuple[str, str]]:
    """Label and address of each file of the weeks."""
    args: dict[str, Any] = {"first_day": weeks.first, "last_day": weeks.today, "source": source or None}
    return [
        (
            f"{_FILE_LABELS[table]}, {FORMATS[form].label}",
            url_for("exports.table", table=table, format=form, **args),
        )
        for table in ("pass-rates", "failed-rules")
        for form in FILES
    ]


def _or_first(value: Decimal | None) -> Decimal:
    """A key by which missing values come first."""
    return Decimal("-Infinity") if value is None else value


def _words(line: Line) -> str:
    one: SourceRule = line["rule"]
    return " ".join((line["title"], one.code, one.column or "", one.source)).casefold()


def share_by_week(source: str, rule: str = "") -> str:
    """The chart in a sentence, for screen readers."""
    rows = _("rows of {source}", source=source) if source else _("rows of all data sources")
    return _(
        "The share of the {rows} that failed{rule}, by week.",
        rows=rows,
        rule=_(" the rule {rule}", rule=rule) if rule else "",
    )
