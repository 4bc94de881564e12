"""The section of the report about stock: its sentences, its value and losses at cost, and best sellers out of stock."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tillstream.model.permissions import Action
from tillstream.reports import formats, sales_narrative
from tillstream.reports.document import Number, ReportColumn, ReportSection, ReportTable, Sentence, compute_number
from tillstream.reports.facts import ReportFacts, written_day

NAMED_STORES = 3
"""Best sellers out of stock that are named."""
NEEDS = (
    ("out", "no stock.", sales_narrative.stock_page("out")),
    ("low", "low stock.", sales_narrative.stock_page("low")),
    (
        "negative",
        "negative stock: more was sold than there was. Is a delivery missing, or was a count wrong?",
        sales_narrative.stock_page("negative"),
    ),
    ("unsold", "stock, and no sales in the last 56 days", sales_narrative.stock_page()),
)
"""Kind in `ReportFacts.stock`, what it is called, and its page."""
LOSS = ("region", "store_id", "cause", "reason")
"""What identifies a row of `ReportFacts.shrinkage`."""
OUTAGE = ("region", "store_id", "product")
"""What identifies a row of `ReportFacts.outages`."""

MAX_ROWS = 12
LOSSES = ("lost_units", "gained_units", "lost_cost")
"""Columns of `ReportFacts.shrinkage` that are summed."""


def stock_sentences(facts: ReportFacts, names: Mapping[str, str]) -> Iterator[Sentence]:
    """What stock is worth, what was missing, and what to check; only a hint if nothing was counted.

    names: region and store → name.
    """
    if not facts.has_stock:
        yield Sentence(
            ("Nothing was counted yet. Count a store, and its stock is reported here.",), sales_narrative.stock_page()
        )
        return
    yield from _value_sentences(facts)
    yield from _shrinkage_sentences(facts)
    yield from _outage_sentences(facts, names)
    yield from _now(facts)


def store_name(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The name of the store of a row of `ReportFacts.outages`."""
    return names.get(f"{row['region']}/{row['store_id']}", str(row["store_id"]))


def _value_sentences(facts: ReportFacts) -> Iterator[Sentence]:
    if facts.stock_values is None:
        return
    before, after = (
        compute_number(
            "money",
            *(answer.cell_of(row, "stock_cost", "region", "item") for row in answer.rows),
            formula="sum",
            currency=facts.currency,
        )
        for answer in facts.stock_values
    )
    start, end = written_day(facts.period.first - timedelta(days=1)), written_day(facts.period.last)
    if before.cells and after.cells:
        yield Sentence(
            (f"On {end}, stock was worth ", after, f" at cost. On {start}, it was worth ", before, "."),
            sales_narrative.stock_page(),
        )


def _shrinkage_sentences(facts: ReportFacts) -> Iterator[Sentence]:
    answer = facts.shrinkage
    costed = [row for row in answer.rows if row["lost_cost"]] if answer else []
    if not answer or not costed:
        return
    cells = [answer.cell_of(row, "lost_cost", *LOSS) for row in costed]
    lost = compute_number("money", *cells, formula="size of sum", currency=facts.currency)
    is_gain = sum(row["lost_cost"] for row in costed) < 0
    words = "more was found than lost, by " if is_gain else "more was lost than found, by "
    yield Sentence(
        ("In counts, write-offs and other corrections of stock, ", words, lost, " at cost."),
        sales_narrative.shrinkage_page(facts),
    )


def _outage_sentences(facts: ReportFacts, names: Mapping[str, str]) -> Iterator[Sentence]:
    rows, answer = facts.outages.rows, facts.outages
    if not rows:
        return
    parts: list[str | Number] = ["Best sellers that were out of stock longest: "]
    for position, row in enumerate(rows[:NAMED_STORES]):
        days = compute_number("count", answer.cell_of(row, "days_out", *OUTAGE))
        unit = " day" if days.value == 1 else " days"
        parts += [", " if position else "", f"{row['product_name']} in {store_name(row, names)} on ", days, unit]
    yield Sentence((*parts, "."), sales_narrative.stock_page("out"))
    cells = [answer.cell_of(row, "missed_revenue", *OUTAGE) for row in rows if row["missed_revenue"]]
    if cells:
        missed = compute_number("money", *cells, formula="sum", currency=facts.currency)
        start = "At the revenue of their days with stock, best sellers out of stock missed "
        yield Sentence((start, missed, "."), sales_narrative.stock_page("out"))


