"""Subscriptions: the executive report by e-mail, every week or month, within the scope of each recipient."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tillstream import audit
from tillstream.analytics.fx.currencies import readers_currency
from tillstream.analytics.query_cache import QueryCache
from tillstream.contracts.registry import ContractRegistry
from tillstream.domain.errors import Conflict, NotFound, Rejected
from tillstream.domain.goals.goal import Month
from tillstream.mail import outbox
from tillstream.mail.outbox import Attachment, Mail
from tillstream.people import accounts
from tillstream.people.user import User
from tillstream.ports import Ports
from tillstream.ports.document_store import Put
from tillstream.reports import executive, formats, html, pdf, period
from tillstream.reports.document import Document
from tillstream.reports.facts import ReportSource
from tillstream.reports.forms import FORMS, PDF

COLLECTION = "report_subscriptions"
EVERY = (period.WEEK, period.MONTH)
HOUR, DAY_OF_MONTH = 7, 2
"""Reports are made on Mondays, and on the second day of a month: files of the last day arrive in between."""


@dataclass(frozen=True)
class Subscription:
    """every: week or month. to: an e-mail address. zone: IANA time zone of the hour. last_due: ISO 8601 instant."""

    login: str
    every: str
    to: str
    zone: str
    last_due: str
    by: str

    @property
    def id(self) -> str:
        return f"{self.login}.{self.every}"


@dataclass(frozen=True)
class Sender:
    """What reports are made and sent with. portal: address of the portal for links; may be empty."""

    ports: Ports
    contracts: ContractRegistry
    reporting_currency: str
    sender: str
    portal: str = ""
    cache: QueryCache | None = None


def subscribe(ports: Ports, login: str, every: str, to: str, *, by: str) -> Subscription:
    """Subscribe a user, or change the address. Raises `Rejected`, `NotFound`."""
    if every not in EVERY:
        raise Rejected("A report comes every week or every month.")
    address = to.strip()
    if not _is_address(address):
        raise Rejected(f"“{to}” is not an e-mail address.")
    user = accounts.get(ports, login)
    now = ports.clock.now().isoformat(timespec="seconds")
    one = Subscription(login, every, address, user.time_zone or "UTC", now, by)
    subject = f"report every {every} to {login}"
    entry = audit.entry(ports, by, audit.AuditAction.REPORT_SUBSCRIBED, subject, None, {"to": address})
    ports.documents.put_all([Put(COLLECTION, one.id, asdict(one)), entry])
    return one


def unsubscribe(ports: Ports, login: str, every: str, *, by: str) -> None:
    """End a subscription. Raises `NotFound`."""
    document = ports.documents.get(COLLECTION, f"{login}.{every}")
    if document is None:
        raise NotFound("There is no such subscription.")
    audit.record(ports, by, audit.AuditAction.REPORT_UNSUBSCRIBED, f"report every {every} to {login}")
    ports.documents.delete(COLLECTION, document.id)


def listed(ports: Ports, login: str = "") -> list[Subscription]:
    """The subscriptions of a user, or of all, by login."""
    documents = ports.documents.find(COLLECTION, {"login": login} if login else None)
    return sorted((Subscription(**one.data) for one in documents), key=lambda one: one.id)


def has_due(ports: Ports) -> bool:
    """Whether a report has to be made now."""
    now = ports.clock.now()
    return any(due_at(one, now) > datetime.fromisoformat(one.last_due) for one in listed(ports))


def make_due(sender: Sender) -> int:
    """Put the reports that are due into the outbox; return their number.

    A report is made once for its period: after a stop the next run makes those that are missing.
    """
    ports, count = sender.ports, 0
    now = ports.clock.now()
    for document in ports.documents.find(COLLECTION):
        one = Subscription(**document.data)
        due = due_at(one, now)
        if due <= datetime.fromisoformat(one.last_due):
            continue
        count += sum(outbox.add(ports, mail, sender.sender) for mail in _mails(sender, one, due))
        try:
            data = document.data | {"last_due": due.isoformat(timespec="seconds")}
            ports.documents.put(COLLECTION, document.id, data, if_version=document.version)
        except Conflict:
            continue  # changed or ended meanwhile; the key of the message keeps it the only one
    return count


def due_at(one: Subscription, now: datetime) -> datetime:
    """The last instant at which a report was due."""
    local = now.astimezone(ZoneInfo(one.zone))
    day = local.date()
    if one.every == period.WEEK:
        due = _at(day - timedelta(days=day.weekday()), one.zone)
        return due if due <= now else _at(day - timedelta(days=day.weekday() + 7), one.zone)
    due = _at(day.replace(day=DAY_OF_MONTH), one.zone)
    return due if due <= now else _at(Month.of(day).plus(-1).first.replace(day=DAY_OF_MONTH), one.zone)


def _at(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(HOUR), ZoneInfo(zone)).astimezone(UTC)


def _mails(sender: Sender, one: Subscription, due: datetime) -> Iterator[Mail]:
    """The message of a subscription; none for an account that is stopped."""
    try:
        user = accounts.get(sender.ports, one.login)
    except NotFound:
        return
    if user.disabled:
        return
    of = period.latest(one.every, due.astimezone(ZoneInfo(one.zone)).date())
    document = executive.document(source_of(sender, user, of))
    name = f"sales-{of.first:%Y-%m}" if of.kind == period.MONTH else f"sales-{of.first}"
    attachment = Attachment(f"{name}.pdf", FORMS[PDF], pdf.render(document))
    key = f"report {one.id} {of.first} {of.last}"
    yield Mail(key, one.to, document.title, text_of(document), html.render(document), (attachment,))


def source_of(sender: Sender, user: User, of: period.ReportPeriod) -> ReportSource:
    """The report of a user: their sales, in their currency."""
    scope, warehouse = user.scope, sender.ports.warehouse
    choice, reporting = user.display_currency, sender.reporting_currency
    currency = readers_currency(warehouse, sender.contracts, scope, choice, reporting, cache=sender.cache)
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
    lines = [document.title, f"{document.subtitle}. Amounts in {document.currency}.", ""]
    for section in document.sections:
        if section.sentences:
            lines += [section.title, *(f"- {formats.sentence_text(one)}" for one in section.sentences), ""]
    return "\n".join(lines)


def _is_address(text: str) -> bool:
    name, at, host = text.rpartition("@")
    return bool(name and at and "." in host and text.isprintable()) and not any(one in text for one in ' ,;<>"')
