"""Why a line is ordered, in words with its numbers."""

import math
from collections.abc import Iterator

import numpy as np

from tillstream.restock.demand import Source
from tillstream.restock.policy import Limit, Lines, Orders
from tillstream.restock.service import reached

PACE = {
    Source.FORECAST: "Expected to sell about {}.",
    Source.CATEGORY_FORECAST: "Expected to sell about {}: its share of the forecast of its category.",
    Source.RECENT_SALES: "There is no forecast. Recently sold about {}.",
    Source.SIMILAR_SALES: "There is no forecast, and the product is new. Sold about {}; the variation is that of "
    "other products.",
}


def explanations(lines: Lines, orders: Orders) -> list[str]:
    """Return sentences about the order of each line."""
    service, fill = reached(lines.demand, orders.levels, lines.review_days)
    shares = zip(service.tolist(), fill.tolist(), strict=True)
    return [" ".join(_sentences(lines, orders, row, *each)) for row, each in enumerate(shares)]


def _sentences(lines: Lines, orders: Orders, row: int, service: float, fill: float) -> Iterator[str]:
    """service, fill: cycle service and fill rate of the level."""
    demand, limit = lines.demand, Limit(int(orders.limits[row]))
    yield PACE[Source(int(demand.sources[row]))].format(_rate(float(demand.daily[row])))
    yield _stock(lines, row)
    if lines.on_hand[row] < 0:
        yield "The stock is negative: count it before you order."
    level = _level(orders.levels[row])
    yield (
        f"The supplier needs {_days(int(lines.lead_days[row]))}, you order every {_days(int(lines.review_days[row]))}: "
        f"{_service(lines, orders, row, service, fill)}."
    )
    if Limit.COVER in limit:
        weeks = _weeks(float(lines.most_weeks[row]))
        yield f"Limited to {level}, which last {weeks} after the delivery, and {_serves(level, fill)}."
    if Limit.SHELF_LIFE in limit:
        days = _days(int(lines.shelf_days[row]))
        yield f"Limited to {level}, which sell within the shelf life of {days}, and {_serves(level, fill)}."
    yield _order(lines, orders, row, limit)


def _service(lines: Lines, orders: Orders, row: int, service: float, fill: float) -> str:
    """What is aimed at; and the other measure, unless the level is limited."""
    level, aim = _level(orders.demanded[row]), float(lines.service[row])
    first, second = f"{_enough(level)} in {_percent(aim)} of the cycles", _serves(level, fill)
    if lines.is_fill:
        verb = "is" if level == "1" else "are"
        first, second = f"{level} {_serves(level, aim)}", f"{verb} enough in {_percent(service)} of the cycles"
    is_limited = Limit(int(orders.limits[row])) & (Limit.COVER | Limit.SHELF_LIFE)
    return first if is_limited else f"{first}, and {second}"


def _stock(lines: Lines, row: int) -> str:
    """Stock on hand, on order and in transit, and how long it lasts."""
    parts = [f"{_number(float(lines.on_hand[row]))} left"]
    if lines.on_order[row]:
        parts.append(f"{_number(float(lines.on_order[row]))} on order")
    if lines.in_transit[row]:
        parts.append(f"{_number(float(lines.in_transit[row]))} in transit")
    daily, position = float(lines.demand.daily[row]), float(lines.position[row])
    lasts = f": {_cover(position / daily)}" if daily > 0 and position > 0 else ""
    return ", ".join(parts) + lasts + "."


def _order(lines: Lines, orders: Orders, row: int, limit: Limit) -> str:
    position, minimum = float(orders.position[row]), _number(float(lines.minimum[row]))
    units = float(orders.quantities[row] + orders.deferred[row])
    if not units and Limit.MINIMUM in limit:
        return f"Nothing is ordered: the minimum order of {minimum} would last too long."
    if not units:
        return f"Nothing is ordered: {_enough(_number(position))}."
    text = f"{_number(units)} = {_level(orders.levels[row])} {'−' if position >= 0 else '+'} {_number(abs(position))}"
    if Limit.MINIMUM in limit:
        text += f", raised to the minimum order of {minimum}"
    if Limit.PACK in limit and lines.pack[row] != 1:
        text += f", rounded up to packs of {_number(float(lines.pack[row]))}"
    if Limit.BUDGET in limit:
        text += ". Deferred: the budget is used for more urgent products"
    return f"{text}."


def _level(units: np.float64) -> str:
    return f"{math.ceil(round(float(units), 9)):,}"


def _enough(units: str) -> str:
    return f"{units} {'is' if units == '1' else 'are'} enough"


def _serves(units: str, share: float) -> str:
    return f"{'serves' if units == '1' else 'serve'} {_percent(share)} of the demand"


def _number(units: float) -> str:
    return (f"{units:,.0f}" if units == round(units) else f"{units:,.1f}").replace("-", "−")


def _rate(daily: float) -> str:
    """Units a day, week or month: 1 or more if possible."""
    for days, period in ((1, "day"), (7, "week")):
        if daily * days >= 1:
            return f"{daily * days:,.{0 if daily * days >= 10 else 1}f} a {period}"
    return f"{daily * 30:.1f} a month"


def _cover(days: float) -> str:
    if days > 365:
        return "more than a year"
    return f"about {_days(round(days))}" if days >= 1 else "less than a day"


def _days(days: int) -> str:
    return f"{days:,} day{'' if days == 1 else 's'}"


def _weeks(weeks: float) -> str:
    return f"{_number(weeks)} week{'' if weeks == 1 else 's'}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
