"""A shop of two stores whose stock changes by files, undos and movements, beside the plain model of the same facts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from app_factory import build
from stateful.stock.plain_stock import ALWAYS, Level, Pair, SoldLine, Stock, Until

from tillstream.adapters.local.clock import ManualClock
from tillstream.analytics import computed_stock
from tillstream.analytics.computed_stock import RECENT_DAYS
from tillstream.app import App
from tillstream.catalogue import entry_saving, warehouse_mirror
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.model.product_catalogue import Alias, EntryKind, Product
from tillstream.review import undo
from tillstream.settings import Settings
from tillstream.stock import stored_levels, stored_movements
from tillstream.stock.movements import REASONS, DayPart, Movement, MovementKind, MovementLine, cancellation_id

REGION, STORES = "Testland", ("S1", "S2")
ALIASES = {"A-old": "A"}
CODES = ("A", "A-old", "B")
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 5
ZONE, CUTOFF = timedelta(hours=9), timedelta(hours=4)
HEADER = "No,Line,Store,At,Product,Qty,Price,State"
CONTRACT = """\
name: {name}
region: Testland
version: 1
currency: EUR
columns: {{sale_id: No, line_key: Line, store_id: Store, date: At, product_id: Product, status: State, quantity: Qty,
  unit_price: Price}}
