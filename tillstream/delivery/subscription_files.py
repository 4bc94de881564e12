"""Files of subscriptions that are due: made within the scope of their readers, and put into an outbox."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.analytics.filters import Filters
from tillstream.delivery import file_deliveries, file_destinations, subscribed_tables, subscriptions
from tillstream.delivery.export_table import ExportTable, guarded_column, rounded_by_row, rounded_columns
from tillstream.delivery.file_deliveries import NewFileDelivery
from tillstream.delivery.file_destinations import file_slug, fill_file_name
from tillstream.delivery.subscribed_tables import SubscribedTable, TableSource
from tillstream.delivery.subscriptions import NEVER, TableSubscription
from tillstream.model.audit import AuditAction
from tillstream.model.dates import instant_text
from tillstream.model.errors import Rejected
from tillstream.model.json_text import to_json
from tillstream.model.money import round_to_digits
from tillstream.people.accounts import current_reader
from tillstream.ports import Ports
from tillstream.records import audit_log
from tillstream.records.jobs import run_each
from tillstream.records.mail import Mail, MailAttachment, MailEntry, add_mail, get_mail, retry_mail

FIRST_ROWS = 10
"""Rows that the text of a message has."""
MAX_COLUMNS, MAX_CELL_LETTERS = 8, 24
"""Columns that the text of a message has, and characters of a cell."""

MAX_ATTACHED_BYTES = 10_000_000
"""Maximum bytes of an attached file; mail servers often refuse messages of 25 MB, and e-mail adds a third."""
OWN_SUBSCRIPTIONS = "/subscriptions"
DAY = timedelta(days=1)

RETRY_AFTER = timedelta(hours=1)
"""Time after which a file that could not be made is tried again."""
NO_MAIL = "E-mail is not set up."


@dataclass
class CountedRows:
    """The batches of a table, counted and added up while they are written."""

    table: ExportTable
    rows: int = 0
    totals: dict[str, Decimal] = field(default_factory=dict)
    first: list[list[str]] = field(default_factory=list)

    @property
    def shown_totals(self) -> list[list[str]]:
        """The names and texts of the totals; amounts are rounded as in files that people open."""
        digits = self.table.digits
        sums = {
            name: round_to_digits(sum_, digits[name]) if name in digits else sum_ for name, sum_ in self.totals.items()
        }
        return [[name, str(to_json(sum_))] for name, sum_ in sums.items()]

    @property
    def columns(self) -> list[str]:
        """The names of the columns of `first`."""
        names: list[str] = self.table.schema.names[:MAX_COLUMNS]
        return names

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The batches of the table; iterate once."""
        self.totals = {name: Decimal(0) for name in self.table.totals if name in self.table.schema.names}
        for batch in self.table.batches:
            if len(self.first) < FIRST_ROWS:
                shown = self.table.with_printed_changes(batch).slice(0, FIRST_ROWS - len(self.first))
                names, digits = shown.schema.names, self.table.digits_by_row(shown)
                columns = dict(zip(names, rounded_columns(shown, self.table.digits), strict=True))
                columns |= {name: rounded_by_row(columns[name], each) for name, each in digits.items()}
                cells = [guarded_column(columns[name]).to_pylist() for name in self.columns]
                self.first += [[_cut(cell) for cell in row] for row in zip(*cells, strict=True)]
            for name in self.totals:
                self.totals[name] += Decimal(pc.sum(batch.column(name)).as_py() or 0)
            self.rows += batch.num_rows
            yield batch


