"""The effects of a change in revenue, and the products with the greatest changes.

The rules are those for price, volume and mix of the query `change`: effects add up exactly; the average price paid can
change although no list price does.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from tillstream.analytics import comparison
from tillstream.reports import formats
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
MOVERS_SHOWN = 12
"""Products of the table of those that moved most."""


EFFECTS = comparison.named_effects("the period before", "this period")


def effects(facts: Facts) -> list[Cell]:
    """The cells of the effects, in their order."""
    return [facts.change.cell("amount", effect=row["effect"]) for row in facts.change.rows if row["effect"] in EFFECTS]


def rounded_effects(facts: Facts) -> dict[str, Number]:
    """The effects by name, rounded so that they add up to the rounded change; without those that round to nothing."""
    cells = [one for one in effects(facts) if one.value is not None]
    values = [Decimal(one.value) for one in cells]
    like = max(map(abs, (*values, sum(values, Decimal(0)))), default=Decimal(0))
    amounts = formats.rounded_parts(values, formats.amount_digits(facts.currency, like))
    return {
        str(dict(cell.where)["effect"]): Number("signed money", "value", (cell,), facts.currency, like, amount)
        for cell, amount in zip(cells, amounts, strict=True)
        if amount
    }


def largest_effects(facts: Facts) -> list[Cell]:
    """The largest effect, and the second one if it is nearly as large."""
    ranked = sorted((one for one in effects(facts) if one.value), key=lambda one: -abs(one.value))
    return [one for one in ranked[:2] if abs(one.value) >= NEXT * abs(ranked[0].value)]


def sentences(facts: Facts) -> Iterator[Sentence]:
    """How widely the change is spread, and which products rose and fell most."""
    rows, page = facts.moved, pages.compare(facts)
    if not rows:
        return
    moved = [_change(facts, row) for row in rows]
    if len(moved) > TEN:
        part = number("share", *moved, formula="part of ten")
        if part.value < BROAD:
            yield Sentence(("The change is broad: the ten greatest movers have ", part, " of all movement."), page)
        elif part.value > CONCENTRATED:
            yield Sentence(("The change is concentrated: ten products have ", part, " of all movement."), page)
    sides = [[row for row in rows if (row["change"] > 0) is rose] for rose in (True, False)]
    for side, start in zip(sides, ("Products that rose most: ", "Products that fell most: "), strict=True):
        yield from _named(facts, side, start)
    risen, fallen = (sum(abs(row["change"]) for row in side) for side in sides)
    if all(sides) and fallen > OFFSET * risen:
        cells = ([_change(facts, row) for row in side] for side in sides)
        rises, falls = (number("money", *side, formula="size of sum", currency=facts.currency) for side in cells)
        yield Sentence(("All rises add up to ", rises, ", all falls to ", falls, "."), page)


def name_of(row: Mapping[str, Any]) -> str:
    """The name of the product of a row of the movers."""
    return str(row["name"] or row["item"])


def printed_movers(facts: Facts) -> dict[Any, Decimal]:
    """The changes of the products in the table of movers, by item: those of the figures that it prints beside them."""
    rows = facts.moved[:MOVERS_SHOWN]
    changes = formats.printed_changes([(one["before"], one["after"]) for one in rows], facts.currency)
    return dict(zip((one["item"] for one in rows), changes, strict=True))


def change_of(facts: Facts, row: Mapping[str, Any], kind: str, formula: str = "value") -> Number:
    """The change of a row of the movers, as their table prints it."""
    printed = printed_movers(facts)
    shown = printed.get(row["item"])
    if shown is not None and formula == "size":
        shown = abs(shown)
    return Number(kind, formula, (_change(facts, row),), facts.currency, max(map(abs, printed.values())), shown)


def _change(facts: Facts, row: Mapping[str, Any]) -> Cell:
    return facts.movers.cell_of(row, "change", "item")


def _named(facts: Facts, rows: list[Mapping[str, Any]], start: str) -> Iterator[Sentence]:
    """The greatest changes that are large enough to be named."""
    chosen = [row for row in rows if abs(row["contribution"] or 0) >= SMALLEST][:NAMED]
    if not chosen:
        return
    parts: list[str | Number] = [start]
    for position, row in enumerate(chosen):
        amount = change_of(facts, row, "signed money")
        parts += [", " if position else "", name_of(row), " ", amount]
    yield Sentence((*parts, "."), pages.compare(facts))
