"""Sentences about regions, stores, channels, categories and customers."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from tillstream.model.compared_figure import ComparedFigure
from tillstream.reports import formats
from tillstream.reports.document import Part
from tillstream.reports.evidence import Answer, Sentence, number
from tillstream.reports.facts import Facts
from tillstream.reports.narrative import pages

LEAST_SHARE = Decimal("0.05")
"""Part of revenue from which on the growth of a group is named, and of the earlier revenue from which on a fall is."""
NOTABLE = Decimal("0.02")
"""Growth from which on it is named."""


def sentences(facts: Facts, answer: Answer, noun: str, nouns: str, names: Mapping[str, str]) -> Iterator[Sentence]:
    """The largest group, and those that grew and shrank fastest. names: item → name for people.

    noun and nouns: what a group is, and its plural.
    """
    rows = [row for row in answer.rows if row["item"] is not None and row["revenue"] > 0]
    page = pages.dashboard(facts)
    if len(rows) < 2:
        return
    first = rows[0]
    like = max(abs(row["revenue"] or 0) for row in answer.rows)
    revenue = number("money", answer.cell("revenue", **_where(first)), currency=facts.currency, like=like)
    share = answer.cell("revenue_share", **_where(first))
    printed = formats.printed_share(part_of(answer, first["revenue"], like), facts.currency)
    part = number("share", share, shown=printed)
    start = (f"The largest {noun} is ", _name(first, names))
    yield Sentence((*start, " with ", revenue, ", ", part, " of revenue."), page)
    compared = [row for row in answer.rows if row["item"] is not None and row["growth"] is not None]
    earlier = LEAST_SHARE * sum(row["before"] for row in compared)
    grown = [row for row in compared if row["revenue"] > 0 and row["revenue_share"] >= LEAST_SHARE]
    fallen = [row for row in compared if row["before"] >= earlier]
    for word, chosen, candidates in (("grew", max, grown), ("shrank", min, fallen)):
        row = chosen(candidates, key=lambda one: one["growth"], default=None)
        if row is None or abs(row["growth"]) < NOTABLE or (row["growth"] > 0) is not (word == "grew"):
            continue
        now, before = (answer.cell(column, **_where(row)) for column in ("revenue", "before"))
        growth = growth_of(facts, row, "before")
        size = None if growth is None else abs(growth)
        change = number("share", now, before, formula="size of growth", shown=size)
        parts = (f"Of the {nouns}, {_name(row, names)} {word} fastest, by ", change, ".")
        yield Sentence(parts, pages.compare(facts))


def part_of(whole: Answer, revenue: Decimal, like: Decimal) -> Part:
    """The part of the revenue of all groups. like: the largest revenue that is written in the same column."""
    return Part(revenue, sum((row["revenue"] for row in whole.rows), Decimal(0)), like)


def growth_of(facts: Facts, row: Mapping[str, Any], before: str) -> Decimal | None:
    """The growth of the revenue of a group, of amounts in the minor unit, as pages and files have it."""
    return ComparedFigure.of_whole(row["revenue"], row[before]).in_currency(facts.currency).growth


def customers(facts: Facts) -> Iterator[Sentence]:
    """How many customers there were, how many were new, and how much revenue has no customer."""
    counts = facts.customers.rows[0]
    if not counts["customers"]:
        return
    every, new = (number("count", facts.customers.cell(name)) for name in ("customers", "new_customers"))
    bought = "customers bought" if every.value != 1 else "customer bought"
    yield Sentence((every, f" known {bought}; ", new, " of them for the first time."), pages.customers(facts))
    lines, active = facts.customers.cell("anonymous_lines"), facts.totals.cell("active_lines")
    if lines.value:
        part = number("share", lines, active, formula="part")
        yield Sentence((part, " of the sale lines have no customer."), pages.customers(facts))


def _where(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"item": row["item"], "region": row["region"]}


def _name(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return names.get(f"{row['region'] or ''}/{row['item']}", str(row["item"]))