def _now(facts: ReportFacts) -> Iterator[Sentence]:
    """What the stock needs now, whatever the period."""
    for kind, words, page in NEEDS:
        cell = facts.stock.cell("levels", kind=kind)
        if cell.value:
            subject = " product in a store has" if cell.value == 1 else " products in stores have"
            yield Sentence(("Now, ", compute_number("count", cell), f"{subject} {words}", *_worth(facts, kind)), page)


def _worth(facts: ReportFacts, kind: str) -> tuple[str | Number, ...]:
    """The end of the sentence about unsold stock: what it cost."""
    if kind != "unsold":
        return ()
    if not facts.may(Action.SEE_COSTS):
        return (".",)
    return (
        ", worth ",
        compute_number("money", facts.stock.cell("stock_cost", kind=kind), currency=facts.currency),
        " at cost.",
    )


def stock_section(facts: ReportFacts, names: Mapping[str, str]) -> ReportSection:
    """Sentences and tables; names: region and store → name."""
    tables = (
        (*_value_table(facts), *_shrinkage_table(facts, names), *_outage_table(facts, names)) if facts.has_stock else ()
    )
    return ReportSection("Stock", tuple(stock_sentences(facts, names)), tables)


def _value_table(facts: ReportFacts) -> Iterator[ReportTable]:
    if facts.stock_values is None:
        return
    before, after = ({row["item"]: row["stock_cost"] for row in answer.rows} for answer in facts.stock_values)
    items = sorted(before | after, key=lambda item: -after.get(item, 0))
    pairs = [(before.get(item, 0), after.get(item, 0)) for item in items]
    changes = formats.printed_changes(pairs, facts.currency)
    rows = [[item or "None", *pair, change] for item, pair, change in zip(items, pairs, changes, strict=True)]
    group = "Category" if facts.source.region else "Region"
    columns = (
        ReportColumn(group),
        ReportColumn("Before the period", "money"),
        ReportColumn("At its end", "money"),
        ReportColumn("Change", "signed money"),
    )
    if any(row[1] or row[2] for row in rows):
        note = "By counts, movements and sales as they are stored now. Products without a cost are left out."
        yield ReportTable(f"Stock at cost by {group.lower()}", columns, rows, note, MAX_ROWS)


def _shrinkage_table(facts: ReportFacts, names: Mapping[str, str]) -> Iterator[ReportTable]:
    """Losses by region, or by store of one region; the greatest first."""
    if facts.shrinkage is None:
        return
    sums: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * len(LOSSES))
    for row in facts.shrinkage.rows:
        item = store_name(row, names) if facts.source.region else row["region"]
        sums[item] = [total + (row[name] or 0) for total, name in zip(sums[item], LOSSES, strict=True)]
    rows: list[list[Any]] = [[item, *totals] for item, totals in sums.items()]
    group = "Store" if facts.source.region else "Region"
    columns = (
        ReportColumn(group),
        ReportColumn("Units lost", "count"),
        ReportColumn("Units found", "count"),
        ReportColumn("Shrinkage", "money"),
    )
    if rows:
        note = "Differences of counts, write-offs, adjustments, and losses between stores and in returns, at cost."
        greatest = sorted(rows, key=lambda row: -row[-1])
        yield ReportTable(f"Shrinkage by {group.lower()}", columns, greatest, note, MAX_ROWS)


def _outage_table(facts: ReportFacts, names: Mapping[str, str]) -> Iterator[ReportTable]:
    columns = (
        ReportColumn("Product"),
        ReportColumn("Store"),
        ReportColumn("Days out", "count"),
        ReportColumn("At the end"),
        ReportColumn("Missed revenue", "money"),
    )
    rows = [
        [
            row["product_name"],
            store_name(row, names),
            row["days_out"],
            "Out" if row["is_out"] else "In stock",
            row["missed_revenue"],
        ]
        for row in facts.outages.rows
    ]
    if rows:
        note = "Missed revenue: mean revenue of the days with stock, for the days without."
        yield ReportTable("Best sellers out of stock", columns, rows, note, MAX_ROWS)
