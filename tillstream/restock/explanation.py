"""Why a line is ordered, in words with its numbers."""

import math
from collections.abc import Iterator

import numpy as np

from tillstream.restock.demand import Source
from tillstream.restock.policy import Limit, Lines, Orders
from tillstream.restock.service import reached

SMALLEST = 1e-9
PACE = {
    Source.FORECAST: "Expected to sell about {}.",
    Source.CATEGORY_FORECAST: "Expected to sell about {}: its share of the forecast of its category.",
    Source.RECENT_SALES: "There is no forecast. Recently sold about {}.",
    Source.SIMILAR_SALES: "There is no forecast, and the product is new. Sold about {}; the variation is that of "
    "other products.",
}


def explanations(lines: Lines, orders: Orders) -> list[str]:
    """Return sentences about the order of each line."""
    is_limited = (orders.limits & (Limit.COVER | Limit.SHELF_LIFE)) > 0
    # what a limited level serves is shown beside the level in whole units
    levels = np.where(is_limited, np.ceil(np.round(orders.levels, 9)), orders.levels)
    service, fill = reached(lines.demand, levels, lines.review_days)
    shares = zip(service.tolist(), fill.tolist(), strict=True)
    return [" ".join(_sentences(lines, orders, row, *each)) for row, each in enumerate(shares)]


def _sentences(lines: Lines, orders: Orders, row: int, service: float, fill: float) -> Iterator[str]:
    """service, fill: cycle service and fill rate of the level."""
    demand, limit = lines.demand, Limit(int(orders.limits[row]))
    yield PACE[Source(int(demand.sources[row]))].format(_rate(float(demand.daily[row])))
    yield _stock(lines, row)
    yield from _transfers(lines, row)
    if lines.on_hand[row] < 0:
        yield "The stock is negative: count it before you order."
    level = level_text(orders.levels[row])
    lead, review = int(lines.lead_days[row]), int(lines.review_days[row])
    yield (
        f"An order has to last until the next one arrives, {_days(lead + review)} from now: you order every "
        f"{_days(review)}, and the supplier needs {_days(lead)}."
    )
    yield f"For this time, {_service(lines, orders, row, service, fill)}."
    if Limit.COVER in limit:
        weeks = _weeks(float(lines.most_weeks[row]))
        lasts = f"which {'lasts' if level == '1' else 'last'} {weeks} after the delivery"
        yield f"The limit is {level}, {lasts}, and {_serves(level, fill)}."
    if Limit.SHELF_LIFE in limit:
        days = _days(int(lines.shelf_days[row]))
        sells = f"which {'sells' if level == '1' else 'sell'} within the shelf life of {days}"
        yield f"The limit is {level}, {sells}, and {_serves(level, fill)}."
    yield _order(lines, orders, row, limit)


def _service(lines: Lines, orders: Orders, row: int, service: float, fill: float) -> str:
    """What is aimed at; and the other measure, unless the level is limited."""
    level, aim = level_text(orders.demanded[row]), float(lines.service[row])
    first, second = f"{_enough(level)} in {_percent(aim)} of the cases", _serves(level, fill)
    if lines.is_fill:
        verb = "is" if level == "1" else "are"
        first, second = f"{level} {_serves(level, aim)}", f"{verb} enough in {_percent(service)} of the cases"
    is_limited = Limit(int(orders.limits[row])) & (Limit.COVER | Limit.SHELF_LIFE)
    return first if is_limited else f"{first}, and {second}"


def _stock(lines: Lines, row: int) -> str:
    """Stock on hand, on order and in transit, and how long it lasts."""
    parts = [f"In stock: {number_text(float(lines.on_hand[row]))}"]
    if lines.on_order[row]:
        parts.append(f"{number_text(float(lines.on_order[row]))} on order")
    if lines.in_transit[row]:
        parts.append(f"{number_text(float(lines.in_transit[row]))} in transit")
    daily, stock = float(lines.demand.daily[row]), float(lines.stock[row])
    lasts = f" That lasts {_cover(stock / daily)}." if daily > 0 and stock > 0 else ""
    return ", ".join(parts) + "." + lasts


def _transfers(lines: Lines, row: int) -> Iterator[str]:
    """Suggested transfers, which nobody has sent, and the stock with them."""
    suggested, position = float(lines.suggested[row]), number_text(float(lines.position[row]))
    if suggested > 0:
        yield f"{number_text(suggested)} more by suggested transfers from other stores: {position} in all."
    elif suggested < 0:
        yield f"{number_text(-suggested)} less by suggested transfers to other stores: {position} in all."


def _order(lines: Lines, orders: Orders, row: int, limit: Limit) -> str:
    position, minimum = float(orders.position[row]), number_text(float(lines.minimum[row]))
    units = float(orders.quantities[row] + orders.deferred[row])
    if not units and Limit.MINIMUM in limit:
        return f"Nothing is ordered: the minimum order of {minimum} would last too long."
    if not units:
        return f"Nothing is ordered: {_enough(number_text(position))}."
    exact, is_whole = float(orders.levels[row]), position == round(position)
    needed = math.ceil(round(exact, 9)) if is_whole else round(exact, 1)  # the difference has to be right as shown
    missing = needed - (position if is_whole else round(position, 1))
    text = f"Order {number_text(units)}: {number_text(needed)} needed"
    text += f" {'−' if position >= 0 else '+'} {number_text(abs(position))} {'available' if position >= 0 else 'short'}"
    if abs(missing - units) > SMALLEST:
        text += f" = {number_text(missing)}"
    if Limit.MINIMUM in limit:
        text += f", raised to the minimum order of {minimum}"
    if Limit.PACK in limit and lines.pack[row] == 1 and not is_whole:
        text += ", rounded up"
    elif Limit.PACK in limit and lines.pack[row] != 1:
        text += f", rounded up to packs of {number_text(float(lines.pack[row]))}"
    if Limit.BUDGET in limit:
        text += ". Deferred: the budget is used for more urgent products"
    return f"{text}."


def level_text(units: float) -> str:
    """A level in whole units, rounded up."""
    return f"{math.ceil(round(float(units), 9)):,}"


def _enough(units: str) -> str:
    return f"{units} {'is' if units == '1' else 'are'} enough"


def _serves(units: str, share: float) -> str:
    return f"{'serves' if units == '1' else 'serve'} {_percent(share)} of the demand"


def number_text(units: float) -> str:
    """Units with a decimal if they are not whole."""
    units = round(units, 1) + 0.0  # no negative zero
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
    return f"{number_text(weeks)} week{'' if weeks == 1 else 's'}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g}%"
