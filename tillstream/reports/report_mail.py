"""Reports as e-mail: the message of each subscription that is due, within the scope of its reader."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tillstream.analytics.filter_values import currency_of_reader
from tillstream.analytics.query_cache import QueryCache
from tillstream.contracts.registry import ContractRegistry
from tillstream.mail import outbox
from tillstream.mail.outbox import Attachment, Mail
from tillstream.model.errors import Rejected, Unavailable
from tillstream.people.account_store import User
from tillstream.people.accounts import current_reader
from tillstream.ports import Ports
from tillstream.reports import executive, formats, html, pdf, period, subscriptions
from tillstream.reports.document import Document
from tillstream.reports.facts import ReportSource
from tillstream.reports.forms import FORMS, PDF
from tillstream.reports.subscriptions import Subscription

AGAIN = timedelta(hours=1)
"""Time after which a report that could not be made is tried again."""


@dataclass(frozen=True)
class Sender:
    """What reports are made and sent with. portal: address of the portal for links; may be empty."""

    ports: Ports
    contracts: ContractRegistry
    reporting_currency: str
    sender: str
    portal: str = ""
    cache: QueryCache | None = None


def make_due(sender: Sender) -> Iterator[bool]:
    """Put the reports that are due into the outbox, one after another; yield whether there was one to add.

    A report is made once for its period: after a stop the next run makes those that are missing. One that cannot be
    made is tried again after `AGAIN`. Raises `Unavailable` at once, and other errors as a group when all are made.
    """
    failures: list[Exception] = []
    ports, now = sender.ports, sender.ports.clock.now()
    for one, version in subscriptions.due(ports):
        try:
            mail = _mail(sender, one, one.schedule.last(now))
            is_new = mail is not None and outbox.add(ports, mail, sender.sender)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - raised below, after the other reports
            error.add_note(f"The report of the subscription {one.id}.")
            failures.append(error)
            subscriptions.postpone(ports, one, version, now + AGAIN)
            continue
        subscriptions.postpone(ports, one, version, one.schedule.next(now))
        yield is_new
    if failures:
        raise ExceptionGroup("Reports cannot be made", failures)


def _mail(sender: Sender, one: Subscription, due: datetime) -> Mail | None:
    """The message of a subscription; None if the access of its reader ended."""
    try:
        user = current_reader(sender.ports, one.login)
    except Rejected:
        return None
    of = period.latest(one.every, due.astimezone(ZoneInfo(one.zone)).date())
    document = executive.document(source_of(sender, user, of))
    name = f"sales-{of.first:%Y-%m}" if of.kind == period.MONTH else f"sales-{of.first}"
    attachment = Attachment(f"{name}.pdf", FORMS[PDF], pdf.render(document))
    key = f"report {one.id} {of.first} {of.last}"
    return Mail(key, one.to, document.title, text_of(document), html.render(document), (attachment,))


def source_of(sender: Sender, user: User, of: period.ReportPeriod) -> ReportSource:
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


def text_of(document: Document) -> str:
    """The sentences of a report as plain text."""
    lines = [document.title, document.about, ""]
    for section in document.sections:
        if section.sentences:
            lines += [section.title, *(f"- {formats.sentence_text(one)}" for one in section.sentences), ""]
    return "\n".join(lines)
