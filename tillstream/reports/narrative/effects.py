"""The effects of a change in revenue, and the products with the greatest changes.

The rules are those for price, volume and mix of the query `change`: effects add up exactly; the average price paid can
change although no list price does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tillstream.reports.evidence import Cell, Number, Sentence, number
from tillstream.reports.facts import Facts
from tillstream.reports.narrative import pages

NEXT = Decimal("0.5")
"""The second largest effect is named if it is at least this part of the largest."""
SMALLEST = Decimal("0.003")
"""Part of the base from which on the change of a product is named."""
BROAD, CONCENTRATED = Decimal("0.3"), Decimal("0.6")
"""Part of all movement that the ten greatest changes have."""
OFFSET = Decimal("0.25")
NAMED = 3
TEN = 10


@dataclass(frozen=True)
class Effect:
    """label: in tables and charts. part: in a sentence."""

    label: str
    part: str
    meaning: str


EFFECTS = {
    "volume": Effect("Volume", "volume", "More or fewer units of the products sold in both periods"),
    "mix": Effect("Mix", "the mix of products", "A shift between cheaper and dearer products sold in both periods"),
    "price": Effect("Average price paid", "the average price paid", "Another price paid for the same product"),
    "currency": Effect("Exchange rates", "exchange rates", "The same amounts at other exchange rates"),
    "new": Effect("New products", "new products", "Products that were not sold in the period before"),
    "lost": Effect("Products no longer sold", "products no longer sold", "Products sold only in the period before"),
    "returns": Effect("Returns", "returns", "More or fewer returned goods"),
    "other": Effect("Other", "other lines", "Lines without a product, quantity or amount, such as postage"),
}


def effects(facts: Facts) -> list[Cell]:
    """The cells of the effects, in their order."""
    return [facts.change.cell("amount", effect=row["effect"]) for row in facts.change.rows if row["effect"] in EFFECTS]


def largest_effects(facts: Facts) -> list[Cell]:
    """The largest effect, and the second one if it is nearly as large."""
    ranked = sorted((one for one in effects(facts) if one.value), key=lambda one: -abs(one.value))
    return [one for one in ranked[:2] if abs(one.value) >= NEXT * abs(ranked[0].value)]


def sentences(facts: Facts) -> Iterator[Sentence]:
    """How widely the change is spread, and which products rose and fell most."""
    rows = [row for row in facts.movers.rows if row["item"] is not None and row["change"]]
    if not rows:
        return
    page = pages.compare(facts)
    moved = [facts.movers.cell("change", item=row["item"]) for row in rows]
    if len(moved) > TEN:
        part = number("share", *moved, formula="part of ten")
        if part.value < BROAD:
            yield Sentence(("The change is broad: the ten greatest movers have ", part, " of all movement."), page)
        elif part.value > CONCENTRATED:
            yield Sentence(("The change is concentrated: ten products have ", part, " of all movement."), page)
    ups, downs = ([one for one in moved if (one.value > 0) is rose] for rose in (True, False))
    yield from _named(facts, ups, "Up most: ")
    yield from _named(facts, downs, "Down most: ")
    risen, fallen = (sum(abs(one.value) for one in side) for side in (ups, downs))
    if ups and downs and fallen > OFFSET * risen:
        totals = (number("money", *side, formula="size of sum", currency=facts.currency) for side in (ups, downs))
        rises, falls = totals
        yield Sentence(("All rises add up to ", rises, ", all falls to ", falls, "."), page)


def named(facts: Facts, cells: list[Cell]) -> list[Cell]:
    """The greatest changes that are large enough to be named."""
    return [one for one in cells if abs(_contribution(facts, one)) >= SMALLEST][:NAMED]


def name_of(facts: Facts, cell: Cell) -> str:
    """The name of the product of a cell of the movers."""
    item = dict(cell.where)["item"]
    row = facts.movers.row(item=item)
    return str(row["name"] if row and row["name"] else item)


def _contribution(facts: Facts, cell: Cell) -> Decimal:
    row = facts.movers.row(**dict(cell.where))
    return Decimal(row["contribution"] or 0) if row else Decimal(0)


def _named(facts: Facts, cells: list[Cell], start: str) -> Iterator[Sentence]:
    chosen = named(facts, cells)
    if not chosen:
        return
    parts: list[str | Number] = [start]
    for position, one in enumerate(chosen):
        amount = number("signed money", one, currency=facts.currency)
        parts += [", " if position else "", name_of(facts, one), " ", amount]
    yield Sentence((*parts, "."), pages.compare(facts))
