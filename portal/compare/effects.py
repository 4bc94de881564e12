"""The effects that make up a difference in revenue: labels, bars and a summary in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tillstream.analytics.comparison import ChangeEffect
from tillstream.model.compared_figure import ComparedFigure
from tillstream.model.money import round_amount

WIDTH = 200
"""Width of the widest bar, in units of the drawing."""
NEXT = Decimal("0.5")
"""The second largest effect is named if it is at least this part of the largest."""

Named = tuple[str, Decimal]
"""Name and amount of an effect."""


@dataclass(frozen=True)
class Bar:
    """An effect. `x` and `width` place its bar in a drawing WIDTH wide, in which the amounts add up from the left."""

    label: str
    part: str
    meaning: str
    amount: Decimal
    share: Decimal | None
    items: int | None
    x: float
    width: float


@dataclass(frozen=True)
class Explained:
    """`largest`: the effects to name in a sentence, the largest first."""

    revenue: ComparedFigure
    bars: tuple[Bar, ...]
    largest: tuple[Named, ...]


def explain(rows: Sequence[dict[str, Any]], names: Mapping[str, ChangeEffect], currency: str) -> Explained:
    """rows: the answer of the query `change`. names: what its effects are called."""
    amounts = {row["effect"]: row["amount"] for row in rows}
    before, after = amounts["before"], amounts["after"]
    effects = [row for row in rows if row["effect"] not in {"before", "after"}]
    levels = [before]
    for row in effects:
        levels.append(levels[-1] + row["amount"])
    low, high = min(levels), max(levels)
    scale = WIDTH / float(high - low) if high > low else 0.0
    bars = tuple(
        Bar(
            names[row["effect"]].label,
            names[row["effect"]].part,
            names[row["effect"]].meaning,
            row["amount"],
            row["share"],
            row["items"],
            round(float(min(level, level + row["amount"]) - low) * scale, 2),
            round(max(float(abs(row["amount"])) * scale, 1.0), 2),
        )
        for row, level in zip(effects, levels, strict=False)
        if round_amount(row["amount"], currency)
    )
    revenue = ComparedFigure.of_whole(after, before).in_currency(currency)
    return Explained(revenue, bars, largest((bar.part, bar.amount) for bar in bars))


def largest(amounts: Iterable[Named]) -> tuple[Named, ...]:
    """The largest effect, and the second one if it is nearly as large."""
    ranked = sorted((one for one in amounts if one[1]), key=lambda one: -abs(one[1]))
    return tuple(one for one in ranked[:2] if abs(one[1]) >= NEXT * abs(ranked[0][1]))
