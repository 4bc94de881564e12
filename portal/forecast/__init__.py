"""The forecast page: what is expected, how sure that is, why, and how good earlier forecasts were."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from portal import list_view
from portal.access import allow
from portal.context import TemplateContext, me, ports, scope
from portal.forecast import nodes, numbers, series
from portal.forecast.numbers import ShownForecast
from portal.forecast.what_if import what_if
from portal.managed import ManagedPages
from portal.translation import N_, _
from portal.urls import go_to
from tillstream.forecasting import published_forecasts, run_records
from tillstream.forecasting.published_forecasts import forecast_coverage
from tillstream.model import audit
from tillstream.model.permissions import Action
from tillstream.records import audit_log

STEPS = N_({"day": "By day", "week": "By week"})
NAIVE = N_({"day": "the sales of the last week", "week": "the sales of the last year"})
"""Step of a forecast → the sales that a seasonal naive forecast repeats."""
METHODS = N_(
    {
        "day": {"model": "Model", "seasonal naive": "Last week again"},
        "week": {"model": "Model", "seasonal naive": "Last year again"},
    }
)
"""Step of a forecast → the methods of our own runs; others are named as in the table."""
PARTS = N_(
    {
        "level_part": ("Recent level", "Mean of the last 28 open days"),
        "trend_part": ("Trend and time of year", "What the weeks ahead differ from the recent level"),
        "weekday_part": ("Weekday", "What the weekday differs from the mean of its week"),
        "holiday_part": ("Public holidays", "What the model expects of holidays on this day or near it"),
        "plan_part": ("Prices and promotions", "What the model expects of the prices and promotions in the catalogue"),
    }
)
MEASURES = N_(
    {
        "relative_mae": ("Error ÷ naive", "Absolute error, ÷ that of the sales of the last week or year as a forecast"),
        "relative_sum_error": ("Error of sums ÷ naive", "The same for the sums of whole windows"),
        "mase": ("MASE", "Absolute error ÷ usual change from week to week, or year to year"),
        "pinball": ("Pinball loss", "Error of the quantiles ÷ the same change"),
        "coverage": ("In the band", "Share of values inside the range from low to high; 80% is right"),
        "bias": ("Bias", "Forecast above (+) or below (−) what came"),
    }
)

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
    target = "units" if node.level == "product" or target not in nodes.TARGETS else target
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
        method=method_text(rows[0], numbers.relative_error(target, node.level), last.grain),
        explained=explained,
        earlier=shown.earlier(currency),
        below=_below(shown),
        what_if=what_if(shown),
        groups=numbers.forecast_groups(target),
        sees_all=numbers.sees_all(),
        parts={name: each for name, each in PARTS.items() if any(row[name] for row in explained)},
        reason=largest_part,
        methods=METHODS[last.grain],
        targets=nodes.TARGETS,
        steps=STEPS,
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
        measures=MEASURES,
        naive=NAIVE,
        levels=nodes.LEVELS,
        targets=nodes.TARGETS,
    )


@blueprint.post("/forecast", endpoint="request_run")
@allow(Action.ADMINISTER)
def request_run() -> ResponseReturnValue:
    """Request a new forecast, which is made in the background."""
    run_records.request_forecast(ports())
    audit_log.record(ports(), me().login, audit.AuditAction.FORECAST_REQUESTED, "forecasts")
    return go_to(
        "forecast.show", _("A new forecast is made within a few minutes, or after a load of sales that is under way.")
    )


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
        {"key": "name", "label": nodes.LEVELS[level]},
        {"key": "mean", "label": _("Next 4 weeks"), "sort": True, "num": True},
        {"key": "method", "label": _("Method")},
    ]
    page = list_view.page_of(query, matching)
    return {"label": nodes.LEVELS[level], "page": page, "rows": len(members), "columns": columns}


def method_text(row: Mapping[str, Any], relative_error: float | None, grain: str) -> str:
    """How the forecast was made, and how good its method was. grain: the step that it was made by."""
    naive = NAIVE[grain]
    if row["method"] not in METHODS[grain]:
        return _("Made by {method}, which our backtest does not include.", method=row["method"])
    if row["method"] != "model":
        return _(
            "This is {naive} again (a seasonal naive forecast): the model was not better in the backtest for these "
            "sales.",
            naive=naive,
        )
    if relative_error is None:
        return _("Made by the model.")
    if relative_error >= 1:
        return _("Made by the model, which at this level was not better in the backtest than {naive}.", naive=naive)
    better = _("Made by the model. In the backtest its error was {share:.0%} smaller than that of {naive}.")
    return better.format(share=1 - relative_error, naive=naive)


def largest_part(row: Mapping[str, Any]) -> str:
    """Why a day differs from the recent level, in words."""
    named = [(abs(row[name]), name) for name in list(PARTS)[1:] if row[name]]
    if not row["level_part"] or not named:
        return _("as usual")
    size, name = max(named)
    share = size / row["level_part"]
    if share < 0.02:
        return _("as usual")
    part = str(PARTS[name][0]).lower()
    if row[name] > 0:
        return _("{part}: {share:.0%} above the recent level", part=part, share=share)
    return _("{part}: {share:.0%} below the recent level", part=part, share=share)
