"""The file of a subscription for a destination: all rows, in the outbox of files."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from tillstream.exports.formats import format_of
from tillstream.file_destinations import deliveries, registry
from tillstream.file_destinations.deliveries import NewDelivery
from tillstream.file_destinations.file_names import file_name
from tillstream.model.audit import AuditAction
from tillstream.ports import Ports
from tillstream.records import audit_log
from tillstream.scheduled_exports.counted_rows import CountedRows
from tillstream.scheduled_exports.subscription import Subscription
from tillstream.scheduled_exports.tables import SubscribedTable


@dataclass(frozen=True)
class Added:
    """id: of the entry in its outbox; empty: nothing is delivered. rows: -1: not counted. is_new: whether it was added
    now."""

    id: str
    rows: int
    is_new: bool


class _EmptyError(Exception):
    """The table has no rows, and the subscription skips such files."""


def add(ports: Ports, one: Subscription, read: SubscribedTable, day: date) -> Added:
    """Add the file to the outbox. day: of the delivery, in the zone of the reader.

    Raises `NotFound` for a destination that was removed, `Rejected` for a table that is too long for its format.
    """
    registry.get(ports, one.destination)
    counted = CountedRows(read.table)
    name = file_name(one.file_name, one.name, read.filters.start, read.filters.end, day, one.format)
    stamp = datetime.fromisoformat(one.next_due).strftime("%Y%m%d-%H%M%S")
    key = f"export {one.id} {one.next_due}"
    new = NewDelivery(key, one.destination, name, one.login, one.name, one.keeps, stamp)
    chunks = format_of(one.format).chunks(replace(read.table, batches=counted.batches()))
    try:
        is_new = deliveries.add(ports, new, _unless_empty(chunks, counted) if one.skip_empty else chunks)
    except _EmptyError:
        return Added("", 0, is_new=False)
    if is_new:
        made = {"destination": one.destination, "rows": counted.rows, "file": name}
        audit_log.record(ports, one.login, AuditAction.EXPORT_DELIVERED, one.name, None, made)
    return Added(new.id, counted.rows if is_new else one.last_rows, is_new=is_new)


def _unless_empty(chunks: Iterator[bytes], counted: CountedRows) -> Iterator[bytes]:
    """The chunks; raises before the end if the table has no rows, so that nothing is stored."""
    yield from chunks
    if not counted.rows:
        raise _EmptyError
