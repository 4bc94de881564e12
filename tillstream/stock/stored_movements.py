"""Stored stock movements: one document each, written before the warehouse. Repeated movements are the same ones."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from tillstream.model import audit
from tillstream.model.dates import utc_text
from tillstream.model.document_json import decimal_text
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put
from tillstream.records import audit_log, batch_records
from tillstream.stock.movements import (
    DayPart,
    Movement,
    MovementKind,
    MovementLine,
    cancellation_id,
    home_of_movement,
    movement_problem,
)

COLLECTION = "stock_movements"
RECORDED, MIRRORED, COMPUTED = "recorded", "mirrored", "computed"
"""State of a movement: in its document only, in the warehouse, and in the stock levels."""
_CHUNK = 100
"""Movements of one transaction."""


@dataclass(frozen=True)
class StoredMovement:
    """A movement with who recorded it. recorded_at: UTC. state: RECORDED, MIRRORED or COMPUTED."""

    movement: Movement
    by: str
    recorded_at: datetime
    state: str = RECORDED

    @property
    def recorded_seq(self) -> int:
        """When it was recorded, in microseconds since 1970."""
        return round(self.recorded_at.timestamp() * 1e6)


def record_movements(ports: Ports, movements: Sequence[Movement], *, by: str) -> int:
    """Record movements; return how many are new. A repeated movement with the same content is ignored.

    Up to 100 movements are recorded together or not at all; of more, a repeated call records the missing ones.
    Raises `Rejected` if a movement is invalid, `Conflict` if its ID has another content.
    """
    for movement in movements:
        if words := movement_problem(movement):
            raise Rejected(words)
    count = 0
    for first in range(0, len(movements), _CHUNK):
        count += _record(ports, movements[first : first + _CHUNK], by)
    return count


def cancel_movement(ports: Ports, movement_id: str, *, by: str) -> bool:
    """Cancel a movement, as if it had never been; False if it was cancelled before.

    Raises `NotFound`, and `Rejected` for a cancellation or a movement of another home.
    """
    stored = get_movement(ports, movement_id).movement
    home = home_of_movement(movement_id)
    if home and not batch_records.is_home_removed(ports, home):
        raise Rejected(
            f"This is a movement of the home {home}. Cancel it there; the change arrives with its next sync."
        )
    if stored.kind is MovementKind.CANCELLATION:
        raise Rejected("A cancellation cannot be cancelled. Enter the movement again.")
    cancellation = Movement(
        cancellation_id(movement_id),
        MovementKind.CANCELLATION,
        stored.region,
        stored.store_id,
        stored.stock_date,
        reference=movement_id,
        other_store=stored.other_store,
    )
    return bool(record_movements(ports, [cancellation], by=by))


def is_movement_cancelled(ports: Ports, movement_id: str) -> bool:
    return ports.documents.get(COLLECTION, movement_document_id(cancellation_id(movement_id))) is not None


def get_movement(ports: Ports, movement_id: str) -> StoredMovement:
    """The movement. Raises `NotFound`."""
    document = ports.documents.get(COLLECTION, movement_document_id(movement_id))
    if document is None:
        raise NotFound(f"There is no stock movement {movement_id}.")
    return to_stored_movement(document)


def find_movements(ports: Ports, region: str, store_id: str, limit: int = 100) -> list[StoredMovement]:
    """The movements of a store that were recorded last, newest first."""
    where = {"region": region, "store_id": store_id}
    documents = ports.documents.find(COLLECTION, where, order_by="recorded_at", descending=True, limit=limit)
    return [to_stored_movement(one) for one in documents]


def movements_with_reference(ports: Ports, reference: str) -> list[StoredMovement]:
    """The movements of an order or a transfer, oldest first; cancelled ones and cancellations are left out."""
    documents = ports.documents.find(COLLECTION, {"reference": reference}, order_by="recorded_at")
    stored = [to_stored_movement(one) for one in documents]
    return [
        one
        for one in stored
        if one.movement.kind is not MovementKind.CANCELLATION
        and not is_movement_cancelled(ports, one.movement.movement_id)
    ]


def movements_in_state(ports: Ports, state: str, limit: int | None = None) -> list[Document]:
    """Documents of movements in a state."""
    return ports.documents.find(COLLECTION, {"state": state}, limit=limit)


def all_movements(ports: Ports) -> list[Document]:
    """Documents of all movements."""
    return ports.documents.find(COLLECTION)


def restore_movement(ports: Ports, stored: StoredMovement) -> None:
    """Record a movement whose document was lost, if it is still missing."""
    with suppress(Conflict):
        ports.documents.put(
            COLLECTION, movement_document_id(stored.movement.movement_id), movement_to_data(stored), if_version=0
        )


def count_movements(ports: Ports, *states: str) -> int:
    """Number of movements, of all or of those in one of these states."""
    if not states:
        return ports.documents.count(COLLECTION)
    return sum(ports.documents.count(COLLECTION, {"state": state}) for state in states)


def set_movement_state(ports: Ports, documents: Sequence[Document], state: str) -> None:
    """Note how far movements are; another process may have noted it too."""
    for document in documents:
        if document.data["state"] != state:
            try:
                ports.documents.put(
                    COLLECTION, document.id, document.data | {"state": state}, if_version=document.version
                )
            except Conflict:
                continue


def to_stored_movement(document: Document) -> StoredMovement:
    return movement_from_data(document.data)


def movement_from_data(data: Mapping[str, Any]) -> StoredMovement:
    """The movement of a document's data, field by field because a home has millions.

    Raises `KeyError`, `TypeError`, `ValueError`, `ArithmeticError`.
    """
    lines = tuple(
        MovementLine(one["product_id"], Decimal(one["quantity"]), datetime.fromisoformat(at) if at else None)
        for one in data["lines"]
        for at in (one.get("occurred_at"),)
    )
    movement = Movement(
        movement_id=data["movement_id"],
        kind=MovementKind(data["kind"]),
        region=data["region"],
        store_id=data["store_id"],
        stock_date=date.fromisoformat(data["stock_date"]),
        lines=lines,
        occurred_at=datetime.fromisoformat(data["occurred_at"]) if data["occurred_at"] else None,
        day_part=DayPart(data["day_part"]),
        reason=data["reason"],
        reference=data["reference"],
        other_store=data["other_store"],
        note=data["note"],
    )
    return StoredMovement(movement, data["by"], datetime.fromisoformat(data["recorded_at"]), data["state"])


def _record(ports: Ports, movements: Sequence[Movement], by: str) -> int:
    at = ports.clock.now()
    puts: dict[str, Put] = {}
    recorded = []
    for movement in movements:
        key, data = movement_document_id(movement.movement_id), movement_content(movement)
        stored = ports.documents.get(COLLECTION, key)
        before = stored.data if stored else puts[key].data if key in puts else None
        if before is None:
            puts[key] = Put(COLLECTION, key, movement_to_data(StoredMovement(movement, by, at)), if_version=0)
            recorded.append(movement)
        elif {name: before[name] for name in data} != data:
            raise Conflict(f"The ID {movement.movement_id} belongs to another stock movement.")
    if puts:
        entries = [_entry(ports, by, movement) for movement in recorded]
        ports.documents.put_all([*puts.values(), *entries])
    return len(puts)


def _entry(ports: Ports, by: str, movement: Movement) -> Put:
    after: dict[str, Any] = {"kind": movement.kind.value, "lines": len(movement.lines)}
    texts = {name: getattr(movement, name) for name in ("reason", "reference", "other_store", "note")}
    after |= {name: text for name, text in texts.items() if text}
    if len(movement.lines) == 1:
        (line,) = movement.lines
        after |= {"product": line.product_id, "quantity": decimal_text(line.quantity)}
    subject = f"stock of {movement.region}/{movement.store_id}"
    return audit_log.entry(ports, by, audit.AuditAction.STOCK_MOVED, subject, None, after)


def movement_document_id(movement_id: str) -> str:
    """A stored ID: senders choose theirs, and a document store permits fewer characters."""
    return hashlib.sha256(movement_id.encode()).hexdigest()


def movement_to_data(stored: StoredMovement) -> dict[str, Any]:
    """The data of its document."""
    at = stored.recorded_at.astimezone(UTC).isoformat()
    return movement_content(stored.movement) | {"by": stored.by, "recorded_at": at, "state": stored.state}


def movement_content(movement: Movement) -> dict[str, Any]:
    """A movement as JSON, with times in UTC; lines without a time of their own have none."""
    return {
        "movement_id": movement.movement_id,
        "kind": movement.kind.value,
        "region": movement.region,
        "store_id": movement.store_id,
        "stock_date": movement.stock_date.isoformat(),
        "lines": [_line(one) for one in movement.lines],
        "occurred_at": utc_text(movement.occurred_at),
        "day_part": movement.day_part.value,
        "reason": movement.reason,
        "reference": movement.reference,
        "other_store": movement.other_store,
        "note": movement.note,
    }


def _line(line: MovementLine) -> Mapping[str, str]:
    data = {"product_id": line.product_id, "quantity": decimal_text(line.quantity)}
    return data | ({"occurred_at": utc_text(line.occurred_at)} if line.occurred_at else {})
