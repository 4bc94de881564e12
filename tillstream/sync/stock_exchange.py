"""Sync of stock movements: both sides compare the days on which movements were recorded, and send what either lacks.

A movement belongs to the home that recorded it, and is only added, so there is nothing to decide between both sides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from tillstream.ports import Ports
from tillstream.stock import movement_mirror, stored_levels
from tillstream.stock.movement_mirror import OtherMovement
from tillstream.stock.movements import MovementKind
from tillstream.stock.stored_movements import StoredMovement
from tillstream.sync import sync_status
from tillstream.sync.refusals import OPEN_QUESTION, Refused

MOVEMENTS_AT_ONCE = movement_mirror.PAGE_SIZE


class StockOffice(Protocol):
    """What of a head office is about stock. Raises as `HeadOffice`."""

    def compare_stock(self, digests: Mapping[str, str]) -> Sequence[str]:
        """Compare digests by day of recording; returns the days that differ."""

    def stock(self, day: str, offset: int) -> Sequence[StoredMovement]:
        """At most 100 movements of this home that the head office has of a day; none after the last one."""

    def add_stock(self, movements: Sequence[StoredMovement]) -> int:
        """Send at most 100 movements; returns how many the head office did not have."""


@dataclass(frozen=True)
class StockResult:
    """What a sync did. sent, recovered: movements that the head office or this home did not have. differing: days."""

    sent: int
    recovered: int
    differing: tuple[str, ...]


def sync_stock(ports: Ports, office: StockOffice) -> StockResult:
    """Take back the movements that were lost, send those that the head office lacks, and compare. Idempotent.

    Raises `Refused` if a person must decide first, and as the head office.
    """
    sent = recovered = 0
    count = sync_status.count_movements(ports)
    differing = office.compare_stock(movement_mirror.movement_digests(ports))
    if differing:
        recovered = sum(_take_back_movements(ports, office, day) for day in differing)
        if recovered:
            stored_levels.follow_movement(ports)
        movements = [
            one for day in differing for one in movement_mirror.movements_recorded_on(ports, date.fromisoformat(day))
        ]
        movements.sort(key=lambda one: one.movement.kind is not MovementKind.CANCELLATION)
        sent = sum(
            office.add_stock(movements[first : first + MOVEMENTS_AT_ONCE])
            for first in range(0, len(movements), MOVEMENTS_AT_ONCE)
        )
        differing = office.compare_stock(movement_mirror.movement_digests(ports))
    sync_status.note_stock(ports, count + recovered, differing)
    return StockResult(sent, recovered, tuple(differing))


def add_movements(ports: Ports, movements: Sequence[StoredMovement], home: str = "") -> int:
    """As `add_movements`. Raises `Refused` where it raises `OtherMovement`."""
    try:
        return movement_mirror.add_sent_movements(ports, movements, home)
    except OtherMovement as error:
        raise Refused(OPEN_QUESTION, str(error)) from error


def _take_back_movements(ports: Ports, office: StockOffice, day: str) -> int:
    count = offset = 0
    while page := office.stock(day, offset):
        count += add_movements(ports, page)
        offset += len(page)
    return count
