"""Sentences about stock: what it is worth, which best sellers were out of stock, and what needs a decision."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from tillstream.model.people import Action
from tillstream.reports.evidence import Number, Sentence, number
from tillstream.reports.facts import Facts
from tillstream.reports.narrative import pages
from tillstream.reports.period import written

NAMED = 3
"""Best sellers out of stock that are named."""
NEEDS = (
    ("out", "no stock.", pages.stock("out")),
    ("low", "low stock.", pages.stock("low")),
    (
        "negative",
        "negative stock: more was sold than there was. Is a delivery missing, or was a count wrong?",
        pages.stock("negative"),
    ),
    ("unsold", "stock, and no sales in the last 56 days", pages.stock()),
)
"""Kind in `Facts.stock`, what it is called, and its page."""
LOSS = ("region", "store_id", "cause", "reason")
"""What identifies a row of `Facts.shrinkage`."""
OUTAGE = ("region", "store_id", "product")
"""What identifies a row of `Facts.outages`."""


def sentences(facts: Facts, names: Mapping[str, str]) -> Iterator[Sentence]:
    """What stock is worth, what was missing, and what to check; only a hint if nothing was counted.

    names: region and store → name.
    """
    if not facts.has_stock:
        yield Sentence(("Nothing was counted yet. Count a store, and its stock is reported here.",), pages.stock())
        return
    yield from _value(facts)
    yield from _shrinkage(facts)
    yield from _outages(facts, names)
    yield from _now(facts)


def store_name(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The name of the store of a row of `Facts.outages`."""
    return names.get(f"{row['region']}/{row['store_id']}", str(row["store_id"]))


def _value(facts: Facts) -> Iterator[Sentence]:
    if facts.stock_values is None:
        return
    before, after = (
        number(
            "money",
            *(answer.cell_of(row, "stock_cost", "region", "item") for row in answer.rows),
            formula="sum",
            currency=facts.currency,
        )
        for answer in facts.stock_values
    )
    start, end = written(facts.period.first - timedelta(days=1)), written(facts.period.last)
    if before.cells and after.cells:
        yield Sentence(
            (f"On {end}, stock was worth ", after, f" at cost. On {start}, it was worth ", before, "."), pages.stock()
        )


def _shrinkage(facts: Facts) -> Iterator[Sentence]:
    answer = facts.shrinkage
    costed = [row for row in answer.rows if row["lost_cost"]] if answer else []
    if not answer or not costed:
        return
    cells = [answer.cell_of(row, "lost_cost", *LOSS) for row in costed]
    lost = number("money", *cells, formula="size of sum", currency=facts.currency)
    is_gain = sum(row["lost_cost"] for row in costed) < 0
    words = "more was found than lost, by " if is_gain else "more was lost than found, by "
    yield Sentence(
        ("In counts, write-offs and other corrections of stock, ", words, lost, " at cost."), pages.shrinkage(facts)
    )


def _outages(facts: Facts, names: Mapping[str, str]) -> Iterator[Sentence]:
    rows, answer = facts.outages.rows, facts.outages
    if not rows:
        return
    parts: list[str | Number] = ["Best sellers that were out of stock longest: "]
    for position, row in enumerate(rows[:NAMED]):
        days = number("count", answer.cell_of(row, "days_out", *OUTAGE))
        unit = " day" if days.value == 1 else " days"
        parts += [", " if position else "", f"{row['product_name']} in {store_name(row, names)} on ", days, unit]
    yield Sentence((*parts, "."), pages.stock("out"))
    cells = [answer.cell_of(row, "missed_revenue", *OUTAGE) for row in rows if row["missed_revenue"]]
    if cells:
        missed = number("money", *cells, formula="sum", currency=facts.currency)
        start = "At the revenue of their days with stock, best sellers out of stock missed "
        yield Sentence((start, missed, "."), pages.stock("out"))


def _now(facts: Facts) -> Iterator[Sentence]:
    """What the stock needs now, whatever the period."""
    for kind, words, page in NEEDS:
        cell = facts.stock.cell("levels", kind=kind)
        if cell.value:
            subject = " product in a store has" if cell.value == 1 else " products in stores have"
            yield Sentence(("Now, ", number("count", cell), f"{subject} {words}", *_worth(facts, kind)), page)


def _worth(facts: Facts, kind: str) -> tuple[str | Number, ...]:
    """The end of the sentence about unsold stock: what it cost."""
    if kind != "unsold":
        return ()
    if not facts.may(Action.SEE_COSTS):
        return (".",)
    return (
        ", worth ",
        number("money", facts.stock.cell("stock_cost", kind=kind), currency=facts.currency),
        " at cost.",
    )
