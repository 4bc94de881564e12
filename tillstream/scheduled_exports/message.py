"""The e-mail of a subscription: the file, or a link to it, and the first rows and totals as text."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from html import escape

from tillstream.analytics.filters import Filters
from tillstream.exports.formats import format_of
from tillstream.file_destinations.file_names import slug
from tillstream.mail.outbox import Attachment, Mail
from tillstream.scheduled_exports.counted_rows import CountedRows, aligned
from tillstream.scheduled_exports.subscription import Subscription
from tillstream.scheduled_exports.tables import SubscribedTable

LARGEST = 10_000_000
"""Maximum bytes of an attached file; mail servers often refuse messages of 25 MB, and e-mail adds a third."""
OWN_SUBSCRIPTIONS = "/subscriptions"
DAY = timedelta(days=1)


def compose(one: Subscription, read: SubscribedTable, portal: str, *, largest: int = LARGEST) -> tuple[Mail, int]:
    """The message and the number of rows; -1 for those of a file that is larger than `largest` bytes.

    portal: the address of the portal for links; may be empty. Raises `Rejected` for a table that is too long for its
    format.
    """
    chosen, counted = format_of(one.format), CountedRows(read.table)
    content = _up_to(chosen.chunks(replace(read.table, batches=counted.batches())), largest)
    period = period_of(read.filters)
    name = f"{slug(one.name)}-{(read.filters.end or date.fromisoformat(one.next_due[:10])).isoformat()}"
    file = () if content is None else (Attachment(f"{name}.{one.format}", chosen.media_type, content),)
    subject = f"{one.name}: {period}"
    parts = _sentences(one, read, counted, portal, is_attached=content is not None)
    tables = [] if not counted.first else [("First rows", [counted.columns, *counted.first])]
    if counted.totals and counted.rows > 1 and content is not None:
        tables.insert(0, ("Totals", counted.shown_totals))
    key, text, html = f"export {one.id} {one.next_due}", _text(subject, parts, tables), _html(subject, parts, tables)
    mail = Mail(key, one.to, subject, text, html, file)
    return mail, counted.rows if content is not None else -1


def period_of(filters: Filters) -> str:
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
    one: Subscription, read: SubscribedTable, counted: CountedRows, portal: str, *, is_attached: bool
) -> list[tuple[str, str]]:
    """Sentences, each with the address that it links to, which may be empty."""
    if not is_attached:
        size = f"The file is larger than {LARGEST // 1_000_000} MB, so it is not attached."
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


def _text(subject: str, parts: list[tuple[str, str]], tables: list[tuple[str, list[list[str]]]]) -> str:
    sentences = [f"{text}: {link}" if link else text for text, link in parts]
    return "\n\n".join([subject, *sentences, *(f"{title}\n\n{aligned(rows)}" for title, rows in tables)]) + "\n"


def _html(subject: str, parts: list[tuple[str, str]], tables: list[tuple[str, list[list[str]]]]) -> str:
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
