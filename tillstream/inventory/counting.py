"""Counts in progress: started, scanned line by line by several people, and confirmed as movements or discarded."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

from tillstream.domain.catalogue.json_codec import decimal_text
from tillstream.domain.inventory.counts import CountedLine, CountPart, CountState, StockCount
from tillstream.domain.inventory.movements import MOST_LINES, Movement, MovementKind, MovementLine
from tillstream.inventory import count_records, records
from tillstream.inventory.count_records import COUNTS, LINES, get, line_id, lines, to_line
from tillstream.model import audit
from tillstream.model.errors import Conflict, Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put, Update, update_document
from tillstream.records import audit_log

KEPT_SCANS = 50
"""Scans of a line whose IDs are kept: one that is repeated later counts again."""


@dataclass(frozen=True)
class Scan:
    """One scan or one typed quantity. scan_id: chosen by the sender, so that a repeated scan counts once.

    adds: the quantity is added to the line; otherwise it replaces that of the line, and 0 stays as “none there”.
    """

    scan_id: str
    product_id: str
    name: str
    quantity: Decimal
    at: datetime
    stock_date: date
    by: str
    adds: bool = True


def start(ports: Ports, count: StockCount) -> None:
    """Begin a count; a repeated call with the same ID changes nothing. Raises `Rejected`."""
    if count.part is CountPart.CATEGORY and not count.category:
        raise Rejected("Choose the category to count.")
    details = {"part": count.part.value, "category": count.category}
    entry = audit_log.entry(ports, count.by, audit.AuditAction.STOCK_COUNT_STARTED, _subject(count), None, details)
    try:
        ports.documents.put_all([Put(COUNTS, count.count_id, count_records.to_data(count), if_version=0), entry])
    except Conflict:
        get(ports, count.count_id)


def enter(ports: Ports, count_id: str, scan: Scan) -> CountedLine:
    """Add a scan to its line; a repeated scan changes nothing. Raises `Rejected` if the count is closed."""
    _check_open(ports, count_id)
    if not scan.quantity.is_finite() or scan.quantity < 0:
        raise Rejected(f"{scan.name}: the quantity must not be negative.")

    def change(document: Document | None) -> Update | Document:
        before: dict[str, Any] = document.data if document else {"quantity": "0", "scans": []}
        if document and scan.scan_id in before["scans"]:
            return document
        units = (Decimal(before["quantity"]) if scan.adds else Decimal(0)) + scan.quantity
        return Update(
            {
                "count_id": count_id,
                "product_id": scan.product_id,
                "name": scan.name,
                "quantity": decimal_text(units),
                "counted_at": scan.at.isoformat(),
                "stock_date": scan.stock_date.isoformat(),
                "by": scan.by,
                "scans": [*before["scans"], scan.scan_id][-KEPT_SCANS:],
            }
        )

    document = update_document(ports.documents, LINES, line_id(count_id, scan.product_id), change)
    _check_open(ports, count_id)  # again: a line that is written before the count is closed is part of it
    return to_line(document)


def remove(ports: Ports, count_id: str, product_id: str) -> None:
    """Remove the line of a product, as if it had not been counted. Raises `Rejected` if the count is closed."""
    _check_open(ports, count_id)
    ports.documents.delete(LINES, line_id(count_id, product_id))


def confirm(ports: Ports, count_id: str, *, zeros: Sequence[str], by: str, on: date) -> StockCount:
    """Record the lines of a count as movements, and close it; a repeated call completes an interrupted one.

    zeros: products that were not counted and are recorded with 0 units. on: today, in the store.
    Raises `Rejected` if nothing was counted, or the count was discarded.
    """
    now = ports.clock.now()

    def close(count: StockCount) -> StockCount:
        if count.state is not CountState.OPEN:
            return count
        return replace(
            count, state=CountState.CLOSING, closed_by=by, closed_at=now, closed_on=on, zeros=tuple(sorted(set(zeros)))
        )

    if not zeros and not lines(ports, count_id):
        raise Rejected("Nothing has been counted yet.")
    count = count_records.change(ports, count_id, close)
    if count.state is CountState.DISCARDED:
        raise Rejected("This count was discarded.")
    if count.state is CountState.CONFIRMED:
        return count
    records.record(ports, list(_movements(count, lines(ports, count_id))), by=count.closed_by)
    return count_records.change(ports, count_id, lambda stored: replace(stored, state=CountState.CONFIRMED))


def discard(ports: Ports, count_id: str, *, by: str) -> None:
    """Close a count without recording anything. Raises `Rejected` if it was confirmed."""
    now = ports.clock.now()

    def close(count: StockCount) -> StockCount:
        if count.state is CountState.OPEN:
            return replace(count, state=CountState.DISCARDED, closed_by=by, closed_at=now)
        if count.state is not CountState.DISCARDED:
            raise Rejected("This count was confirmed. Undo its movements instead.")
        return count

    count = count_records.change(ports, count_id, close)
    audit_log.record(ports, by, audit.AuditAction.STOCK_COUNT_DISCARDED, _subject(count))


def movement_ids(count: StockCount, counted: Sequence[CountedLine]) -> list[str]:
    """IDs of the movements of a confirmed count."""
    return [one.movement_id for one in _movements(count, counted)]


def _movements(count: StockCount, counted: Sequence[CountedLine]) -> Iterator[Movement]:
    """One count movement for each business day and 1,000 lines; always the same ones of the same count."""
    days = [(one.stock_date, MovementLine(one.product_id, one.quantity, one.counted_at)) for one in counted]
    closed_on = count.closed_on or count.started_at.date()
    present = {one.product_id for one in counted}
    days += [
        (closed_on, MovementLine(product, Decimal(0), count.closed_at))
        for product in count.zeros
        if product not in present
    ]
    days.sort(key=lambda one: (one[0], one[1].product_id))
    for day, several in groupby(days, key=lambda one: one[0]):
        of_day = [line for _, line in several]
        for number, first in enumerate(range(0, len(of_day), MOST_LINES), 1):
            yield Movement(
                f"count-{count.count_id}-{day}-{number}",
                MovementKind.COUNT,
                count.region,
                count.store_id,
                day,
                tuple(of_day[first : first + MOST_LINES]),
                day_part=count.day_part,
                reference=count.count_id,
            )


def _check_open(ports: Ports, count_id: str) -> None:
    if get(ports, count_id).state is not CountState.OPEN:
        raise Rejected("This count is closed: nothing can be added to it.")


def _subject(count: StockCount) -> str:
    return f"stock of {count.region}/{count.store_id}"