def aligned_rows(rows: Sequence[Sequence[str]]) -> str:
    """Rows as lines of text, whose columns begin below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _cut(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    return text if len(text) <= MAX_CELL_LETTERS else f"{text[: MAX_CELL_LETTERS - 1]}…"


@dataclass(frozen=True)
class AddedFile:
    """id: of the entry in its outbox; empty: nothing is delivered. rows: -1: not counted. is_new: whether it was added
    now."""

    id: str
    rows: int
    is_new: bool


class _EmptyError(Exception):
    """The table has no rows, and the subscription skips such files."""


def add_subscribed_file(ports: Ports, one: TableSubscription, read: SubscribedTable, day: date) -> AddedFile:
    """Add the file to the outbox. day: of the delivery, in the zone of the reader.

    Raises `NotFound` for a destination that was removed, `Rejected` for a table that is too long for its format.
    """
    file_destinations.get_destination(ports, one.destination)
    counted = CountedRows(read.table)
    name = fill_file_name(one.file_name, one.name, read.filters.start, read.filters.end, day, one.format)
    stamp = datetime.fromisoformat(one.next_due).strftime("%Y%m%d-%H%M%S")
    key = f"export {one.id} {one.next_due}"
    new = NewFileDelivery(key, one.destination, name, one.login, one.name, one.keeps, stamp)
    chunks = read.chunks(counted.batches())
    try:
        is_new = file_deliveries.add_file(ports, new, _unless_empty(chunks, counted) if one.skip_empty else chunks)
    except _EmptyError:
        return AddedFile("", 0, is_new=False)
    if is_new:
        made = {"destination": one.destination, "rows": counted.rows, "file": name}
        audit_log.record(ports, one.login, AuditAction.EXPORT_DELIVERED, one.name, None, made)
    return AddedFile(new.id, counted.rows if is_new else one.last_rows, is_new=is_new)


def _unless_empty(chunks: Iterator[bytes], counted: CountedRows) -> Iterator[bytes]:
    """The chunks; raises before the end if the table has no rows, so that nothing is stored."""
    yield from chunks
    if not counted.rows:
        raise _EmptyError


def compose_mail(
    one: TableSubscription, read: SubscribedTable, portal: str, *, largest: int = MAX_ATTACHED_BYTES
) -> tuple[Mail, int]:
    """The message and the number of rows; -1 for those of a file that is larger than `largest` bytes.

    portal: the address of the portal for links; may be empty. Raises `Rejected` for a table that is too long for its
    format.
    """
    counted = CountedRows(read.table)
    content = _up_to(read.chunks(counted.batches()), largest)
    period = period_text(read.filters)
    name = f"{file_slug(one.name)}-{(read.filters.end or date.fromisoformat(one.next_due[:10])).isoformat()}"
    file = () if content is None else (MailAttachment(f"{name}.{one.format}", read.format.media_type, content),)
    subject = f"{one.name}: {period}"
    parts = _sentences(one, read, counted, portal, is_attached=content is not None)
    tables = [] if not counted.first else [("First rows", [counted.columns, *counted.first])]
    if counted.totals and counted.rows > 1 and content is not None:
        tables.insert(0, ("Totals", counted.shown_totals))
    key, text, html = (
        f"export {one.id} {one.next_due}",
        _mail_text(subject, parts, tables),
        _mail_html(subject, parts, tables),
    )
    mail = Mail(key, one.to, subject, text, html, file)
    return mail, counted.rows if content is not None else -1


def period_text(filters: Filters) -> str:
    """The days of a table, such as June 2026, or 1 June 2026 to 9 June 2026."""
    first, last = filters.start, filters.end
    if first is None or last is None:
        return f"to {_day(last)}" if last else f"from {_day(first)}" if first else "all days"
    if first.day == 1 and (last + DAY).day == 1 and (first.year, first.month) == (last.year, last.month):
        return f"{first:%B} {first.year}"
    return _day(first) if first == last else f"{_day(first)} to {_day(last)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}"


def _up_to(chunks: Iterator[bytes], largest: int) -> bytes | None:
    """The content of a file; None if it is larger."""
    parts, size = list[bytes](), 0
    for chunk in chunks:
        size += len(chunk)
        if size > largest:
            return None
        parts.append(chunk)
    return b"".join(parts)


def _sentences(
    one: TableSubscription, read: SubscribedTable, counted: CountedRows, portal: str, *, is_attached: bool
) -> list[tuple[str, str]]:
    """Sentences, each with the address that it links to, which may be empty."""
    if not is_attached:
        size = f"The file is larger than {MAX_ATTACHED_BYTES // 1_000_000} MB, so it is not attached."
        first = [(f"{size} Sign in to download it", portal and portal + read.file_address)]
    elif counted.rows:
        rows = f"{counted.rows:,} rows" if counted.rows > 1 else "One row"
        currency = f" {read.table.amounts} are in {read.table.currency}." if read.table.amounts else ""
        first = [(f"{rows}, in the attached file.{currency}", "")]
    else:
        first = [("There are no rows for these days. The attached file has only the names of the columns.", "")]
    links = [("Open the page", portal + read.address), ("Change or end this subscription", portal + OWN_SUBSCRIPTIONS)]
    if read.address.startswith("/tables/"):
        links = links[1:]
    when = f"This message comes {one.schedule.words}, with the sales that {one.login} may see."
    return [*first, (when, ""), *(links if portal else [])]


def _mail_text(subject: str, parts: list[tuple[str, str]], tables: list[tuple[str, list[list[str]]]]) -> str:
    sentences = [f"{text}: {link}" if link else text for text, link in parts]
    return "\n\n".join([subject, *sentences, *(f"{title}\n\n{aligned_rows(rows)}" for title, rows in tables)]) + "\n"


def _mail_html(subject: str, parts: list[tuple[str, str]], tables: list[tuple[str, list[list[str]]]]) -> str:
    sentences = [
        f'<p><a href="{escape(link)}">{escape(text)}</a></p>' if link else f"<p>{escape(text)}</p>"
        for text, link in parts
    ]
    shown = [
        f"<h2>{escape(title)}</h2><table>"
        + "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        + "</table>"
        for title, rows in tables
    ]
    style = "<style>body{font-family:sans-serif}td{padding:2px 12px 2px 0;border-bottom:1px solid #ddd}</style>"
    head = f'<meta charset="utf-8"><title>{escape(subject)}</title>{style}'
    body = "".join([f"<h1>{escape(subject)}</h1>", *sentences, *shown])
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'


@dataclass(frozen=True)
class SubscriptionSender:
    """What files are made and sent with. sender: the address that e-mail comes from; empty: e-mail is not set up, and
    only other files are made. portal: address of the portal for links; may be empty. largest: bytes of an attached
    file."""

    source: TableSource
    sender: str
    portal: str = ""
    largest: int = MAX_ATTACHED_BYTES


def make_due_files(sender: SubscriptionSender) -> Iterator[bool]:
    """Put the files that are due into the outbox, one after another; yield whether there was one to add.

    A file is made once for the instant at which it is due: after a stop the next run makes those that are missing. A
    subscription whose reader may no longer see its table is paused with the reason. A file that cannot be made for
    another reason is tried again after `RETRY_AFTER`. Raises `Unavailable` at once, and other errors as a group at the
    end.
    """
    ports = sender.source.ports

    def as_due(stored: TableSubscription) -> TableSubscription:
        return replace(stored, next_due=max(stored.next_due, instant_text(stored.schedule.last(ports.clock.now()))))

    def make(due: tuple[TableSubscription, int]) -> bool | None:
        one, version = due
        if not (one.destination or sender.sender):
            subscriptions.try_later(ports, one, version, RETRY_AFTER, NO_MAIL)
            return None
        try:
            return _make_file(sender, one, version)
        except Rejected as error:
            subscriptions.pause_with_reason(ports, one, version, str(error))
            return None

    def postpone(due: tuple[TableSubscription, int], error: Exception) -> None:
        error.add_note(f"The file of the subscription {due[0].id}.")
        subscriptions.try_later(ports, *due, RETRY_AFTER, f"The file could not be made: {error!r}")

    due = ((as_due(stored), version) for stored, version in subscriptions.due_subscriptions(ports))
    yield from run_each(due, make, "Files of subscriptions cannot be made", postpone)


def _make_file(sender: SubscriptionSender, one: TableSubscription, version: int) -> bool:
    """Make a file and note it; return whether a message was added. Raises `Rejected` to pause it."""
    ports = sender.source.ports
    user, due = current_reader(ports, one.login, one.account), datetime.fromisoformat(one.next_due)
    day = due.astimezone(ZoneInfo(one.zone)).date()
    read = subscribed_tables.read_table(sender.source, subscribed_tables.request_of(ports, one, user), day)
    added = add_subscribed_file(ports, one, read, day) if one.destination else _add_mail(sender, one, read)
    now = ports.clock.now()
    following = instant_text(one.schedule.next(now))
    try_at = NEVER if one.paused else following
    made = replace(one, next_due=following, try_at=try_at, error="", last_at=instant_text(now), last_rows=added.rows)
    subscriptions.note_subscription(ports, replace(made, last_mail=added.id, last_destination=one.destination), version)
    return added.is_new


def _add_mail(sender: SubscriptionSender, one: TableSubscription, read: subscribed_tables.SubscribedTable) -> AddedFile:
    """Add a message with the file to the outbox of e-mail."""
    ports = sender.source.ports
    mail, rows = compose_mail(one, read, sender.portal, largest=sender.largest)
    if rows == 0 and one.skip_empty:
        return AddedFile("", rows, is_new=False)
    is_new = add_mail(ports, mail, sender.sender)
    if is_new:
        sent = {"to": one.to, "rows": rows, "file": [each.name for each in mail.attachments]}
        audit_log.record(ports, one.login, AuditAction.EXPORT_MAILED, one.name, None, sent)
    return AddedFile(mail.id, rows, is_new=is_new)


def last_outbox_entry(ports: Ports, one: TableSubscription) -> MailEntry | file_deliveries.FileDelivery | None:
    """Its entry; None if there is none."""
    if not one.last_mail:
        return None
    return (
        file_deliveries.get_file_delivery(ports, one.last_mail)
        if one.last_destination
        else get_mail(ports, one.last_mail)
    )


def retry_last_file(ports: Ports, id: str, by: str) -> TableSubscription:
    """Send the last file of a subscription again, if that failed. Raises `NotFound`, `Rejected`."""
    one = subscriptions.get_subscription(ports, id)
    if not one.last_mail:
        raise Rejected("There is no file to send again.")
    if one.last_destination:
        file_deliveries.retry_file(ports, one.last_mail, by=by)
    else:
        retry_mail(ports, one.last_mail, by=by)
    return one
