"""The forecast page: what is expected, how sure that is, why, and how good earlier forecasts were."""

from datetime import date

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from portal import list_view
from portal.access import allow
from portal.context import TemplateContext, me, ports, scope
from portal.forecast import nodes, numbers, series, texts
from portal.forecast.numbers import ShownForecast
from portal.forecast.what_if import what_if
from portal.managed import ManagedPages
from portal.urls import go_to
from tillstream.forecasting import published_forecasts, run_records
from tillstream.forecasting.published_forecasts import forecast_coverage
from tillstream.model import audit
from tillstream.model.permissions import Action
from tillstream.records import audit_log

blueprint = Blueprint("forecast", __name__, template_folder="templates")
blueprint.get("/forecast/series", endpoint="series")(series.show_series)
blueprint.post("/forecast/series", endpoint="import_series")(series.import_series)
blueprint.get("/forecast/series/template.csv", endpoint="series_template")(series.series_template)
blueprint.get("/forecast/series/<name>", endpoint="one_series")(series.show_one_series)
blueprint.get("/forecast/series/<name>/values.csv", endpoint="series_values")(series.export_values)
SERIES = ManagedPages(blueprint, "/forecast/series/<name>", page="one_series", listing="series")
SERIES.button("remove", series.remove_series, endpoint="remove_series")
SERIES.button("restore", series.restore_series, endpoint="restore_series")


@blueprint.get("/forecast", endpoint="show")
@allow(Action.SEE_FORECASTS)
def show() -> ResponseReturnValue:
    """The forecast of the node in the address."""
    last, progress, node = (
        run_records.FORECAST.last_run(ports()),
        run_records.run_progress(ports()),
        nodes.chosen_node(),
    )
    state = {"last": last, "progress": progress, "admin": scope().may(Action.ADMINISTER), "node": node}
    if last is None or last.reason:
        return render_template("forecast/none.html", **state)
    target = request.args.get("target", "revenue")
    target = "units" if node.level == "product" or target not in texts.TARGETS else target
    step = "week" if last.grain == "week" or request.args.get("by") == "week" else "day"
    shown = ShownForecast(node, target, step)
    rows = shown.ahead()
    if not rows:
        return render_template("forecast/none.html", **state | {"progress": None})
    currency, sums, explained = rows[0]["currency"] or "", shown.sums(), shown.explained(last.grain)
    return render_template(
        "forecast/show.html",
        **state,
        target=target,
        step=step,
        rows=rows,
        currency=currency,
        coverage=forecast_coverage(rows[0]),
        sums=sums,
        figure=numbers.forecast_chart(shown.sold(rows[0], currency), rows, step, target, currency),
        summary=numbers.describe_forecast(node.label, target, sums[-1], currency) if sums else "",
        method=texts.method_text(rows[0], numbers.relative_error(target, node.level), last.grain),
        explained=explained,
        earlier=shown.earlier(currency),
        below=_below(shown),
        what_if=what_if(shown),
        groups=numbers.forecast_groups(target),
        sees_all=numbers.sees_all(),
        parts={name: each for name, each in texts.PARTS.items() if any(row[name] for row in explained)},
        reason=texts.largest_part,
        methods=texts.METHODS[last.grain],
        targets=texts.TARGETS,
        steps=texts.STEPS,
        args=node.values,
        export=node.values | {"target": target, "level": node.level, "period": step},
    )


@blueprint.get("/forecast/accuracy", endpoint="accuracy")
@allow(Action.SEE_FORECASTS)
def accuracy() -> ResponseReturnValue:
    """How good the forecasts of the backtest were, by level and window."""
    report = published_forecasts.accuracy_report(ports())
    windows = report["windows"]
    return render_template(
        "forecast/accuracy.html",
        last=run_records.FORECAST.last_run(ports()),
        overall=[row for row in windows if row["cutoff_date"] is None],
        windows=[
            row | {"cutoff_date": date.fromisoformat(row["cutoff_date"])}
            for row in windows
            if row["cutoff_date"] and row["level"] == "store"
        ],
        importance=[row for row in report["importance"] if row["target"] == "revenue"],
        measures=texts.MEASURES,
        naive=texts.NAIVE,
        levels=texts.LEVELS,
        targets=texts.TARGETS,
    )


@blueprint.post("/forecast", endpoint="request_run")
@allow(Action.ADMINISTER)
def request_run() -> ResponseReturnValue:
    """Request a new forecast, which is made in the background."""
    run_records.request_forecast(ports())
    audit_log.record(ports(), me().login, audit.AuditAction.FORECAST_REQUESTED, "forecasts")
    return go_to("forecast.show", texts.REQUESTED)


@blueprint.get("/api/v1/forecasts/accuracy", endpoint="accuracy_data")
@allow(Action.SEE_FORECASTS)
def accuracy_data() -> ResponseReturnValue:
    """The last forecast run, its accuracy in the backtest by level and window, and what the model relies on."""
    return published_forecasts.accuracy_report(ports())


def _below(shown: ShownForecast) -> TemplateContext | None:
    """What the forecast is the sum of: a page of the next level."""
    level, members = shown.below()
    if not level:
        return None
    query = list_view.list_query(sorts=("mean",), default_sort="-mean")
    words = query.q.casefold().split()
    matching = [each for each in members if all(word in each[0].label.casefold() for word in words)]
    matching.sort(key=lambda each: each[1]["mean"], reverse=query.down)
    columns = [
        {"key": "name", "label": texts.LEVELS[level]},
        {"key": "mean", "label": texts.NEXT_WEEKS, "sort": True, "num": True},
        {"key": "method", "label": texts.METHOD},
    ]
    page = list_view.page_of(query, matching)
    return {"label": texts.LEVELS[level], "page": page, "rows": len(members), "columns": columns}
