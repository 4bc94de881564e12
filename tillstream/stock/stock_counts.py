"""Counts of a store: started, scanned by several people, compared with expected units, confirmed as movements."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from itertools import groupby
from typing import Any

import sql
from tillstream.model import audit
from tillstream.model.document_json import decimal_text, from_json, to_json
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put, Update, update_document
from tillstream.ports.warehouse import Warehouse
from tillstream.records import audit_log
from tillstream.stock import stored_movements
from tillstream.stock.movements import MAX_LINES, DayPart, Movement, MovementKind, MovementLine

COUNTS_COLLECTION, LINES_COLLECTION = "stock_counts", "stock_count_lines"
REMEMBERED_SCANS = 50
"""Scans of a line whose IDs are kept: one that is repeated later counts again."""


class CountPart(StrEnum):
    """What a count is about, and so which products that were not counted are listed at its end."""

    WHOLE = "whole store"
    CATEGORY = "category"
    LIST = "list"


class CountState(StrEnum):
    OPEN = "open"
    CLOSING = "closing"
    """Confirmed; its movements are being recorded."""
    CONFIRMED = "confirmed"
    DISCARDED = "discarded"


@dataclass(frozen=True)
class StockCount:
    """category: of a part of that kind. day_part: when it is, for sales of its days without a time of day.

    closed_on: business day of its confirmation. zeros: products that were not counted and so are not there.
    """

    count_id: str
    region: str
    store_id: str
    part: CountPart
    category: str
    day_part: DayPart
    by: str
    started_at: datetime
    state: CountState = CountState.OPEN
    closed_by: str = ""
    closed_at: datetime | None = None
    closed_on: date | None = None
    zeros: tuple[str, ...] = ()


@dataclass(frozen=True)
class CountedLine:
    """Units of a product that were counted so far. counted_at, stock_date: time and business day of the last scan."""

    product_id: str
    name: str
    quantity: Decimal
    counted_at: datetime
    stock_date: date
    by: str


def get_count(ports: Ports, count_id: str) -> StockCount:
    """Raises `NotFound`."""
    document = ports.documents.get(COUNTS_COLLECTION, count_id)
    if document is None:
        raise NotFound(f"There is no count {count_id}.")
    return from_json(StockCount, document.data)


def find_counts(ports: Ports, region: str, store_id: str) -> list[StockCount]:
    """The counts of a store, newest first."""
    documents = ports.documents.find(COUNTS_COLLECTION, {"region": region, "store_id": store_id})
    return sorted((from_json(StockCount, one.data) for one in documents), key=lambda one: one.started_at, reverse=True)


def lines_of_count(ports: Ports, count_id: str) -> list[CountedLine]:
    """The lines of a count, the one that was scanned last first."""
    documents = ports.documents.find(LINES_COLLECTION, {"count_id": count_id})
    return sorted((from_json(CountedLine, one.data) for one in documents), key=lambda one: one.counted_at, reverse=True)


def change_count(ports: Ports, count_id: str, close: Callable[[StockCount], StockCount]) -> StockCount:
    """Change a count by compare-and-set. Raises `NotFound`, and what `close` raises."""

    def changed(document: Document | None) -> Update | Document:
        if document is None:
            raise NotFound(f"There is no count {count_id}.")
        data = to_json(close(from_json(StockCount, document.data)))
        return document if data == document.data else Update(data)

    document = update_document(ports.documents, COUNTS_COLLECTION, count_id, changed)
    return from_json(StockCount, document.data)


def count_line_id(count_id: str, product_id: str) -> str:
    return f"{count_id}-{hashlib.sha256(product_id.encode()).hexdigest()[:32]}"


@dataclass(frozen=True)
class CountScan:
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


def start_count(ports: Ports, count: StockCount) -> None:
    """Begin a count; a repeated call with the same ID changes nothing. Raises `Rejected`."""
    if count.part is CountPart.CATEGORY and not count.category:
        raise Rejected("Choose the category to count.")
    details = {"part": count.part.value, "category": count.category}
    entry = audit_log.entry(ports, count.by, audit.AuditAction.STOCK_COUNT_STARTED, _subject(count), None, details)
    try:
        ports.documents.put_all([Put(COUNTS_COLLECTION, count.count_id, to_json(count), if_version=0), entry])
    except Conflict:
        get_count(ports, count.count_id)


def enter_scan(ports: Ports, count_id: str, scan: CountScan) -> CountedLine:
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
                "scans": [*before["scans"], scan.scan_id][-REMEMBERED_SCANS:],
            }
        )

    document = update_document(ports.documents, LINES_COLLECTION, count_line_id(count_id, scan.product_id), change)
    _check_open(ports, count_id)  # again: a line that is written before the count is closed is part of it
    return from_json(CountedLine, document.data)


def remove_counted_line(ports: Ports, count_id: str, product_id: str) -> None:
    """Remove the line of a product, as if it had not been counted. Raises `Rejected` if the count is closed."""
    _check_open(ports, count_id)
    ports.documents.delete(LINES_COLLECTION, count_line_id(count_id, product_id))


def confirm_count(ports: Ports, count_id: str, *, zeros: Sequence[str], by: str, on: date) -> StockCount:
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

    if not zeros and not lines_of_count(ports, count_id):
        raise Rejected("Nothing has been counted yet.")
    count = change_count(ports, count_id, close)
    if count.state is CountState.DISCARDED:
        raise Rejected("This count was discarded.")
    if count.state is CountState.CONFIRMED:
        return count
    stored_movements.record_movements(
        ports, list(_count_movements(count, lines_of_count(ports, count_id))), by=count.closed_by
    )
    return change_count(ports, count_id, lambda stored: replace(stored, state=CountState.CONFIRMED))


def discard_count(ports: Ports, count_id: str, *, by: str) -> None:
    """Close a count without recording anything. Raises `Rejected` if it was confirmed."""
    now = ports.clock.now()

    def close(count: StockCount) -> StockCount:
        if count.state is CountState.OPEN:
            return replace(count, state=CountState.DISCARDED, closed_by=by, closed_at=now)
        if count.state is not CountState.DISCARDED:
            raise Rejected("This count was confirmed. Undo its movements instead.")
        return count

    count = change_count(ports, count_id, close)
    audit_log.record(ports, by, audit.AuditAction.STOCK_COUNT_DISCARDED, _subject(count))


def count_movement_ids(count: StockCount, counted: Sequence[CountedLine]) -> list[str]:
    """IDs of the movements of a confirmed count."""
    return [one.movement_id for one in _count_movements(count, counted)]


def _count_movements(count: StockCount, counted: Sequence[CountedLine]) -> Iterator[Movement]:
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
        for number, first in enumerate(range(0, len(of_day), MAX_LINES), 1):
            yield Movement(
                f"count-{count.count_id}-{day}-{number}",
                MovementKind.COUNT,
                count.region,
                count.store_id,
                day,
                tuple(of_day[first : first + MAX_LINES]),
                day_part=count.day_part,
                reference=count.count_id,
            )


def _check_open(ports: Ports, count_id: str) -> None:
    if get_count(ports, count_id).state is not CountState.OPEN:
        raise Rejected("This count is closed: nothing can be added to it.")


def _subject(count: StockCount) -> str:
    return f"stock of {count.region}/{count.store_id}"


@dataclass(frozen=True)
class StockChange:
    """Units that a movement or a sale added to the stock. occurred_at: None if only the day is recorded."""

    product: str
    day: date
    occurred_at: datetime | None
    units: Decimal


@dataclass(frozen=True)
class CountDifference:
    """expected: stock when the line was counted; None if the product was never counted in the store."""

    line: CountedLine
    expected: Decimal | None

    @property
    def units(self) -> Decimal | None:
        return None if self.expected is None else self.line.quantity - self.expected


def stock_changes_since(warehouse: Warehouse, count: StockCount, first_day: date) -> list[StockChange]:
    """What changed the stock of the store of a count since a day. Raises as `Warehouse.query`."""
    params = {"region": count.region, "store": count.store_id, "first_day": first_day}
    rows = warehouse.query(sql.text("stock/changes_since"), params).to_pylist()
    return [StockChange(row["product"], row["day"], row["occurred_at"], row["change"]) for row in rows]


def count_differences(
    count: StockCount,
    counted: Iterable[CountedLine],
    levels: Mapping[str, Decimal | None],
    changes: Iterable[StockChange],
) -> list[CountDifference]:
    """Compare each line with the stock at its time: the present one without what changed it afterwards.

    levels: product → units on hand now.
    """
    later: dict[str, list[StockChange]] = {}
    for change in changes:
        later.setdefault(change.product, []).append(change)
    return [
        CountDifference(line, _expected_units(count, line, levels, later.get(line.product_id, []))) for line in counted
    ]


def uncounted_products(
    count: StockCount, counted: Iterable[CountedLine], rows: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Products of the part of a count that were not counted and of which some are expected, or an unknown number.

    rows: product, category and on_hand of the levels of the store.
    """
    if count.part is CountPart.LIST:
        return []
    present = {line.product_id for line in counted}
    return [
        row["product"]
        for row in rows
        if row["product"] not in present
        and row["on_hand"] != 0
        and (count.part is CountPart.WHOLE or row["category"] == count.category)
    ]


def _expected_units(
    count: StockCount, line: CountedLine, levels: Mapping[str, Decimal | None], changes: Iterable[StockChange]
) -> Decimal | None:
    on_hand = levels.get(line.product_id)
    if on_hand is None:
        return None
    return on_hand - sum((one.units for one in changes if _is_after(one, count, line)), Decimal(0))


def _is_after(change: StockChange, count: StockCount, line: CountedLine) -> bool:
    if change.occurred_at is not None:
        return change.occurred_at > line.counted_at
    is_same_day = change.day == line.stock_date and count.day_part is DayPart.BEFORE_OPENING
    return change.day > line.stock_date or is_same_day
