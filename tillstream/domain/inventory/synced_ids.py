"""IDs of stock movements that another home recorded: unique at the head office, and with the name of the home."""

import hashlib
from dataclasses import replace

from tillstream.domain.inventory.movements import SYNCED, Movement, MovementKind


def prefix(home: str) -> str:
    """What the IDs of the movements of a home begin with; empty for this home."""
    return f"{SYNCED}{home}:" if home else ""


def home_of(movement_id: str) -> str:
    """The home that recorded a movement, but not a cancellation; empty for this one."""
    return movement_id.removeprefix(SYNCED).partition(":")[0] if movement_id.startswith(SYNCED) else ""


def cancellation_id(movement_id: str) -> str:
    """The ID of the cancellation of a movement."""
    return f"cancel-{hashlib.sha256(movement_id.encode()).hexdigest()[:32]}"


def as_synced(movement: Movement, home: str) -> Movement:
    """The movement of a home as the head office stores it."""
    start = prefix(home)
    return _named(movement, f"{start}{movement.reference}", f"{start}{movement.movement_id}")


def as_sent(movement: Movement, home: str) -> Movement:
    """The reverse of `as_synced`."""
    start = prefix(home)
    return _named(movement, movement.reference.removeprefix(start), movement.movement_id.removeprefix(start))


def _named(movement: Movement, cancelled_id: str, movement_id: str) -> Movement:
    if movement.kind is MovementKind.CANCELLATION:
        return replace(movement, movement_id=cancellation_id(cancelled_id), reference=cancelled_id)
    return replace(movement, movement_id=movement_id)
