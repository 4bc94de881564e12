"""Reports: the executive report of a period as PDF, web page or workbook."""

from datetime import date

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from portal import figures, formats
from portal.access import allow
from portal.context import ports, scope, tillstream
from portal.urls import public_address
from tillstream.domain.errors import NotFound, Rejected
from tillstream.domain.goals.goal import Month
from tillstream.domain.people import Action
from tillstream.reports import period
from tillstream.reports.facts import ReportSource
from tillstream.reports.forms import FORMS, report
from tillstream.reports.period import ReportPeriod

blueprint = Blueprint("reports", __name__, template_folder="templates")


@blueprint.get("/reports")
@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    """The reports that can be made by one click, and a form for other days."""
    today = ports().clock.now().date()
    months = [period.latest(period.MONTH, today)]
    months.append(period.latest(period.MONTH, months[0].first))
    offered = [*months, period.latest(period.WEEK, today), _this_month(today)]
    choices = [(region, region) for region in _regions()]
    return render_template("reports/show.html", periods=offered, choices=choices, today=today)


@blueprint.get("/reports/executive.<form>")
@allow(Action.SEE_NUMBERS)
def executive(form: str) -> ResponseReturnValue:
    """The executive report of the days and region in the address, within the scope of the user."""
    if form not in FORMS:
        raise NotFound("A report is a PDF, a web page (html) or a workbook (xlsx).")
    app, chosen, region = tillstream(), _period(), request.args.get("region", "")
    if region and region not in _regions():
        raise NotFound(f"There is no region “{region}” in your scope.")
    source = ReportSource(
        app.ports,
        app.contracts,
        scope(),
        chosen,
        figures.currency(),
        app.settings.reporting_currency,
        region,
        app.queries,
        public_address(),
    )
    response = Response(report(source, form), content_type=FORMS[form])
    days = f"{chosen.first}-{chosen.last}" if chosen.kind != period.MONTH else f"{chosen.first:%Y-%m}"
    name = "-".join(filter(None, ("sales", region, days)))
    response.headers.set("Content-Disposition", "attachment", filename=f"{name}.{form}")
    return response


def _period() -> ReportPeriod:
    first, last = (formats.day_in(request.args.get(name, "")) for name in ("from", "to"))
    if first is None and last is None:
        return period.latest(period.MONTH, ports().clock.now().date())
    if first is None or last is None:
        raise Rejected("Choose the first and the last day.")
    return period.chosen(first, last)


def _this_month(today: date) -> ReportPeriod:
    month = Month.of(today)
    return period.chosen(month.first, month.last)


def _regions() -> list[str]:
    user = scope()
    return sorted(tillstream().contracts.regions() if user.regions is None else user.regions)
