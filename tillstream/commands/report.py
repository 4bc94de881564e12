"""The executive report as a file."""

from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from tillstream import logs
from tillstream.app import App, mail_job, outgoing_deliveries
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import Progress, Result
from tillstream.delivery import channel_registry, subscription_files
from tillstream.delivery import file_destinations as destinations
from tillstream.delivery import subscriptions as scheduled_exports
from tillstream.delivery.background_run import NOT_WRITTEN, run_due_exports
from tillstream.delivery.notice_deliveries import NO_MAIL
from tillstream.model.errors import Rejected
from tillstream.model.people import UNRESTRICTED
from tillstream.ports.machine import REPORTS_JOB
from tillstream.records import job_runs, sales_loads
from tillstream.records.outbox import NOT_SENT
from tillstream.reports import facts, report_mail, subscriptions
from tillstream.reports.facts import ReportSource
from tillstream.reports.forms import REPORT_FORMS, render_report


@dataclass(frozen=True, kw_only=True)
class ExecutiveReport:
    """out: a file ending with .pdf, .html or .xlsx. from_, to: ISO days; both empty: the last complete month."""

    out: str
    from_: str = ""
    to: str = ""
    region: str = ""


def write_executive_report(app: App, progress: Progress, arguments: ExecutiveReport) -> Result:
    """Write the report of a period for all sales, or those of a region."""
    out = Path(arguments.out)
    form = out.suffix.removeprefix(".").lower()
    if form not in REPORT_FORMS:
        raise Rejected(f"{out.name} has no form of a report. Name a file that ends with .pdf, .html or .xlsx.")
    if arguments.region and arguments.region not in app.contracts.regions():
        raise Rejected(f"There is no region “{arguments.region}”.")
    source = ReportSource(
        app.ports,
        app.contracts,
        UNRESTRICTED,
        _period(app, arguments),
        app.settings.reporting_currency,
        app.settings.reporting_currency,
        arguments.region,
        app.queries,
        app.settings.public_url,
    )
    content = render_report(source, form)
    try:
        out.write_bytes(content)
    except OSError as error:
        raise Rejected(f"{out} cannot be written: {error.strerror}.") from error
    days = {"from": source.period.first.isoformat(), "to": source.period.last.isoformat()}
    return Result({"file": str(out), "bytes": len(content), **days})


def send_due_reports(app: App, progress: Progress, arguments: NoArguments) -> Result:
    """Make the subscribed reports and tables that are due, and send them, e-mail that waits and notices of alerts; then
    write the exports in the background that are due."""
    work = (
        channel_registry.find_channels,
        destinations.find_destinations,
        partial(mail_job.is_mail_due, sends_mail=False),
    )
    if not app.settings.smtp_url and not any(one(app.ports) for one in work):
        raise Rejected(NO_MAIL)
    with job_runs.job_reserved(app.ports, REPORTS_JOB):
        made, sent = _all_due(app)
    return Result({"made": made, "sent": sent})


def _all_due(app: App) -> tuple[int, int]:
    """Deliver, then write the exports, and send what waits after each. Returns and raises as `deliver_due_messages`,
    after all.

    Only the first error is raised; the others are logged.
    """
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

    renew = partial(job_runs.renew_reservation, app.ports, REPORTS_JOB)
    logs.warn(
        NOT_WRITTEN,
        run_due_exports(outgoing_deliveries.subscribed_tables_source(app), renew=renew, after_each=send_waiting),
    )
    logs.warn(NOT_SENT, [repr(error) for error in failures[1:]])
    if failures:
        raise failures[0]
    return made, sent


def deliver_due_messages(app: App) -> tuple[int, int]:
    """Send the messages that wait, and make and send the reports and tables that are due; return the number of those
    and of all e-mail and files. Reports and tables wait for sales that are being loaded. Without a mail server, only
    channels get messages, and destinations their files. Raises `Rejected`, `Unavailable`, and the errors of those that
    cannot be made."""
    settings = app.settings
    made, sent = 0, outgoing_deliveries.send_waiting_messages(app)
    is_due = subscriptions.has_due_reports(app.ports) or scheduled_exports.has_due_subscriptions(app.ports)
    if is_due and sales_loads.must_wait(app.ports, REPORTS_JOB):
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
                job_runs.renew_reservation(app.ports, REPORTS_JOB)
        except ExceptionGroup as error:
            failures.append(error)
    if failures:
        raise failures[0] if len(failures) == 1 else ExceptionGroup("Messages cannot be made", failures)
    return made, sent


def _period(app: App, arguments: ExecutiveReport) -> facts.ReportPeriod:
    if not arguments.from_ and not arguments.to:
        return facts.latest_period(facts.MONTH, app.ports.clock.now().date())
    try:
        first, last = (date.fromisoformat(text) for text in (arguments.from_, arguments.to))
    except ValueError as error:
        raise Rejected("A period needs two dates, such as 2026-10-01 and 2026-10-31.") from error
    return facts.chosen_period(first, last)
