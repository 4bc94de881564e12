"""The plan of an import, by the fields of the request."""

from dataclasses import dataclass
from datetime import date, timedelta

from flask import request

from portal.context import ports, scope, tillstream
from portal.stock_files import texts
from tillstream.model import people
from tillstream.model.errors import Rejected
from tillstream.stock import movement_import
from tillstream.stock.movement_columns import IMPORTED_KINDS, MovementDefaults
from tillstream.stock.movement_import import MovementPlan, MovementReader
from tillstream.stock.movements import DayPart, MovementKind


@dataclass(frozen=True)
class Choices:
    """What the user chose for rows without a type, a day, a time of day, and a store (region and store)."""

    kind: MovementKind
    day: date
    day_part: DayPart
    store: str = ""

    @property
    def fields(self) -> dict[str, str]:
        """The fields of a form that sends the choices again."""
        return {
            "type": self.kind.value,
            "day": self.day.isoformat(),
            "day_part": self.day_part.value,
            "store": self.store,
        }


def choices() -> Choices:
    """The choices of the request; others than permitted ones are the defaults."""
    kind, part = request.values.get("type", ""), request.values.get("day_part", "")
    try:
        day = date.fromisoformat(request.values.get("day", ""))
    except ValueError:
        day = ports().clock.now().date()
    return Choices(
        MovementKind(kind) if kind in set(IMPORTED_KINDS) else MovementKind.COUNT,
        day,
        DayPart(part) if part in set(DayPart) else DayPart.AFTER_CLOSING,
        request.values.get("store", ""),
    )


def may_change(region: str, store: str) -> bool:
    """Whether the stock of a store is the user's to change."""
    return people.may_change(scope(), people.extent_of(region, store))


def plan(content: bytes, chosen: Choices) -> MovementPlan:
    """Plan an import. Raises `Rejected` if the file cannot be read, and what the warehouse raises."""
    latest = ports().clock.now().date() + timedelta(days=1)
    if chosen.day > latest:
        raise Rejected(texts.future(chosen.day))
    region, _, store = chosen.store.partition("/")
    reader = MovementReader(
        movement_import.read_stock_codes(ports().warehouse, may_change),
        MovementDefaults(chosen.day, chosen.kind, region, store),
        movement_import.zone_of_store(ports(), tillstream().contracts),
        latest,
        ports().limits,
    )
    return movement_import.plan_movements(reader.read(content), chosen.day_part)
