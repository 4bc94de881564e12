"""Transfers between two stores of a region: what was sent, what arrived, and what is still in transit."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from tillstream.model.errors import NotFound, Rejected
from tillstream.ports import Ports
from tillstream.stock import stored_movements
from tillstream.stock.movements import Movement, MovementKind, MovementLine
from tillstream.stock.stored_movements import StoredMovement


@dataclass(frozen=True)
class TransferLine:
    """Units of one product: sent, arrived, and lost in transit."""

    product_id: str
    sent: Decimal
    arrived: Decimal
    lost: Decimal

    @property
    def in_transit(self) -> Decimal:
        return max(self.sent - self.arrived - self.lost, Decimal(0))


@dataclass(frozen=True)
class Transfer:
    """movements: those of the transfer that were not cancelled, oldest first. step: number of all of them."""

    reference: str
    region: str
    from_store: str
    to_store: str
    stock_date: date
    lines: tuple[TransferLine, ...]
    movements: tuple[StoredMovement, ...]
    step: int

    @property
    def is_open(self) -> bool:
        return any(line.in_transit for line in self.lines)


def get_transfer(ports: Ports, reference: str) -> Transfer:
    """The transfer. Raises `NotFound`, also if it was cancelled."""
    stored = tuple(stored_movements.movements_with_reference(ports, reference))
    sent = next((one.movement for one in stored if one.movement.kind is MovementKind.TRANSFER_OUT), None)
    if sent is None:
        raise NotFound(f"There is no transfer {reference}.")
    movements = [one.movement for one in stored]
    arrived, lost = (_sum(movements, kind) for kind in (MovementKind.TRANSFER_IN, MovementKind.TRANSFER_LOSS))
    lines = tuple(
        TransferLine(product, units, arrived.get(product, Decimal(0)), lost.get(product, Decimal(0)))
        for product, units in _sum(movements, MovementKind.TRANSFER_OUT).items()
    )
    step = ports.documents.count(stored_movements.COLLECTION, {"reference": reference})
    return Transfer(reference, sent.region, sent.store_id, sent.other_store, sent.stock_date, lines, stored, step)


def arrival_movements(
    transfer: Transfer,
    quantities: Mapping[str, Decimal],
    *,
    rest_is_lost: bool,
    stock_date: date,
    occurred_at: datetime | None,
) -> list[Movement]:
    """Return the movements that record what arrived: one of the units that came, and one that closes the rest.

    Their IDs are those of the next step, so that two people who confirm the same state record it once.
    quantities: product → units that arrived now. rest_is_lost: what is then still in transit never arrives.
    Raises `Rejected` if nothing is recorded, or more than is in transit.
    """
    came = {line.product_id: quantities.get(line.product_id, Decimal(0)) for line in transfer.lines}
    for line in transfer.lines:
        if not 0 <= came[line.product_id] <= line.in_transit:
            raise Rejected(
                f"{line.product_id}: {line.in_transit:f} are in transit. Enter a number up to that, and record what "
                "came in addition as an adjustment."
            )
    rest = {line.product_id: line.in_transit - came[line.product_id] for line in transfer.lines}
    arrival = Movement(
        f"{transfer.reference}-{transfer.step}-in",
        MovementKind.TRANSFER_IN,
        transfer.region,
        transfer.to_store,
        stock_date,
        _lines(came),
        occurred_at,
        reference=transfer.reference,
        other_store=transfer.from_store,
    )
    loss = replace(
        arrival,
        movement_id=f"{transfer.reference}-{transfer.step}-loss",
        kind=MovementKind.TRANSFER_LOSS,
        lines=_lines(rest) if rest_is_lost else (),
    )
    movements = [one for one in (arrival, loss) if one.lines]
    if not movements:
        raise Rejected("Enter how many units arrived.")
    return movements


def check_transfer_cancellation(ports: Ports, movement: Movement) -> None:
    """Raise `Rejected` for a transfer of which something has arrived or was lost: those are cancelled first."""
    if movement.kind is not MovementKind.TRANSFER_OUT:
        return
    if len(stored_movements.movements_with_reference(ports, movement.reference)) > 1:
        raise Rejected("Something of this transfer has arrived or was closed as lost. Undo that first.")


def _sum(movements: Iterable[Movement], kind: MovementKind) -> dict[str, Decimal]:
    """product → its units in the movements of a kind."""
    sums: dict[str, Decimal] = {}
    for line in (line for movement in movements if movement.kind is kind for line in movement.lines):
        sums[line.product_id] = sums.get(line.product_id, Decimal(0)) + line.quantity
    return sums


def _lines(quantities: Mapping[str, Decimal]) -> tuple[MovementLine, ...]:
    return tuple(MovementLine(product, units) for product, units in quantities.items() if units)
