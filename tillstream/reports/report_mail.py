"""Reports as e-mail: the message of each subscription that is due, within the scope of its reader."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tillstream.analytics.filter_values import currency_of_reader
from tillstream.analytics.query_cache import QueryCache
from tillstream.contracts.registry import ContractRegistry
from tillstream.model.errors import Rejected
from tillstream.people.account_store import User
from tillstream.people.accounts import current_reader
from tillstream.ports import Ports
from tillstream.records.jobs import run_each
from tillstream.records.mail import Mail, MailAttachment, add_mail
from tillstream.reports import executive, facts, formats, forms, subscriptions
from tillstream.reports.document import ReportDocument
from tillstream.reports.facts import ReportSource
from tillstream.reports.forms import PDF, REPORT_FORMS
from tillstream.reports.subscriptions import ReportSubscription

RETRY_AFTER = timedelta(hours=1)
"""Time after which a report that could not be made is tried again."""


@dataclass(frozen=True)
class ReportSender:
    """What reports are made and sent with. portal: address of the portal for links; may be empty."""

    ports: Ports
    contracts: ContractRegistry
    reporting_currency: str
    sender: str
    portal: str = ""
    cache: QueryCache | None = None


def make_due_reports(sender: ReportSender) -> Iterator[bool]:
    """Put the reports that are due into the outbox, one after another; yield whether there was one to add.

    A report is made once for its period: after a stop the next run makes those that are missing. One that cannot be
    made is tried again after `RETRY_AFTER`. Raises `Unavailable` at once, and other errors as a group when all are
    made.
    """
    ports, now = sender.ports, sender.ports.clock.now()

    def make(due: tuple[ReportSubscription, int]) -> bool:
        mail = _mail(sender, due[0], due[0].schedule.last(now))
        is_new = mail is not None and add_mail(ports, mail, sender.sender)
        subscriptions.postpone_subscription(ports, *due, due[0].schedule.next(now))
        return is_new

    def postpone(due: tuple[ReportSubscription, int], error: Exception) -> None:
        error.add_note(f"The report of the subscription {due[0].id}.")
        subscriptions.postpone_subscription(ports, *due, now + RETRY_AFTER)

    yield from run_each(subscriptions.due_subscriptions(ports), make, "Reports cannot be made", postpone)


def _mail(sender: ReportSender, one: ReportSubscription, due: datetime) -> Mail | None:
    """The message of a subscription; None if the access of its reader ended."""
    try:
        user = current_reader(sender.ports, one.login)
    except Rejected:
        return None
    of = facts.latest_period(one.every, due.astimezone(ZoneInfo(one.zone)).date())
    document = executive.executive_report(report_source(sender, user, of))
    name = f"sales-{of.first:%Y-%m}" if of.kind == facts.MONTH else f"sales-{of.first}"
    attachment = MailAttachment(f"{name}.pdf", REPORT_FORMS[PDF], forms.render_pdf(document))
    key = f"report {one.id} {of.first} {of.last}"
    return Mail(key, one.to, document.title, report_mail_text(document), forms.render_html(document), (attachment,))


def report_source(sender: ReportSender, user: User, of: facts.ReportPeriod) -> ReportSource:
    """The report of a user: their sales, in their currency."""
    scope, warehouse = user.scope, sender.ports.warehouse
    choice, reporting = user.display_currency, sender.reporting_currency
    currency = currency_of_reader(warehouse, sender.contracts, scope, choice, reporting, cache=sender.cache)
    return ReportSource(
        sender.ports,
        sender.contracts,
        scope,
        of,
        currency,
        sender.reporting_currency,
        cache=sender.cache,
        portal=sender.portal,
    )


def report_mail_text(document: ReportDocument) -> str:
    """The sentences of a report as plain text."""
    lines = [document.title, document.about, ""]
    for section in document.sections:
        if section.sentences:
            lines += [section.title, *(f"- {formats.sentence_text(one)}" for one in section.sentences), ""]
    return "\n".join(lines)
