"""The mirror of stock movements in the warehouse: written, repaired after a loss, and exchanged with homes.

Movements are never deleted, so each side can only lack some: those that were recorded after a file, a table or a part
of a backup was written. Nothing is taken away from the other side.

Movements are only added, so two sides that exchange what either lacks end with the same ones.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

import sql
from tillstream.model import audit
from tillstream.model.errors import Rejected
from tillstream.model.tables.stock_tables import STOCK_TABLES
from tillstream.pipeline.rows.text_columns import arrow_schema
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put
from tillstream.records import audit_log
from tillstream.stock import movements, stored_movements
from tillstream.stock.movements import DayPart, Movement, MovementKind, MovementLine, movement_problem
from tillstream.stock.stored_movements import COLLECTION, COMPUTED, MIRRORED, StoredMovement

MOVEMENTS_TABLE = "stock_movements"
MOVEMENT_KEY = ("movement_id", "line_no")
MOVEMENT_SCHEMA = arrow_schema(STOCK_TABLES[MOVEMENTS_TABLE])
MOVEMENTS_AT_ONCE = 500
"""Movements that are written together."""
UNKNOWN = "unknown"
"""Who recorded a movement whose document was lost."""

PAGE_SIZE = 100
"""Movements that are sent together, and written in one transaction."""
SYNC_LOGIN = "sync"
_ANY_TIME = {"first": -(2**63), "last": 2**63 - 1}
_FACTS = (
    *("kind", "region", "store_id", "line_no", "product_id", "quantity", "stock_date", "occurred_at", "day_part"),
    *("reason", "reference", "other_store", "recorded_seq"),
)
"""Columns of a movement besides its ID."""


def mirror_new_movements(ports: Ports) -> int:
    """Write the movements that the warehouse lacks; return how many. Idempotent. Raises as `Warehouse.upsert`."""
    count = 0
    while documents := stored_movements.movements_in_state(ports, stored_movements.RECORDED, MOVEMENTS_AT_ONCE):
        ports.warehouse.upsert(MOVEMENTS_TABLE, movements_table(documents), MOVEMENT_KEY)
        stored_movements.set_movement_state(ports, documents, stored_movements.MIRRORED)
        count += len(documents)
    return count


def mirror_all_movements(ports: Ports) -> None:
    """Replace all movements in the warehouse by those of the documents."""
    stored_movements.set_movement_state(ports, replace_mirror(ports), stored_movements.MIRRORED)


def replace_mirror(ports: Ports) -> list[Document]:
    """As `mirror_all_movements`, for a warehouse that is not in use yet; return the documents."""
    documents = stored_movements.all_movements(ports)
    ports.warehouse.replace_table(MOVEMENTS_TABLE, movements_table(documents))
    return documents


def movements_table(documents: Sequence[Document]) -> pa.Table:
    """Rows of `stock_movements`, one per line; one for a cancellation."""
    every = [row for document in documents for row in movement_rows(stored_movements.to_stored_movement(document))]
    return pa.Table.from_pylist(every, schema=MOVEMENT_SCHEMA)


def movement_rows(stored: StoredMovement) -> list[dict[str, Any]]:
    """Rows of `stock_movements`."""
    movement = stored.movement
    common = {
        "movement_id": movement.movement_id,
        "kind": movement.kind.value,
        "region": movement.region,
        "store_id": movement.store_id,
        "stock_date": movement.stock_date,
        "day_part": movement.day_part.value,
        "reason": movement.reason or None,
        "reference": movement.reference or None,
        "other_store": movement.other_store or None,
        "recorded_seq": stored.recorded_seq,
    }
    if not movement.lines:
        return [common | {"line_no": 1, "product_id": None, "quantity": None, "occurred_at": movement.occurred_at}]
    return [
        common
        | {
            "line_no": number,
            "product_id": line.product_id,
            "quantity": line.quantity,
            "occurred_at": line.occurred_at or movement.occurred_at,
        }
        for number, line in enumerate(movement.lines, 1)
    ]


def movement_of_rows(of_movement: Sequence[Mapping[str, Any]]) -> StoredMovement:
    """The movement of its rows, which are sorted; who recorded it and its note are not in the warehouse."""
    first = of_movement[0]
    times = [row["occurred_at"] for row in of_movement]
    at = None if None in times else max(times)
    lines = tuple(
        MovementLine(row["product_id"], row["quantity"], None if row["occurred_at"] == at else row["occurred_at"])
        for row in of_movement
        if row["product_id"] is not None
    )
    movement = Movement(
        movement_id=first["movement_id"],
        kind=MovementKind(first["kind"]),
        region=first["region"],
        store_id=first["store_id"],
        stock_date=first["stock_date"],
        lines=lines,
        occurred_at=at,
        day_part=DayPart(first["day_part"]),
        reason=first["reason"] or "",
        reference=first["reference"] or "",
        other_store=first["other_store"] or "",
    )
    return StoredMovement(movement, UNKNOWN, datetime.fromtimestamp(first["recorded_seq"] / 1e6, UTC))


@dataclass(frozen=True)
class MovementRepair:
    """Numbers of movements that were recorded again from the warehouse, and that are written to it again."""

    recorded: int = 0
    mirrored: int = 0

    def sentences(self) -> list[str]:
        """For users; empty if nothing was to repair."""
        sentences = []
        if self.mirrored:
            sentences.append(
                f"The warehouse lacked {_count_in_words(self.mirrored)}. They were written again from their records."
            )
        if self.recorded:
            sentences.append(
                f"The records of {_count_in_words(self.recorded)} were missing, as if an older documents file was "
                "put back. They "
                "were written again from the warehouse, without notes and without who recorded them."
            )
        return sentences


def repair_movements(ports: Ports) -> MovementRepair:
    """Record what only the warehouse has, and let the next `refresh_levels` write what it lacks. Idempotent.

    Movements may be recorded meanwhile. If both agree, only numbers of movements are read.
    """
    return MovementRepair() if _movements_agree(ports) else MovementRepair(_record_missing(ports), _lacking(ports))


def _movements_agree(ports: Ports) -> bool:
    """Movements are recorded first and mirrored then, so their numbers are read in this order."""
    mirrored = stored_movements.count_movements(ports, MIRRORED, COMPUTED)
    (row,) = ports.warehouse.query("SELECT COUNT(DISTINCT movement_id) AS movements FROM stock_movements").to_pylist()
    return bool(mirrored <= row["movements"] <= stored_movements.count_movements(ports))


def _record_missing(ports: Ports) -> int:
    """Record the movements that only the warehouse has; return how many."""
    rows = ports.warehouse.query("SELECT * FROM stock_movements ORDER BY movement_id, line_no").to_pylist()
    recorded = {one.data["movement_id"] for one in stored_movements.all_movements(ports)}
    lost = [
        movement_of_rows(list(lines))
        for movement_id, lines in groupby(rows, itemgetter("movement_id"))
        if movement_id not in recorded
    ]
    for one in lost:
        stored_movements.restore_movement(ports, one)
    return len(lost)


def _lacking(ports: Ports) -> int:
    """Set the movements that the warehouse lacks back to RECORDED; return how many."""
    lacking = [one for state in (MIRRORED, COMPUTED) for one in stored_movements.movements_in_state(ports, state)]
    stored = ports.warehouse.query("SELECT DISTINCT movement_id FROM stock_movements").column("movement_id").to_pylist()
    present = set(stored)
    lacking = [one for one in lacking if one.data["movement_id"] not in present]
    stored_movements.set_movement_state(ports, lacking, stored_movements.RECORDED)
    return len(lacking)


def _count_in_words(count: int) -> str:
    return "1 stock movement" if count == 1 else f"{count:,} stock movements"


class OtherMovement(Rejected):
    """Another movement has the same ID."""

    def __init__(self, stored: StoredMovement) -> None:
        movement = stored.movement
        super().__init__(
            f"Two stock movements of {movement.region}/{movement.store_id} have the ID {movement.movement_id}: one was "
            "recorded before a backup was restored, one since. Cancel it in the home, record what counts under new "
            "IDs, and sync again."
        )


def movement_digests(ports: Ports, home: str = "") -> dict[str, str]:
    """Day on which movements were recorded (ISO 8601, UTC) → digest of them, cancelled ones left out.

    home: whose movements; empty: those of this home. Raises as `Warehouse.upsert`.
    """
    mirror_new_movements(ports)
    rows = _rows(ports, home)
    rows = rows.filter(pc.invert(rows.column("is_cancelled")))
    days = pc.cast(rows.column("recorded_seq").cast(pa.timestamp("us")), pa.date32()).to_pylist()
    lines: defaultdict[date, list[str]] = defaultdict(list)
    for day, text in zip(days, _texts(rows, len(movements.home_prefix(home))), strict=True):
        lines[day].append(text)
    return {day.isoformat(): hashlib.sha256("\n".join(texts).encode()).hexdigest() for day, texts in lines.items()}


def movements_recorded_on(ports: Ports, day: date, home: str = "") -> list[StoredMovement]:
    """The movements that were recorded on a day (UTC), cancellations first, with the IDs that they have in their home.

    Only those that the warehouse has.
    """
    rows = _rows(ports, home, day)
    ids = dict(zip(rows.column("movement_id").to_pylist(), rows.column("kind").to_pylist(), strict=True))
    ordered = sorted(ids, key=lambda movement_id: ids[movement_id] != MovementKind.CANCELLATION)
    stored = (stored_movements.get_movement(ports, movement_id) for movement_id in ordered)
    return [replace(one, movement=movements.as_sent_movement(one.movement, home)) for one in stored]


def _rows(ports: Ports, home: str, day: date | None = None) -> pa.Table:
    """The lines of all movements of a home, or of those that were recorded on a day."""
    first = datetime.combine(day, time(), UTC) if day else None
    bounds = {"first": _micros(first), "last": _micros(first + timedelta(days=1)) - 1} if first else _ANY_TIME
    return ports.warehouse.query(
        sql.text("stock/recorded_movements"), {"prefix": movements.home_prefix(home), **bounds}
    )


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


def add_sent_movements(ports: Ports, sent: Sequence[StoredMovement], home: str = "") -> int:
    """Record movements of another side as they were recorded there; return the number of new ones. Idempotent.

    sent: with the IDs that they have in their home. home: whose movements, at a head office; empty: of this home.
    Raises `Rejected` for an invalid movement, `OtherMovement` for an ID of another one, unless that is cancelled, and
    `Conflict`.
    """
    if words := next((words for one in sent if (words := movement_problem(one.movement))), ""):
        raise Rejected(words)
    named = [replace(one, movement=movements.as_synced_movement(one.movement, home)) for one in sent]
    cancelled = {one.movement.reference for one in named if one.movement.kind is MovementKind.CANCELLATION}
    puts = {}
    count = 0
    for stored, original in zip(named, sent, strict=True):
        movement_id = stored.movement.movement_id
        document = ports.documents.get(COLLECTION, stored_movements.movement_document_id(movement_id))
        if document and not _is_same(document, stored):
            if movement_id not in cancelled and not stored_movements.is_movement_cancelled(ports, movement_id):
                raise OtherMovement(original)
            continue
        if document and (not home or stored_movements.to_stored_movement(document).recorded_at == stored.recorded_at):
            continue
        puts[movement_id] = _put(stored, document)
        count += document is None
    _write(ports, list(puts.values()), home, count)
    return count


def _write(ports: Ports, puts: Sequence[Put], home: str, count: int) -> None:
    subject = f"stock of {home}" if home else "stock"
    for first in range(0, len(puts), PAGE_SIZE):
        entry = audit_log.entry(ports, SYNC_LOGIN, audit.AuditAction.STOCK_SYNCED, subject, None, {"movements": count})
        ports.documents.put_all([*puts[first : first + PAGE_SIZE], entry])


def _put(stored: StoredMovement, document: Document | None) -> Put:
    """The document of a movement; one that was recorded at another time is written to the warehouse again."""
    data = stored_movements.movement_to_data(replace(stored, state=stored_movements.RECORDED))
    key = stored_movements.movement_document_id(stored.movement.movement_id)
    return Put(COLLECTION, key, data, if_version=document.version if document else 0)


def _is_same(document: Document, sent: StoredMovement) -> bool:
    """Whether the warehouse has the same rows of both, whenever they were recorded."""
    return _facts(stored_movements.to_stored_movement(document)) == _facts(sent)


def _facts(stored: StoredMovement) -> list[Mapping[str, Any]]:
    return [{**row, "recorded_seq": 0} for row in movement_rows(stored)]
