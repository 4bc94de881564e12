"""What other costs of a product change in past margins."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tillstream.analytics.measures.definitions import compute_measure
from tillstream.model.product_catalogue import DatedAmount, amount_on

_NINE = Decimal("1e-9")


@dataclass(frozen=True)
class Margin:
    """Revenue less costs of the lines with a cost, and the share of the net amount; None without revenue."""

    lines: int = 0
    net: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)

    @property
    def amount(self) -> Decimal | None:
        return compute_measure("margin", covered_revenue=self.net, cost=self.cost)

    @property
    def rate(self) -> Decimal | None:
        rate = compute_measure("margin_rate", covered_revenue=self.net, cost=self.cost)
        return None if rate is None else rate.quantize(_NINE, ROUND_HALF_UP)

    def plus(self, lines: int, net: Decimal, cost: Decimal) -> "Margin":
        return Margin(self.lines + lines, self.net + net, self.cost + cost)


@dataclass(frozen=True)
class CostEffect:
    """The margins of one currency before and after, over the `lines` whose cost changes, from day to day."""

    currency: str
    lines: int
    first_day: date
    last_day: date
    before: Margin
    after: Margin


def cost_effects(
    sums: Iterable[Mapping[str, Any]], before: tuple[DatedAmount, ...], after: tuple[DatedAmount, ...]
) -> list[CostEffect]:
    """The effects by currency of the lines, for rows of the query `cost-effect`; only lines whose cost changes."""
    effects: dict[str, CostEffect] = {}
    for rows in _groups(sums):
        row = rows[0]
        rates = {one["cost_currency"]: one["rate"] for one in rows}
        old, new = (amount_on(costs, row["region"], row["sale_date"]) for costs in (before, after))
        if _worth(old) == _worth(new):
            continue
        day, net, lines = row["sale_date"], row["net"], row["lines"]
        effect = effects.get(row["currency"]) or CostEffect(row["currency"], 0, day, day, Margin(), Margin())
        effects[row["currency"]] = CostEffect(
            row["currency"],
            effect.lines + lines,
            min(effect.first_day, day),
            max(effect.last_day, day),
            _added(effect.before, row, net, _cost(old, rates, row["units"])),
            _added(effect.after, row, net, _cost(new, rates, row["units"])),
        )
    return [effects[currency] for currency in sorted(effects)]


def first_changed_day(before: tuple[DatedAmount, ...], after: tuple[DatedAmount, ...]) -> date | None:
    """The earliest first day of a row that only one of them has; None if they are equal."""
    different = [*(row for row in after if row not in before), *(row for row in before if row not in after)]
    return min((row.valid_from or date.min for row in different), default=None)


def _groups(sums: Iterable[Mapping[str, Any]]) -> Iterable[list[Mapping[str, Any]]]:
    """The rows of each region, day and currency: one for each currency of a cost."""
    groups: dict[tuple[object, ...], list[Mapping[str, Any]]] = {}
    for row in sums:
        groups.setdefault((row["region"], row["sale_date"], row["currency"]), []).append(row)
    return groups.values()


def _worth(row: DatedAmount | None) -> tuple[Decimal, str] | None:
    return (row.amount, row.currency) if row else None


def _cost(row: DatedAmount | None, rates: Mapping[str, Decimal | None], units: Decimal) -> Decimal | None:
    """The cost of the units in the currency of the lines; None without a cost or a rate."""
    rate = rates.get(row.currency) if row else None
    return units * row.amount * rate if row and rate is not None else None


def _added(margin: Margin, row: Mapping[str, Any], net: Decimal | None, cost: Decimal | None) -> Margin:
    return margin if cost is None or net is None else margin.plus(row["lines"], net, cost)
