"""The section of the report about stock: its value at cost, and best sellers that were out of stock."""

from collections.abc import Iterator, Mapping

from tillstream.reports.document import Column, Section, Table
from tillstream.reports.facts import Facts
from tillstream.reports.narrative import stock

MOST_ROWS = 12


def section(facts: Facts, names: Mapping[str, str]) -> Section:
    """Sentences and tables; names: region and store → name."""
    tables = (*_values(facts), *_outages(facts, names)) if facts.has_stock else ()
    return Section("Stock", tuple(stock.sentences(facts, names)), tables)


def _values(facts: Facts) -> Iterator[Table]:
    if facts.stock_values is None:
        return
    before, after = ({row["item"]: row["stock_cost"] for row in answer.rows} for answer in facts.stock_values)
    items = sorted(before | after, key=lambda item: -after.get(item, 0))
    rows = [
        [item or "None", before.get(item, 0), after.get(item, 0), after.get(item, 0) - before.get(item, 0)]
        for item in items
    ]
    group = "Category" if facts.source.region else "Region"
    columns = (
        Column(group),
        Column("Before the period", "money"),
        Column("At its end", "money"),
        Column("Change", "signed money"),
    )
    if any(row[1] or row[2] for row in rows):
        note = "By counts, movements and sales as they are stored now. Products without a cost are left out."
        yield Table(f"Stock at cost by {group.lower()}", columns, rows[:MOST_ROWS], note)


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
        for row in facts.outages.rows[:MOST_ROWS]
    ]
    if rows:
        note = "Missed revenue: mean revenue of the days with stock, for the days without."
        yield Table("Best sellers out of stock", columns, rows, note)
