"""The rules of stock in plain Python, fact by fact: the oracle of the SQL that computes stock levels."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from tillstream.stock.movements import DayPart, Movement, MovementKind, MovementLine

Pair = tuple[str, str]
"""Store and product."""
ADDS = {MovementKind.RECEIPT: 1, MovementKind.TRANSFER_IN: 1, MovementKind.ADJUSTMENT: 1}
TAKES = {MovementKind.TRANSFER_OUT: -1, MovementKind.WRITE_OFF: -1, MovementKind.SUPPLIER_RETURN: -1}
SIGNS = ADDS | TAKES
NOTHING = Decimal(0)


@dataclass(frozen=True)
class SoldLine:
    """A current sale line. day: its business day; at: its time, UTC; units: negative for a return."""

    sale_id: str
    store: str
    product: str
    day: date
    at: datetime | None
    units: Decimal
    cancelled: bool


@dataclass(frozen=True)
class Until:
    """The end of what is regarded: of a day, or an instant of it."""

    day: date
    at: datetime | None = None

    def includes(self, day: date, at: datetime | None, *, early: bool = False) -> bool:
        """early: a fact without a time was before opening."""
        if self.at and at:
            return at <= self.at
        return day < self.day or (day == self.day and (self.at is None or early))


ALWAYS = Until(date.max)


@dataclass(frozen=True)
class Level:
    counted: Decimal | None
    counted_on: date | None
    counted_at: datetime | None
    moved: Decimal
    sold: Decimal | None
    on_hand: Decimal | None
    in_transit: Decimal
    recent_units: Decimal


@dataclass(frozen=True)
class Count:
    units: Decimal
    day: date
    at: datetime | None
    part: DayPart
    number: int

    @property
    def order(self) -> tuple[date, int, datetime | int, int]:
        """By day; without a time, before or after everything of its day."""
        if self.at:
            return self.day, 1, self.at, self.number
        return self.day, 0 if self.part is DayPart.BEFORE_OPENING else 2, 0, self.number

    def is_before(self, day: date, at: datetime | None) -> bool:
        if self.at and at:
            return self.at < at
        return self.day < day or (self.day == day and self.part is DayPart.BEFORE_OPENING)


class Stock:
    """Levels from movements, in the order in which they were recorded, and current sale lines.

    aliases: code → product.
    """

    def __init__(self, movements: Iterable[Movement], lines: Iterable[SoldLine], aliases: dict[str, str]) -> None:
        recorded = list(movements)
        cancelled = {one.reference for one in recorded if one.kind is MovementKind.CANCELLATION}
        self._aliases = aliases
        self._movements = [(n, one) for n, one in enumerate(recorded) if one.movement_id not in cancelled]
        self._lines = [line for line in lines if not line.cancelled]

    def levels(self, today: date, until: Until = ALWAYS) -> dict[Pair, Level]:
        """today: last of the 56 recent days."""
        moves = [
            (number, movement, line, line.occurred_at or movement.occurred_at)
            for number, movement in self._movements
            for line in movement.lines
        ]
        moves = [
            (number, movement, line, at)
            for number, movement, line, at in moves
            if until.includes(movement.stock_date, at, early=movement.day_part is DayPart.BEFORE_OPENING)
        ]
        lines = [line for line in self._lines if until.includes(line.day, line.at)]
        pairs = {(line.store, self._product(line.product)) for line in lines}
        for _, movement, line, _ in moves:
            pairs |= {(store, self._product(line.product_id)) for store in (movement.store_id, movement.other_store)}
        levels = {pair: self._level(pair, moves, lines, today) for pair in pairs if pair[0]}
        return {pair: level for pair, level in levels.items() if level}

    def _level(
        self,
        pair: Pair,
        moves: list[tuple[int, Movement, MovementLine, datetime | None]],
        lines: list[SoldLine],
        today: date,
    ) -> Level | None:
        here = [one for one in moves if (one[1].store_id, self._product(one[2].product_id)) == pair]
        sold_lines = [line for line in lines if (line.store, self._product(line.product)) == pair]
        count = self._last_count(here)
        changes = [one for one in here if one[1].kind in SIGNS]
        moved, sold, recent = NOTHING, NOTHING, NOTHING
        for _, movement, line, at in changes:
            if count is None or count.is_before(movement.stock_date, at):
                moved += SIGNS[movement.kind] * line.quantity
        unsellable = {one[1].reference for one in here if one[1].kind is MovementKind.UNSELLABLE_RETURN}
        for line in sold_lines:
            is_lost = line.units < 0 and line.sale_id in unsellable
            if count and count.is_before(line.day, line.at) and not is_lost:
                sold += line.units
            if line.units > 0 and today - timedelta(days=56) < line.day <= today:
                recent += line.units
        transit = self._in_transit(pair, moves)
        if not (count or changes or transit or recent):
            return None
        if count is None:
            return Level(None, None, None, moved, None, None, transit, recent)
        on_hand = count.units + moved - sold
        return Level(count.units, count.day, count.at, moved, sold, on_hand, transit, recent)

    def _last_count(self, moves: list[tuple[int, Movement, MovementLine, datetime | None]]) -> Count | None:
        counts: dict[int, Count] = {}
        for number, movement, line, at in moves:
            if movement.kind is MovementKind.COUNT:
                earlier = counts.get(number)
                units = line.quantity + (earlier.units if earlier else NOTHING)
                times = [one for one in (at, earlier.at if earlier else None) if one]
                latest = max(times) if times else None
                counts[number] = Count(units, movement.stock_date, latest, movement.day_part, number)
        return max(counts.values(), key=lambda one: one.order) if counts else None

    def _in_transit(self, pair: Pair, moves: list[tuple[int, Movement, MovementLine, datetime | None]]) -> Decimal:
        """Units of each transfer to the store that have neither arrived nor were lost; never fewer than none."""
        sent: dict[str, Decimal] = {}
        for _, movement, line, _ in moves:
            is_sent = movement.kind is MovementKind.TRANSFER_OUT
            receiver = movement.other_store if is_sent else movement.store_id
            if (receiver, self._product(line.product_id)) != pair:
                continue
            if movement.kind in {MovementKind.TRANSFER_OUT, MovementKind.TRANSFER_IN, MovementKind.TRANSFER_LOSS}:
                units = line.quantity if is_sent else -line.quantity
                sent[movement.reference] = sent.get(movement.reference, NOTHING) + units
        return sum((units for units in sent.values() if units > 0), NOTHING)

    def _product(self, code: str) -> str:
        return self._aliases.get(code, code)
