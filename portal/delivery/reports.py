"""Reports: the executive report of a period as PDF, web page or workbook, and those in Looker Studio."""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from looker.definitions import Report
from looker.links import finished_address, links
from portal import figures, formats
from portal.access import allow
from portal.context import me, ports, scope, tillstream
from portal.file_responses import attachment
from portal.filter_fields import remaining_values
from portal.translation import N_, _
from portal.urls import go_to, public_address
from tillstream.app import mail_job
from tillstream.delivery import schedule
from tillstream.model.dates import Month
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.permissions import Action
from tillstream.records import mail
from tillstream.records.outbox import ENDED_BADLY, FAILED, SENDING, SENT, UNCLEAR, WAITING
from tillstream.reports import facts, subscriptions
from tillstream.reports.facts import ReportPeriod, ReportSource
from tillstream.reports.forms import REPORT_FORMS, render_report

NEEDED = {
    "sales_with_people": Action.SEE_PERSONAL,
    "expected_sales": Action.SEE_FORECASTS,
    "upload_receipts": Action.SEE_UPLOADS,
}
"""View → the permission without which it has no rows for the user."""

MESSAGES = 20
"""Messages of the outbox that an administrator sees."""
EVERY = N_({facts.WEEK: "Every week", facts.MONTH: "Every month"})
STATES = N_(
    {
        WAITING: "Waiting",
        SENDING: "Being sent",
        SENT: "Sent",
        FAILED: "Failed",
        UNCLEAR: "Unclear: it may have been sent",
    }
)
blueprint = Blueprint("reports", __name__, template_folder="templates")


class FinishedReport(NamedTuple):
    title: str
    question: str
    address: str
    copy_address: str
    """Creates a copy that the user owns."""


def finished_reports() -> Iterator[FinishedReport]:
    """The reports of the setting; none without a project."""
    settings, ids = tillstream().settings, tillstream().settings.looker_reports
    if settings.project:
        for one in links(settings.project, settings.views_dataset, ids):
            if one.is_copy and _is_readable(one.report):
                address = finished_address(ids[one.report.name])
                yield FinishedReport(one.report.title, one.report.question, address, one.address)


def weekday_choices() -> list[tuple[int, str]]:
    """Numbers in a schedule with their texts."""
    return [(number, _("On {day}s", day=day)) for number, day in enumerate(schedule.WEEKDAYS, 1)]


def monthday_choices() -> list[tuple[int, str]]:
    return [(day, _("On the {day}", day=schedule.ordinal(day))) for day in range(1, schedule.MONTH_DAYS + 1)]


def _is_readable(report: Report) -> bool:
    return all(scope().may(NEEDED[view]) for view in report.sources if view in NEEDED)


@blueprint.get("/reports", endpoint="show")
@allow(Action.SEE_NUMBERS)
def show_reports() -> ResponseReturnValue:
    """The reports that can be made by one click, and a form for other days."""
    today = ports().clock.now().date()
    months = [facts.latest_period(facts.MONTH, today)]
    months.append(facts.latest_period(facts.MONTH, months[0].first))
    offered = [*months, facts.latest_period(facts.WEEK, today), _this_month(today)]
    choices = [(region, region) for region in sorted(remaining_values("region", {}))]
    is_admin = scope().may(Action.ADMINISTER)
    subscribed = subscriptions.list_subscriptions(ports(), "" if is_admin else me().login)
    return render_template(
        "reports/show.html",
        periods=offered,
        choices=choices,
        today=today,
        own={one.every: one for one in subscribed if one.login == me().login},
        others=[one for one in subscribed if one.login != me().login],
        every_choices=EVERY,
        days={facts.WEEK: weekday_choices(), facts.MONTH: monthday_choices()},
        hours=[(hour, _("at {hour}:00", hour=hour)) for hour in range(24)],
        states=STATES,
        default_day=schedule.DEFAULT_DAY,
        default_hour=schedule.DEFAULT_HOUR,
        is_admin=is_admin,
        messages=mail.list_mail(ports(), MESSAGES) if is_admin else [],
        again=ENDED_BADLY,
        looker_reports=list(finished_reports()),
    )


@blueprint.post("/reports/subscribe", endpoint="subscribe")
@allow(Action.SEE_NUMBERS)
def subscribe() -> ResponseReturnValue:
    """Subscribe to the report by e-mail; administrators also for other users."""
    login = request.form.get("login", "").strip() or me().login
    if login != me().login and not scope().may(Action.ADMINISTER):
        raise Rejected(_("Only an administrator can subscribe other users."))
    form = request.form
    day, hour = form.get("day", type=int), form.get("hour", type=int)
    every, to = form.get("every", ""), form.get("to", "")
    subscriptions.subscribe_to_report(ports(), login, every, to, by=me().login, day=day, hour=hour)
    kept = _("The subscription is kept. E-mail is not set up, so reports come once it is.")
    return go_to("reports.show", _("The report comes by e-mail.") if tillstream().settings.sends_mail else kept)


@blueprint.post("/reports/unsubscribe", endpoint="unsubscribe")
@allow(Action.SEE_NUMBERS)
def unsubscribe() -> ResponseReturnValue:
    login = request.form.get("login", "") or me().login
    if login != me().login and not scope().may(Action.ADMINISTER):
        raise NotFound(_("There is no such subscription."))
    subscriptions.unsubscribe_from_report(ports(), login, request.form.get("every", ""), by=me().login)
    return go_to("reports.show", _("The report no longer comes by e-mail."))


@blueprint.post("/reports/messages/<message_id>", endpoint="send_again")
@allow(Action.ADMINISTER)
def send_again(message_id: str) -> ResponseReturnValue:
    """Send a message again that failed."""
    mail.retry_mail(ports(), message_id, by=me().login)
    mail_job.request_mail_job(tillstream())
    kept = _("The message is kept. E-mail is not set up, so it is sent once it is.")
    sent = _("The message is sent within a few minutes.")
    return go_to("reports.show", sent if tillstream().settings.sends_mail else kept)


@blueprint.get("/reports/executive.<form>", endpoint="executive")
@allow(Action.SEE_NUMBERS)
def executive_report(form: str) -> ResponseReturnValue:
    """The executive report of the days and region in the address, within the scope of the user."""
    if form not in REPORT_FORMS:
        raise NotFound(_("A report is a PDF, a web page (html) or a workbook (xlsx)."))
    app, chosen, region = tillstream(), _period(), request.args.get("region", "")
    if region and region not in _regions():
        raise NotFound(_("There is no region “{region}” in your scope.", region=region))
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
    days = f"{chosen.first}-{chosen.last}" if chosen.kind != facts.MONTH else f"{chosen.first:%Y-%m}"
    name = "-".join(filter(None, ("sales", region, days)))
    return attachment(render_report(source, form), f"{name}.{form}", REPORT_FORMS[form])


def _period() -> ReportPeriod:
    first, last = (formats.day_in(request.args.get(name, "")) for name in ("from", "to"))
    if first is None and last is None:
        return facts.latest_period(facts.MONTH, ports().clock.now().date())
    if first is None or last is None:
        raise Rejected(_("Choose the first and the last day."))
    return facts.chosen_period(first, last)


def _this_month(today: date) -> ReportPeriod:
    month = Month.from_day(today)
    return facts.chosen_period(month.first, month.last)


def _regions() -> list[str]:
    user = scope()
    return sorted(tillstream().contracts.regions_in_use() if user.regions is None else user.regions)
