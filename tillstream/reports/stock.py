"""The section of the report about stock: its value and its losses at cost, and best sellers that were out of stock."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from tillstream.reports import formats
from tillstream.reports.document import Column, Section, Table
from tillstream.reports.facts import Facts
from tillstream.reports.narrative import stock

MOST_ROWS = 12
LOSSES = ("lost_units", "gained_units", "lost_cost")
"""Columns of `Facts.shrinkage` that are summed."""


def section(facts: Facts, names: Mapping[str, str]) -> Section:
    """Sentences and tables; names: region and store → name."""
    tables = (*_values(facts), *_shrinkage(facts, names), *_outages(facts, names)) if facts.has_stock else ()
    return Section("Stock", tuple(stock.sentences(facts, names)), tables)


def _values(facts: Facts) -> Iterator[Table]:
    if facts.stock_values is None:
        return
    before, after = ({row["item"]: row["stock_cost"] for row in answer.rows} for answer in facts.stock_values)
    items = sorted(before | after, key=lambda item: -after.get(item, 0))
    pairs = [(before.get(item, 0), after.get(item, 0)) for item in items]
    changes = formats.printed_changes(pairs, facts.currency)
    rows = [[item or "None", *pair, change] for item, pair, change in zip(items, pairs, changes, strict=True)]
    group = "Category" if facts.source.region else "Region"
    columns = (
        Column(group),
        Column("Before the period", "money"),
        Column("At its end", "money"),
        Column("Change", "signed money"),
    )
    if any(row[1] or row[2] for row in rows):
        note = "By counts, movements and sales as they are stored now. Products without a cost are left out."
        yield Table(f"Stock at cost by {group.lower()}", columns, rows, note, MOST_ROWS)


def _shrinkage(facts: Facts, names: Mapping[str, str]) -> Iterator[Table]:
    """Losses by region, or by store of one region; the greatest first."""
    if facts.shrinkage is None:
        return
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * len(LOSSES))
    for row in facts.shrinkage.rows:
        item = stock.store_name(row, names) if facts.source.region else row["region"]
        sums[item] = [total + (row[name] or 0) for total, name in zip(sums[item], LOSSES, strict=True)]
    rows: list[list[Any]] = [[item, *totals] for item, totals in sums.items()]
    group = "Store" if facts.source.region else "Region"
    columns = (
        Column(group),
        Column("Units lost", "count"),
        Column("Units found", "count"),
        Column("Shrinkage", "money"),
    )
    if rows:
        note = "Differences of counts, write-offs, adjustments, and losses between stores and in returns, at cost."
        greatest = sorted(rows, key=lambda row: -row[-1])
        yield Table(f"Shrinkage by {group.lower()}", columns, greatest, note, MOST_ROWS)


def _outages(facts: Facts, names: Mapping[str, str]) -> Iterator[Table]:
    columns = (
        Column("Product"),
        Column("Store"),
        Column("Days out", "count"),
        Column("At the end"),
        Column("Missed revenue", "money"),
    )
    rows = [
        [
            row["product_name"],
            stock.store_name(row, names),
            row["days_out"],
            "Out" if row["is_out"] else "In stock",
            row["missed_revenue"],
        ]
        for row in facts.outages.rows
    ]
    if rows:
        note = "Missed revenue: mean revenue of the days with stock, for the days without."
        yield Table("Best sellers out of stock", columns, rows, note, MOST_ROWS)