dates: {{formats: ["{format}"], time_zone: Asia/Tokyo, cutoff: "04:00"}}
status: {{words: {{ok: completed, wait: pending, back: returned, no: cancelled}}}}
"""
FORMATS = {REGION: "%Y-%m-%d %H:%M", "dated": "%Y-%m-%d"}
"""Contract → how it writes when a sale was: with a time of day, or the day only."""
Key = tuple[str, str]
"""Sale and line."""


def business_day(at: datetime) -> date:
    return (at + ZONE - CUTOFF).date()


@dataclass
class StockShop:
    home: Path
    clock: ManualClock = field(default_factory=lambda: ManualClock(FIRST + timedelta(days=DAYS)))
    movements: list[Movement] = field(default_factory=list)
    files: dict[str, dict[Key, SoldLine]] = field(default_factory=dict)
    """Batches that are not undone, in the order of their receipt, with their lines."""
    number: int = 0

    def __post_init__(self) -> None:
        (self.home / "contracts").mkdir(parents=True)
        for name, text in FORMATS.items():
            (self.home / "contracts" / f"{name}.yaml").write_text(CONTRACT.format(name=name, format=text))
        self.open()
        product = Product("A", "Apple", aliases=(Alias("*", "A-old"),))
        entry_saving.save_entry(self.app.ports, EntryKind.PRODUCT, product, if_version=0, by="ana", regions=[REGION])
        warehouse_mirror.sync_mirror(self.app.ports)

    def open(self) -> None:
        self.app: App = build(Settings(home=self.home, threads=1, samples=False, project=""), self.clock)

    # ---- facts

    def upload(self, lines: dict[Key, SoldLine], *, timed: bool) -> str:
        """Ingest a file of these lines; return its batch. A line that an earlier file has too replaces it."""
        self.number += 1
        rows = [HEADER, *(self._row(key, line, n, timed=timed) for n, (key, line) in enumerate(lines.items()))]
        path = self.home / f"{self.number}.csv"
        path.write_text("\n".join(rows))
        contract = REGION if timed else "dated"
        receipt = COMMANDS["ingest"](self.app, quiet, files=[str(path)], contract=contract).data
        assert receipt["status"] == "settled", receipt
        self.files[receipt["batch_id"]] = lines
        self.clock.advance(1)
        return str(receipt["batch_id"])

    def undo(self, batch: str) -> None:
        undo.undo_batch(self.app.ports, batch, "ana")
        del self.files[batch]

    def record(self, *movements: Movement) -> None:
        for movement in movements:
            if stored_movements.record_movements(self.app.ports, [movement], by="ana"):
                self.movements.append(movement)
            self.clock.advance(1)

    def cancel(self, movement: Movement) -> None:
        if stored_movements.cancel_movement(self.app.ports, movement.movement_id, by="ana"):
            stored = stored_movements.get_movement(self.app.ports, cancellation_id(movement.movement_id))
            self.movements.append(stored.movement)
        self.clock.advance(1)

    def refresh(self) -> None:
        stored_levels.refresh_levels(self.app.ports)

    # ---- levels

    def expected(self, today: date, until: Until = ALWAYS) -> dict[Pair, Level]:
        lines: dict[Key, SoldLine] = {}
        for contents in self.files.values():
            lines |= contents
        return Stock(self.movements, lines.values(), ALIASES).levels(today, until)

    def computed(self, today: date, until: Until = ALWAYS) -> dict[Pair, Level]:
        text, params = computed_stock.query_of_all_levels(today)
        end = {"day": until.day, "at": until.at.isoformat() if until.at else None}
        rows = self.app.ports.warehouse.query(text, params | end)
        return _levels(rows.to_pylist())

    def stored(self) -> dict[Pair, Level]:
        return _levels(self.app.ports.warehouse.query("SELECT * FROM stock_levels WHERE moved IS NOT NULL").to_pylist())

    def check(self) -> None:
        """The stored levels are those of the model, once they are refreshed."""
        self.refresh()
        document = self.app.ports.documents.get(stored_levels.LEVELS_COLLECTION, stored_levels.STATE)
        assert document
        today = date.fromisoformat(document.data["day"])
        assert self.stored() == self.expected(today)
        assert stored_levels.level_differences(self.app.ports) == []
        assert not stored_movements.movements_in_state(self.app.ports, stored_movements.RECORDED, 1)
        assert not stored_movements.movements_in_state(self.app.ports, stored_movements.MIRRORED, 1)

    def _row(self, key: Key, line: SoldLine, row_number: int, *, timed: bool) -> str:
        """A row; no price is the sum of others, as that of a total is."""
        at = f"{line.at + ZONE:%Y-%m-%d %H:%M}" if timed and line.at else f"{line.day:%Y-%m-%d}"
        state = "no" if line.cancelled else "back" if line.units < 0 else "ok"
        number = key[0].partition("/")[2]
        return f"{number},{key[1]},{line.store},{at},{line.product},{line.units},{self.number + 7**row_number},{state}"


def _levels(rows: list[dict[str, Any]]) -> dict[Pair, Level]:
    names = tuple(Level.__dataclass_fields__)
    return {(row["store_id"], row["product"]): Level(**{name: row[name] for name in names}) for row in rows}


# ---- random facts


class RandomFacts:
    """Draws what happens next in a shop."""

    def __init__(self, shop: StockShop, seed: int) -> None:
        self._shop, self._random = shop, Random(seed)

    def step(self) -> str:
        """Do something; return its name."""
        actions: dict[Callable[[], None], int] = {
            self._sell: 4,
            self._undo: 1,
            self._move: 12,
            self._send: 3,
            self._arrive: 4,
            self._spoil: 1,
            self._cancel: 2,
            self._repeat: 1,
            self._shop.refresh: 3,
        }
        (action,) = self._random.choices([*actions], weights=[*actions.values()])
        action()
        return action.__name__.removeprefix("_")

    def until(self) -> Until:
        at = self._time() + timedelta(seconds=30)
        return Until(business_day(at), at if self._random.random() < 0.7 else None)

    def _time(self) -> datetime:
        """To the minute, at any time of a few days, of those that the last of them make no longer recent, or before."""
        first = FIRST - self._random.choice((timedelta(0), timedelta(0), RECENT_DAYS, RECENT_DAYS + timedelta(DAYS)))
        return first + timedelta(minutes=self._random.randrange(DAYS * 24 * 60))

    def _quantity(self) -> Decimal:
        return Decimal(self._random.randint(1, 9)) / self._random.choice((1, 1, 2))

    def _sell(self) -> None:
        timed = self._random.random() < 0.5
        lines: dict[Key, SoldLine] = {}
        for _ in range(self._random.randint(1, 6)):
            store, at = self._random.choice(STORES), self._time()
            sale = f"{store}/{self._random.randint(1, 12)}"
            day = business_day(at)
            units = -self._quantity() if self._random.random() < 0.3 else self._quantity()
            is_cancelled = self._random.random() < 0.1
            product = self._random.choice(CODES)
            line = SoldLine(sale, store, product, day, at if timed else None, units, is_cancelled)
            lines[sale, str(self._random.randint(1, 2))] = line
        self._shop.upload(lines, timed=timed)

    def _undo(self) -> None:
        if self._shop.files:
            self._shop.undo(self._random.choice([*self._shop.files]))

    def _movement(self, kind: MovementKind, **fields: Any) -> Movement:
        at = self._time()
        has_time = self._random.random() < 0.6
        store = fields.pop("store_id", None) or self._random.choice(STORES)
        lines = tuple(
            MovementLine(
                self._random.choice(CODES),
                self._quantity() * (self._random.choice((-1, 1)) if kind is MovementKind.ADJUSTMENT else 1),
                at + timedelta(minutes=number) if has_time and self._random.random() < 0.5 else None,
            )
            for number in range(self._random.randint(1, 3))
        )
        return Movement(
            f"m{len(self._shop.movements)}",
            kind,
            REGION,
            store,
            business_day(at),
            fields.pop("lines", lines),
            at if has_time else None,
            self._random.choice([*DayPart]),
            self._random.choice([*REASONS]),
            **fields,
        )

    def _move(self) -> None:
        simple = (MovementKind.RECEIPT, MovementKind.ADJUSTMENT, MovementKind.WRITE_OFF, MovementKind.SUPPLIER_RETURN)
        kind = self._random.choice((*simple, *[MovementKind.COUNT] * 4))
        self._shop.record(self._movement(kind))

    def _send(self) -> None:
        store, other = self._random.sample(STORES, 2)
        reference = f"t{len(self._shop.movements)}"
        kind = MovementKind.TRANSFER_OUT
        self._shop.record(self._movement(kind, store_id=store, other_store=other, reference=reference))

    def _arrive(self) -> None:
        """Of a transfer: all, a part, or more than was sent; as received or as lost."""
        sent = [one for one in self._shop.movements if one.kind is MovementKind.TRANSFER_OUT]
        if sent:
            out = self._random.choice(sent)
            kind = self._random.choice((MovementKind.TRANSFER_IN, MovementKind.TRANSFER_IN, MovementKind.TRANSFER_LOSS))
            chosen = self._random.sample(out.lines, self._random.randint(1, len(out.lines)))
            lines = tuple(MovementLine(one.product_id, self._quantity()) for one in chosen)
            stores = {"store_id": out.other_store, "other_store": out.store_id}
            self._shop.record(self._movement(kind, lines=lines, reference=out.reference, **stores))

    def _spoil(self) -> None:
        returned = [line for lines in self._shop.files.values() for line in lines.values() if line.units < 0]
        if returned:
            line = self._random.choice(returned)
            lines = (MovementLine(line.product, -line.units),)
            kind = MovementKind.UNSELLABLE_RETURN
            self._shop.record(self._movement(kind, store_id=line.store, lines=lines, reference=line.sale_id))

    def _cancel(self) -> None:
        movements = [one for one in self._shop.movements if one.kind is not MovementKind.CANCELLATION]
        if movements:
            self._shop.cancel(self._random.choice(movements))

    def _repeat(self) -> None:
        if self._shop.movements:
            self._shop.record(self._random.choice(self._shop.movements))
