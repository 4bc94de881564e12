"""The dashboard area: what was sold, how it moves, and what is missing in the number."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import numbers
from portal.access import allow
from portal.addresses import with_args
from portal.context import ports, scope
from portal.dashboard.charts import bars, over_time
from portal.dashboard.presets import PRESETS, dates_of
from tillstream.analytics.filters import Filters
from tillstream.analytics.known_values import UnknownValue
from tillstream.domain.columns import STATUSES
from tillstream.domain.people import Action

blueprint = Blueprint("dashboard", __name__, template_folder="templates")

PERIODS = {"daily": "Days", "weekly": "Weeks", "monthly": "Months", "quarterly": "Quarters", "yearly": "Years"}
CUSTOMERS = 10


@blueprint.get("/")
@allow(Action.SEE_NUMBERS)
def home() -> ResponseReturnValue:
    return redirect(url_for("dashboard.show"), 302)


@blueprint.get("/dashboard")
@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    asked = numbers.asked()
    preset = request.args.get("preset", "")
    if preset in PRESETS:
        start, end = dates_of(preset, ports().clock.now().date())
        asked |= {"from": [start.isoformat()], "to": [end.isoformat()]}
    else:
        preset = "own" if "from" in asked or "to" in asked else ""
    try:
        filters = numbers.chosen(asked)
    except UnknownValue as error:
        return _unknown(error), 400
    period = request.args.get("period", "")
    period = period if period in PERIODS else "monthly"
    kpis = numbers.kpis(filters)
    everything = kpis if not asked else numbers.kpis(Filters())
    return render_template(
        "dashboard/show.html",
        kpis=kpis,
        everything=everything,
        asked=asked,
        kept={name: values for name, values in asked.items() if preset in {"", "own"} or name not in {"from", "to"}},
        preset=preset,
        presets=PRESETS,
        period=period,
        periods=PERIODS,
        comparison=numbers.comparison(filters),
        period_chosen=filters.start is not None and filters.end is not None,
        regions=_regions(),
        statuses=STATUSES,
        **(_pictures(filters, period, kpis) if kpis["lines"] else {}),
    )


def _unknown(error: UnknownValue) -> str:
    """What nothing is called, and the same page without it."""
    kept = [value for value in request.args.getlist(error.name) if value not in error.unknown]
    without = with_args(request.args.to_dict(flat=False), **{error.name: kept})
    return render_template("dashboard/unknown.html", error=error, without=without)


def _regions() -> list[dict[str, Any]]:
    """Every region of the person with how far its sales go, whatever the filters."""
    found: list[dict[str, Any]] = numbers.ask("freshness", Filters()).to_pylist()
    return found


def _pictures(filters: Filters, period: str, kpis: dict[str, Any]) -> dict[str, Any]:
    times = numbers.ask("sales-over-time", filters, period=period).to_pylist()
    categories = numbers.ask("sales-by-category", filters).to_pylist()
    countries = numbers.ask("sales-by-country", filters).to_pylist()
    personal = scope().may(Action.SEE_PERSONAL)
    return {
        "times": times,
        "categories": categories,
        "countries": countries,
        "customers": numbers.ask("top-customers", filters, limit=CUSTOMERS).to_pylist() if personal else None,
        "figures": {
            "over-time": over_time(times, period, kpis["currency"]),
            "by-category": bars(categories, "category", kpis["currency"]),
            "by-country": bars(countries, "country", kpis["currency"]),
        },
    }
