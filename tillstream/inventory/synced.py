"""Stock movements of homes that sync: what was recorded on each day, and the movements that another side sent.

Movements are only added, so two sides that exchange what either lacks end with the same ones.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

import sql
from tillstream.domain.inventory import synced_ids
from tillstream.domain.inventory.movements import MovementKind, problem
from tillstream.inventory import mirror, records
from tillstream.inventory.records import COLLECTION, StoredMovement
from tillstream.model import audit
from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put
from tillstream.records import audit_log

PAGE = 100
"""Movements that are sent together, and written in one transaction."""
BY = "sync"
_ALWAYS = {"first": -(2**63), "last": 2**63 - 1}
_FACTS = (
    *("kind", "region", "store_id", "line_no", "product_id", "quantity", "stock_date", "occurred_at", "day_part"),
    *("reason", "reference", "other_store", "recorded_seq"),
)
"""Columns of a movement besides its ID."""


class OtherMovement(Rejected):
    """Another movement has the same ID."""

    def __init__(self, stored: StoredMovement) -> None:
        movement = stored.movement
        super().__init__(
            f"Two stock movements of {movement.region}/{movement.store_id} have the ID {movement.movement_id}: one was "
            "recorded before a backup was restored, one since. Cancel it in the home, record what counts under new "
            "IDs, and sync again."
        )


def digests(ports: Ports, home: str = "") -> dict[str, str]:
    """Day on which movements were recorded (ISO 8601, UTC) → digest of them, cancelled ones left out.

    home: whose movements; empty: those of this home. Raises as `Warehouse.upsert`.
    """
    mirror.write_new(ports)
    rows = _rows(ports, home)
    rows = rows.filter(pc.invert(rows.column("is_cancelled")))
    days = pc.cast(rows.column("recorded_seq").cast(pa.timestamp("us")), pa.date32()).to_pylist()
    lines: defaultdict[date, list[str]] = defaultdict(list)
    for day, text in zip(days, _texts(rows, len(synced_ids.prefix(home))), strict=True):
        lines[day].append(text)
    return {day.isoformat(): hashlib.sha256("\n".join(texts).encode()).hexdigest() for day, texts in lines.items()}


def recorded_on(ports: Ports, day: date, home: str = "") -> list[StoredMovement]:
    """The movements that were recorded on a day (UTC), cancellations first, with the IDs that they have in their home.

    Only those that the warehouse has.
    """
    rows = _rows(ports, home, day)
    ids = dict(zip(rows.column("movement_id").to_pylist(), rows.column("kind").to_pylist(), strict=True))
    ordered = sorted(ids, key=lambda movement_id: ids[movement_id] != MovementKind.CANCELLATION)
    stored = (records.get(ports, movement_id) for movement_id in ordered)
    return [replace(one, movement=synced_ids.as_sent(one.movement, home)) for one in stored]


def _rows(ports: Ports, home: str, day: date | None = None) -> pa.Table:
    """The lines of all movements of a home, or of those that were recorded on a day."""
    first = datetime.combine(day, time(), UTC) if day else None
    bounds = {"first": _micros(first), "last": _micros(first + timedelta(days=1)) - 1} if first else _ALWAYS
    return ports.warehouse.query(sql.text("stock/recorded_movements"), {"prefix": synced_ids.prefix(home), **bounds})


def _micros(at: datetime) -> int:
    return round(at.timestamp() * 1e6)


def _texts(rows: pa.Table, skip: int) -> list[str]:
    """A text for each row. skip: characters before an ID of the home."""
    subjects = pc.utf8_slice_codeunits(rows.column("subject"), skip)
    facts = [rows.column(name) for name in _FACTS]
    columns = [one.cast(pa.int64()) if pa.types.is_timestamp(one.type) else one for one in facts]
    texts = [one.cast(pa.string()) for one in columns]
    joined = pc.binary_join_element_wise(subjects, *texts, "|", null_handling="replace", null_replacement="")
    return list(joined.to_pylist())


def add(ports: Ports, sent: Sequence[StoredMovement], home: str = "") -> int:
    """Record movements of another side as they were recorded there; return the number of new ones. Idempotent.

    sent: with the IDs that they have in their home. home: whose movements, at a head office; empty: of this home.
    Raises `Rejected` for an invalid movement, `OtherMovement` for an ID of another one, unless that is cancelled, and
    `Conflict`.
    """
    if words := next((words for one in sent if (words := problem(one.movement))), ""):
        raise Rejected(words)
    named = [replace(one, movement=synced_ids.as_synced(one.movement, home)) for one in sent]
    cancelled = {one.movement.reference for one in named if one.movement.kind is MovementKind.CANCELLATION}
    puts = {}
    count = 0
    for stored, original in zip(named, sent, strict=True):
        movement_id = stored.movement.movement_id
        document = ports.documents.get(COLLECTION, records.document_id(movement_id))
        if document and not _is_same(document, stored):
            if movement_id not in cancelled and not records.is_cancelled(ports, movement_id):
                raise OtherMovement(original)
            continue
        if document and (not home or records.to_stored(document).recorded_at == stored.recorded_at):
            continue
        puts[movement_id] = _put(stored, document)
        count += document is None
    _write(ports, list(puts.values()), home, count)
    return count


def _write(ports: Ports, puts: Sequence[Put], home: str, count: int) -> None:
    subject = f"stock of {home}" if home else "stock"
    for first in range(0, len(puts), PAGE):
        entry = audit_log.entry(ports, BY, audit.AuditAction.STOCK_SYNCED, subject, None, {"movements": count})
        ports.documents.put_all([*puts[first : first + PAGE], entry])


def _put(stored: StoredMovement, document: Document | None) -> Put:
    """The document of a movement; one that was recorded at another time is written to the warehouse again."""
    data = records.to_data(replace(stored, state=records.RECORDED))
    key = records.document_id(stored.movement.movement_id)
    return Put(COLLECTION, key, data, if_version=document.version if document else 0)


def _is_same(document: Document, sent: StoredMovement) -> bool:
    """Whether the warehouse has the same rows of both, whenever they were recorded."""
    return _facts(records.to_stored(document)) == _facts(sent)


def _facts(stored: StoredMovement) -> list[Mapping[str, Any]]:
    return [{**row, "recorded_seq": 0} for row in mirror.rows(stored)]
