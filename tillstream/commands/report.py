"""`tillstream report …`: the executive report as a file, and the reports and tables that are due."""

from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tillstream.commands.declaration import Group, Option, OutputFile, write_file
from tillstream.commands.printing import print_line
from tillstream.commands.result import Result
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED

if TYPE_CHECKING:
    from tillstream.app import App
    from tillstream.reports import facts

report = Group("report", "Write reports as files.")


def show_report(data: dict[str, str]) -> None:
    """Print where the report is."""
    print_line(f"The report of {data['from']} to {data['to']} is in {data['file']}.")


def show_sent_reports(*, made: int, sent: int) -> None:
    """Print how many reports were made and messages sent."""
    print_line(f"{made:,} reports and tables made, {sent:,} messages sent.")


@report.command("executive", show_report, reads=True)
def write_executive_report(
    app: "App",
    *,
    out: Annotated[OutputFile, Option("File ending with .pdf, .html or .xlsx.", metavar="FILE")],
    from_: Annotated[str, Option("First day; default: the last complete month.", metavar="DATE")] = "",
    to: Annotated[str, Option("Last day.", metavar="DATE")] = "",
    region: Annotated[str, Option("Only this region.")] = "",
) -> Result:
    """Write what was sold, what changed, goals, forecast and what to do, for a month, a week or other days."""
    from tillstream.reports.facts import ReportSource
    from tillstream.reports.forms import REPORT_FORMS, render_report

    form = Path(out).suffix.removeprefix(".").lower()
    if form not in REPORT_FORMS:
        raise Rejected(f"{Path(out).name} has no form of a report. Name a file that ends with .pdf, .html or .xlsx.")
    if region and region not in app.contracts.regions():
        raise Rejected(f"There is no region “{region}”.")
    source = ReportSource(
        app.ports,
        app.contracts,
        UNRESTRICTED,
        _period(app, from_, to),
        app.settings.reporting_currency,
        app.settings.reporting_currency,
        region,
        app.queries,
        app.settings.public_url,
    )
    content = render_report(source, form)
    write_file(out, content)
    days = {"from": source.period.first.isoformat(), "to": source.period.last.isoformat()}
    return Result({"file": out, "bytes": len(content), **days})


@report.command("send", show_sent_reports)
def send_due_reports(app: "App") -> Result:
    """Send the subscribed reports that are due, and what else waits in the outbox. A server does it by itself."""
    from tillstream.app import mail_job
    from tillstream.delivery import channel_registry
    from tillstream.delivery import file_destinations as destinations
    from tillstream.delivery.notice_deliveries import NO_MAIL

    work = (
        channel_registry.find_channels,
        destinations.find_destinations,
        partial(mail_job.is_mail_due, sends_mail=False),
    )
    if not app.settings.smtp_url and not any(one(app.ports) for one in work):
        raise Rejected(NO_MAIL)
    with mail_job.REPORTS.reserved(app.ports):
        made, sent = _all_due(app)
    return Result({"made": made, "sent": sent})


def _all_due(app: "App") -> tuple[int, int]:
    """Deliver, then write the exports, and send what waits after each. Returns and raises as `deliver_due_messages`,
    after all.

    Only the first error is raised; the others are logged.
    """
    from tillstream import logs
    from tillstream.app import mail_job, outgoing_deliveries
    from tillstream.delivery.background_run import NOT_WRITTEN, run_due_exports
    from tillstream.records.outbox import NOT_SENT

    made, sent, failures = 0, 0, list[Exception]()
    try:
        made, sent = deliver_due_messages(app)
    except Exception as error:  # noqa: BLE001 - raised below, after the exports
        failures.append(error)

    def send_waiting() -> None:
        nonlocal sent
        try:
            sent += outgoing_deliveries.send_waiting_messages(app)
        except Exception as error:  # noqa: BLE001 - raised below, after the other exports
            failures.append(error)

    renew = partial(mail_job.REPORTS.renew, app.ports)
    logs.warn(
        NOT_WRITTEN,
        run_due_exports(outgoing_deliveries.subscribed_tables_source(app), renew=renew, after_each=send_waiting),
    )
    logs.warn(NOT_SENT, [repr(error) for error in failures[1:]])
    if failures:
        raise failures[0]
    return made, sent


def deliver_due_messages(app: "App") -> tuple[int, int]:
    """Send the messages that wait, and make and send the reports and tables that are due; return the number of those
    and of all e-mail and files. Reports and tables wait for sales that are being loaded. Without a mail server, only
    channels get messages, and destinations their files. Raises `Rejected`, `Unavailable`, and the errors of those that
    cannot be made."""
    from tillstream.app import mail_job, outgoing_deliveries
    from tillstream.delivery import subscription_files
    from tillstream.delivery.subscriptions import has_due_subscriptions
    from tillstream.reports import report_mail, subscriptions

    settings = app.settings
    made, sent = 0, outgoing_deliveries.send_waiting_messages(app)
    is_due = subscriptions.has_due_reports(app.ports) or has_due_subscriptions(app.ports)
    if is_due and mail_job.REPORTS.must_wait(app.ports):
        return made, sent
    sender = report_mail.ReportSender(
        app.ports,
        app.contracts,
        settings.reporting_currency,
        outgoing_deliveries.mail_sender(settings),
        settings.public_url,
        app.queries,
    )
    source = outgoing_deliveries.subscribed_tables_source(app)
    portal = settings.public_url if settings.project else settings.address
    exports = subscription_files.SubscriptionSender(source, sender.sender if settings.smtp_url else "", portal)
    with_mail = (report_mail.make_due_reports(sender),) if settings.smtp_url else ()
    failures: list[ExceptionGroup[Exception]] = []
    for due in (*with_mail, subscription_files.make_due_files(exports)):
        try:
            for is_new in due:
                made += is_new
                sent += outgoing_deliveries.send_waiting_messages(app)
                mail_job.REPORTS.renew(app.ports)
        except ExceptionGroup as error:
            failures.append(error)
    if failures:
        raise failures[0] if len(failures) == 1 else ExceptionGroup("Messages cannot be made", failures)
    return made, sent


def _period(app: "App", first_day: str, last_day: str) -> "facts.ReportPeriod":
    from tillstream.reports import facts

    if not first_day and not last_day:
        return facts.latest_period(facts.MONTH, app.ports.clock.now().date())
    try:
        first, last = (date.fromisoformat(text) for text in (first_day, last_day))
    except ValueError as error:
        raise Rejected("A period needs two dates, such as 2026-10-01 and 2026-10-31.") from error
    return facts.chosen_period(first, last)
