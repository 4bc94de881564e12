"""Sentences about revenue, its change and the effects in it, places, products and customers, with their pages.

The rules are those for price, volume and mix of the query `change`: effects add up exactly; the average price paid can
change although no list price does.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from tillstream.analytics.compared_figure import ComparedFigure, named_effects
from tillstream.model.document_json import JsonObject
from tillstream.reports import formats
from tillstream.reports.document import CitedCell, Number, QueryAnswer, Sentence, TilePart, compute_number
from tillstream.reports.facts import MONTH, ReportFacts, written_day

NEXT_LARGEST = Decimal("0.5")
"""The second largest effect is named if it is at least this part of the largest."""
SMALLEST = Decimal("0.003")
"""Part of the base from which on the change of a product is named."""
BROAD, CONCENTRATED = Decimal("0.3"), Decimal("0.6")
"""Part of all movement that the ten greatest changes have."""
OFFSET = Decimal("0.25")
NAMED_PRODUCTS = 3
TOP_TEN = 10
MOVERS_SHOWN = 12
"""Products of the table of those that moved most."""


EFFECTS = named_effects("the period before", "this period")

FEWEST_LINES = 30
"""Lines of a period from which on it is compared."""
FEWEST_MONTHS = 6
"""Earlier changes from month to month from which on a change is called usual or not."""
SAME = Decimal("0.0005")
"""Changes below this part of the base are none."""

LEAST_SHARE = Decimal("0.05")
"""Part of revenue from which on the growth of a group is named, and of the earlier revenue from which on a fall is."""
NOTABLE = Decimal("0.02")
"""Growth from which on it is named."""


def dashboard_page(facts: ReportFacts) -> str:
    return f"/dashboard?{urlencode(_period(facts))}"


def compare_page(facts: ReportFacts) -> str:
    return f"/compare?{urlencode(_period(facts))}"


def customers_page(facts: ReportFacts) -> str:
    return f"/customers?{urlencode(_period(facts))}"


def goals_page(facts: ReportFacts) -> str:
    return f"/goals?month={facts.period.last:%Y-%m}"


def forecast_page() -> str:
    return "/forecast"


def stock_page(status: str = "") -> str:
    return f"/stock?status={status}" if status else "/stock"


def shrinkage_page(facts: ReportFacts) -> str:
    return f"/stock/reports/shrinkage?{urlencode(_period(facts))}"


def completeness_page(facts: ReportFacts) -> str:
    return f"/completeness?day={facts.period.last.isoformat()}"


def changes_page() -> str:
    return "/changes"


def _period(facts: ReportFacts) -> dict[str, str]:
    period = {"from": facts.period.first.isoformat(), "to": facts.period.last.isoformat()}
    return period | ({"region": facts.source.region} if facts.source.region else {})


def effect_cells(facts: ReportFacts) -> list[CitedCell]:
    """The cells of the effects, in their order."""
    return [facts.change.cell("amount", effect=row["effect"]) for row in facts.change.rows if row["effect"] in EFFECTS]


def rounded_effects(facts: ReportFacts) -> dict[str, Number]:
    """The effects by name, rounded so that they add up to the rounded change; without those that round to nothing."""
    cells = [one for one in effect_cells(facts) if one.value is not None]
    values = [Decimal(one.value) for one in cells]
    like = max(map(abs, (*values, sum(values, Decimal(0)))), default=Decimal(0))
    amounts = formats.rounded_parts(values, formats.amount_digits(facts.currency, like))
    return {
        str(dict(cell.where)["effect"]): Number("signed money", "value", (cell,), facts.currency, like, amount)
        for cell, amount in zip(cells, amounts, strict=True)
        if amount
    }


def largest_effects(facts: ReportFacts) -> list[CitedCell]:
    """The largest effect, and the second one if it is nearly as large."""
    ranked = sorted((one for one in effect_cells(facts) if one.value), key=lambda one: -abs(one.value))
    return [one for one in ranked[:2] if abs(one.value) >= NEXT_LARGEST * abs(ranked[0].value)]


def effect_sentences(facts: ReportFacts) -> Iterator[Sentence]:
    """How widely the change is spread, and which products rose and fell most."""
    rows, page = facts.moved, compare_page(facts)
    if not rows:
        return
    moved = [_change(facts, row) for row in rows]
    if len(moved) > TOP_TEN:
        part = compute_number("share", *moved, formula="part of ten")
        if part.value < BROAD:
            yield Sentence(("The change is broad: the ten greatest movers have ", part, " of all movement."), page)
        elif part.value > CONCENTRATED:
            yield Sentence(("The change is concentrated: ten products have ", part, " of all movement."), page)
    sides = [[row for row in rows if (row["change"] > 0) is rose] for rose in (True, False)]
    for side, start in zip(sides, ("Products that rose most: ", "Products that fell most: "), strict=True):
        yield from _named(facts, side, start)
    risen, fallen = (sum(abs(row["change"]) for row in side) for side in sides)
    if all(sides) and fallen > OFFSET * risen:
        cells = ([_change(facts, row) for row in side] for side in sides)
        rises, falls = (
            compute_number("money", *side, formula="size of sum", currency=facts.currency) for side in cells
        )
        yield Sentence(("All rises add up to ", rises, ", all falls to ", falls, "."), page)


def mover_name(row: Mapping[str, Any]) -> str:
    """The name of the product of a row of the movers."""
    return str(row["name"] or row["item"])


def printed_movers(facts: ReportFacts) -> dict[Any, Decimal]:
    """The changes of the products in the table of movers, by item: those of the figures that it prints beside them."""
    rows = facts.moved[:MOVERS_SHOWN]
    changes = formats.printed_changes([(one["before"], one["after"]) for one in rows], facts.currency)
    return dict(zip((one["item"] for one in rows), changes, strict=True))


def mover_change(facts: ReportFacts, row: Mapping[str, Any], kind: str, formula: str = "value") -> Number:
    """The change of a row of the movers, as their table prints it."""
    printed = printed_movers(facts)
    shown = printed.get(row["item"])
    if shown is not None and formula == "size":
        shown = abs(shown)
    return Number(kind, formula, (_change(facts, row),), facts.currency, max(map(abs, printed.values())), shown)


def _change(facts: ReportFacts, row: Mapping[str, Any]) -> CitedCell:
    return facts.movers.cell_of(row, "change", "item")


def _named(facts: ReportFacts, rows: list[Mapping[str, Any]], start: str) -> Iterator[Sentence]:
    """The greatest changes that are large enough to be named."""
    chosen = [row for row in rows if abs(row["contribution"] or 0) >= SMALLEST][:NAMED_PRODUCTS]
    if not chosen:
        return
    parts: list[str | Number] = [start]
    for position, row in enumerate(chosen):
        amount = mover_change(facts, row, "signed money")
        parts += [", " if position else "", mover_name(row), " ", amount]
    yield Sentence((*parts, "."), compare_page(facts))


def headline_sentences(facts: ReportFacts) -> Iterator[Sentence]:
    """Revenue and its change, against the period before and a year ago; then the largest parts of the change."""
    page, currency = dashboard_page(facts), facts.currency
    revenue = compute_number("money", facts.totals.cell("revenue"), currency=currency)
    so_far = " so far" if facts.period.last >= facts.today else ""
    yield Sentence((f"Revenue in {facts.period.name} is ", revenue, f"{so_far}."), page)
    if not is_comparable(facts):
        yield Sentence((f"There is nothing to compare it with: {facts.period.before} has too few sales.",), page)
        return
    yield _against(facts, "before", facts.period.before)
    usual = None if facts.compared and facts.compared.cut else _usual(facts)
    if usual:
        yield usual
    if _value(facts, "year_before"):
        yield _against(facts, "year_before", "a year before")
    effects = [one for one in largest_effects(facts) if dict(one.where)["effect"] in rounded_effects(facts)]
    if effects:
        yield _parts(facts, effects)


def is_comparable(facts: ReportFacts) -> bool:
    """Whether the period before has enough lines."""
    return bool(_value(facts, "before")) and facts.compared is not None and _lines_before(facts) >= FEWEST_LINES


def _lines_before(facts: ReportFacts) -> int:
    rows = facts.before_totals.rows if facts.before_totals else []
    return int(rows[0]["active_lines"] or 0) if rows else 0


def _value(facts: ReportFacts, column: str) -> Decimal | None:
    row = facts.growth.row(figure="revenue")
    return row[column] if row and row[column] and formats.printed_amount(row[column], facts.currency) > 0 else None


def _against(facts: ReportFacts, column: str, name: str) -> Sentence:
    now, before = (facts.growth.cell(each, figure="revenue") for each in ("value", column))
    figure = formats.printed_figure(ComparedFigure.of_whole(now.value, before.value), facts.currency)
    growth = figure.growth or Decimal(0)
    change = compute_number("share", now, before, formula="size of growth", shown=abs(growth))
    base = compute_number("money", before, currency=facts.currency)
    start: tuple[str | Number, ...] = ("That is ",)
    if facts.compared and facts.compared.cut:
        name = f"in the same days of {name}" if column == "before" else f"in the same days {name}"
        if column == "before":
            start = (
                f"Until {written_day(facts.compared.end)} it is ",
                compute_number("money", now, currency=facts.currency),
                ", ",
            )
    if abs(growth) < SAME:
        return Sentence((*start, "as much as ", name, " (", base, ")."), compare_page(facts))
    word = "more" if growth > 0 else "less"
    return Sentence((*start, change, f" {word} than ", name, " (", base, ")."), compare_page(facts))


def _usual(facts: ReportFacts) -> Sentence | None:
    """Whether the change of a month is within the changes of earlier months."""
    months = facts.trend.rows
    is_long = len(months) >= FEWEST_MONTHS + 2 and months[-1]["period_start"] == facts.period.first
    if facts.period.kind != MONTH or not is_long:
        return None
    cells = [facts.trend.cell("revenue", period_start=row["period_start"]) for row in months]
    if any(not cell.value or cell.value <= 0 for cell in cells):
        return None
    changes = [_headline_change(*pair) for pair in zip(cells[1:], cells[:-1], strict=True)]
    *earlier, now = changes
    low, high = min(earlier, key=lambda one: one.value), max(earlier, key=lambda one: one.value)
    inside = low.value <= now.value <= high.value
    if inside and low.value < 0 < high.value:
        sizes = [Number("share", "size of growth", one.cells) for one in (low, high)]
        return Sentence(
            (
                f"In the {len(earlier)} months before, revenue changed from month to month by between ",
                "−", sizes[0], " and +", sizes[1], "; this change is within that range.",
            ),
            dashboard_page(facts),
        )  # fmt: skip
    if inside:
        return None
    word = "rise" if now.value > high.value else "fall"
    return Sentence((f"No {word} of the {len(earlier)} months before was as large.",), dashboard_page(facts))


def _headline_change(now: CitedCell, before: CitedCell) -> Number:
    return compute_number("share", now, before, formula="growth")


def _parts(facts: ReportFacts, effects: list[CitedCell]) -> Sentence:
    rounded = rounded_effects(facts)
    parts: list[str | Number] = []
    for name in (str(dict(one.where)["effect"]) for one in effects):
        start = ", then " if parts else "The largest part of the change is "
        parts += [start, EFFECTS[name].part, ": ", rounded[name]]
    return Sentence((*parts, "."), compare_page(facts))


def place_sentences(
    facts: ReportFacts, answer: QueryAnswer, noun: str, nouns: str, names: Mapping[str, str]
) -> Iterator[Sentence]:
    """The largest group, and those that grew and shrank fastest. names: item → name for people.

    noun and nouns: what a group is, and its plural.
    """
    rows = [row for row in answer.rows if row["item"] is not None and row["revenue"] > 0]
    if len(rows) < 2:
        return
    yield _largest_place(facts, answer, rows[0], (f"The largest {noun} is ", _place_name(rows[0], names)))
    compared = [row for row in answer.rows if row["item"] is not None and row["growth"] is not None]
    earlier = LEAST_SHARE * sum(row["before"] for row in compared)
    grown = [row for row in compared if row["revenue"] > 0 and row["revenue_share"] >= LEAST_SHARE]
    fallen = [row for row in compared if row["before"] >= earlier]
    fastest = max(grown, key=lambda row: row["growth"], default=None)
    if fastest and fastest["growth"] >= NOTABLE:
        yield _growth_of_place(
            facts, answer, fastest, f"Of the {nouns}, {_place_name(fastest, names)} grew fastest, by "
        )
    fastest = min(fallen, key=lambda row: row["growth"], default=None)
    if fastest and fastest["growth"] <= -NOTABLE:
        yield _growth_of_place(
            facts, answer, fastest, f"Of the {nouns}, {_place_name(fastest, names)} shrank fastest, by "
        )


def _largest_place(facts: ReportFacts, answer: QueryAnswer, row: Mapping[str, Any], start: tuple[str, ...]) -> Sentence:
    like = max(abs(other["revenue"] or 0) for other in answer.rows)
    revenue = compute_number("money", answer.cell("revenue", **_where(row)), currency=facts.currency, like=like)
    printed = formats.printed_share(part_of_revenue(answer, row["revenue"], like), facts.currency)
    part = compute_number("share", answer.cell("revenue_share", **_where(row)), shown=printed)
    return Sentence((*start, " with ", revenue, ", ", part, " of revenue."), dashboard_page(facts))


def _growth_of_place(facts: ReportFacts, answer: QueryAnswer, row: Mapping[str, Any], start: str) -> Sentence:
    now, before = (answer.cell(column, **_where(row)) for column in ("revenue", "before"))
    growth = growth_of_group(facts, row, "before")
    size = None if growth is None else abs(growth)
    change = compute_number("share", now, before, formula="size of growth", shown=size)
    return Sentence((start, change, "."), compare_page(facts))


def part_of_revenue(whole: QueryAnswer, revenue: Decimal, like: Decimal) -> TilePart:
    """The part of the revenue of all groups. like: the largest revenue that is written in the same column."""
    return TilePart(revenue, sum((row["revenue"] for row in whole.rows), Decimal(0)), like)


def growth_of_group(facts: ReportFacts, row: Mapping[str, Any], before: str) -> Decimal | None:
    """The growth of the revenue of a group, of amounts in the minor unit, as pages and files have it."""
    return ComparedFigure.of_whole(row["revenue"], row[before]).in_currency(facts.currency).growth


def customer_sentences(facts: ReportFacts) -> Iterator[Sentence]:
    """How many customers there were, how many were new, and how much revenue has no customer."""
    counts = facts.customers.rows[0]
    if not counts["customers"]:
        return
    every, new = (compute_number("count", facts.customers.cell(name)) for name in ("customers", "new_customers"))
    bought = "customers bought" if every.value != 1 else "customer bought"
    yield Sentence((every, f" known {bought}; ", new, " of them for the first time."), customers_page(facts))
    lines, active = facts.customers.cell("anonymous_lines"), facts.totals.cell("active_lines")
    if lines.value:
        part = compute_number("share", lines, active, formula="part")
        yield Sentence((part, " of the sale lines have no customer."), customers_page(facts))


def _where(row: Mapping[str, Any]) -> JsonObject:
    return {"item": row["item"], "region": row["region"]}


def _place_name(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return names.get(f"{row['region'] or ''}/{row['item']}", str(row["item"]))
