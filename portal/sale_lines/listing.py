"""The sale lines area's list: searched, sorted, filtered and paged by the warehouse, and given away as a file."""

from dataclasses import replace
from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from portal import list_view, metrics
from portal.access import allow
from portal.context import scope, tillstream
from portal.dashboard.presets import PRESETS
from portal.dashboard.request_filters import DATES, resolved
from portal.exports import writers
from portal.sale_lines.columns import Shown, chosen, offered
from tillstream.analytics import line_export
from tillstream.domain.columns import STATUSES
from tillstream.domain.people import Action

FARTHEST = 1_000_000
"""Whoever pages further wants the whole as a file."""


@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    """Every sale line that the person may see, chosen, searched, sorted and paged by the address."""
    values, preset = resolved()
    filters = metrics.chosen(values)
    known = offered(scope())
    asked = _asked(known, values, preset)
    app = tillstream()
    rows: list[dict[str, Any]] = line_export.page(
        app.ports.warehouse,
        scope(),
        filters,
        sort=asked.column,
        descending=asked.down,
        limit=asked.size + 1,
        offset=min(asked.first, FARTHEST),
        q=asked.q,
        cache=app.queries,
    ).to_pylist()
    # what is searched for no sum by day knows
    total = metrics.ask("lines-total", filters, q=asked.q).to_pylist()[0] if asked.q else metrics.kpis(filters)
    columns = chosen(scope(), request.args.getlist("column"))
    heads = [one.head(total["currency"]) for one in columns]
    if scope().may(Action.SEE_UPLOADS):
        heads.append({"key": "", "label": "Where from"})
    return render_template(
        "sale_lines/list.html",
        heads=heads,
        page=list_view.Page(asked, rows[: asked.size], total["lines"], len(rows) > asked.size),
        total=total,
        asked=values,
        preset=preset,
        presets=PRESETS,
        statuses=STATUSES,
        columns=columns,
        offered=known,
    )


def _asked(known: dict[str, Shown], values: dict[str, list[str]], preset: str) -> list_view.Asked:
    """The state of the list, with the filters that links keep; a preset stays one."""
    sorts = [f"{way}{name}" for name, one in known.items() if one.sorts for way in ("", "-")]
    kept: dict[str, Any] = values if preset in {"", "own"} else _without_days(values) | {"preset": preset}
    kept = kept | {"column": request.args.getlist("column")}
    return replace(list_view.asked(sorts=sorts, usual="-sale_date"), kept=kept)


def _without_days(values: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: texts for name, texts in values.items() if name not in DATES}


@allow(Action.SEE_NUMBERS)
def export() -> Response:
    """Every chosen line with every column that the person may see, as CSV, JSON lines or Parquet."""
    values, text = resolved()[0], list_view.asked().q
    app, bounds, filters = tillstream(), scope(), metrics.chosen(values)
    batches = line_export.lines(app.ports.warehouse, bounds, filters, text)
    named = values | ({"search": [text]} if text else {})
    return writers.respond(request.args.get("format", "csv"), "sale-lines", named, batches)
