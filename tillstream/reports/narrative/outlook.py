"""Sentences about goals and the forecast."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tillstream.domain.goals.goal import FIELDS
from tillstream.forecasting.coverage import coverage
from tillstream.model.compared_figure import ComparedFigure
from tillstream.model.text import upper_first
from tillstream.reports import formats
from tillstream.reports.document import Part
from tillstream.reports.evidence import Cell, Sentence, number
from tillstream.reports.facts import Facts
from tillstream.reports.narrative import pages
from tillstream.reports.period import written

AHEAD = (28, 91)
"""Days whose sums are named."""
MOST_GOALS = 6
GOALS_SHOWN = 12
"""Goals of the table on paper."""


def goals(facts: Facts, names: Mapping[str, str]) -> Iterator[Sentence]:
    """What is reached of each goal, and how the month is going to end if it is not over."""
    for row in facts.goals.rows[:MOST_GOALS]:
        where = target_of(row)
        sold, since, goal = (_cell(facts, name, where) for name in ("sold", "sold_since", "goal"))
        part = part_reached(facts, row)
        reached = formats.printed_share(part, row["currency"])
        share = number("share", sold, since, goal, formula="part of sum", shown=reached)
        amount = number("money", goal, currency=row["currency"], like=part.like_whole)
        start = (upper_first(name_of_target(row, names)), " reached ", share, " of its goal of ", amount)
        if row["projected"] is None:
            yield Sentence((*start, "."), pages.goals(facts))
            continue
        low, high = (
            number("money", _cell(facts, name, where), currency=row["currency"])
            for name in ("projected_low", "projected_high")
        )
        yield Sentence((*start, "; the month is expected to end between ", low, " and ", high, "."), pages.goals(facts))


def sold_so_far(row: Mapping[str, Any]) -> Decimal:
    """What is sold of a goal."""
    return Decimal(row["sold"]) + Decimal(row["sold_since"])


def part_reached(facts: Facts, row: Mapping[str, Any]) -> Part:
    """What is reached of a goal, of the amounts that the table of goals writes."""
    goal = Decimal(row["goal"])
    return Part(sold_so_far(row), goal, _largest(facts, row, sold_so_far), _largest(facts, row, "goal"))


def behind(facts: Facts, row: Mapping[str, Any]) -> Decimal | None:
    """By what part of the expected amount a goal is behind, of the amounts that the table of goals writes."""
    sold, expected = (
        formats.printed(row[name], row["currency"], _largest(facts, row, name)) for name in ("sold", "expected")
    )
    growth = ComparedFigure.of_whole(sold, expected).growth
    return None if growth is None else abs(growth)


def _largest(facts: Facts, row: Mapping[str, Any], column: str | Callable[[Mapping[str, Any]], Decimal]) -> Decimal:
    """The largest amount of a column of the table of goals, in the currency of a row."""
    same = [one for one in facts.goals.rows[:GOALS_SHOWN] if one["currency"] == row["currency"]]
    amounts = [Decimal(one[column] or 0) if isinstance(column, str) else column(one) for one in same]
    return max(map(abs, amounts), default=Decimal(0))


def forecast(facts: Facts) -> Iterator[Sentence]:
    """What is expected of the next weeks, of the highest target with a forecast."""
    rows = facts.forecast.rows
    if not rows:
        return
    places = list(dict.fromkeys((row["region"], row["currency"]) for row in rows))
    for region, currency in places:
        for days in AHEAD:
            yield from _sum(facts, region, currency, days)


def _sum(facts: Facts, region: str | None, currency: str, days: int) -> Iterator[Sentence]:
    cutoff = facts.forecast.rows[0]["cutoff_date"]
    where = {"region": region, "last_day": cutoff + timedelta(days=days)}
    row = facts.forecast.row(**where)
    if row is None or row["low"] is None:
        return
    mean, low, high = (
        number("money", facts.forecast.cell(name, **where), currency=currency) for name in ("mean", "low", "high")
    )
    covers = coverage(row)
    place = f"region {region}" if region else covers
    of = f" in {place}" if place else ""
    start = f"From {written(row['first_day'])} to {written(row['last_day'])}, revenue of "
    yield Sentence(
        (start, mean, f" is expected{of}; with 80% probability it is between ", low, " and ", high, "."),
        pages.forecast(),
    )


def target_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """What identifies the row of a goal."""
    return {name: row[name] for name in FIELDS}


def name_of_target(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """All sales, a region, or the name of a store."""
    if row["store"]:
        return names.get(f"{row['region']}/{row['store']}", str(row["store"]))
    return f"region {row['region']}" if row["region"] else "all sales"


def is_behind(row: Mapping[str, Any], part: Decimal) -> bool:
    """Whether a goal is behind what is expected by more than a part of it."""
    expected = Decimal(row["expected"] or 0)
    return expected > 0 and Decimal(row["sold"]) < expected * (1 - part)


def _cell(facts: Facts, column: str, where: Mapping[str, Any]) -> Cell:
    return facts.goals.cell(column, **where)
