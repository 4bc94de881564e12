"""Arrange the executive report: headline, change, places, products, goals and forecast, data."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from tillstream.analytics.compared_figure import ComparedFigure
from tillstream.analytics.measures.definitions import find_measure
from tillstream.model.permissions import Action
from tillstream.model.text import upper_first
from tillstream.reports import formats, outlook_narrative, sales_narrative, stock_section
from tillstream.reports.document import (
    QueryAnswer,
    ReportChart,
    ReportColumn,
    ReportDocument,
    ReportSection,
    ReportTable,
    ReportTile,
    Sentence,
)
from tillstream.reports.facts import ReportFacts, ReportSource
from tillstream.reports.outlook_narrative import name_of_target
from tillstream.reports.sales_narrative import EFFECTS, is_comparable

MAX_TABLE_ROWS = 12
MAX_BARS = 8
TOP_PRODUCTS = 10
"""Products with the most revenue that are listed."""
CHARTED = frozenset({"Regions", "Categories"})
_COMPARED = (
    ReportColumn("Revenue", "money"),
    ReportColumn("Part", "share"),
    ReportColumn("Change", "growth"),
    ReportColumn("Year before", "growth"),
    ReportColumn("Orders", "count"),
)


def executive_report(source: ReportSource) -> ReportDocument:
    """The report of a period. Without sales, it states that and how complete the data are."""
    facts = ReportFacts(source)
    names = _catalogue_names(facts, "store")
    sections = list(_sections(facts, names)) if facts.has_sales else [_without_sales(facts)]
    return ReportDocument(
        f"Sales in {facts.period.name}",
        source.region or _scope_name(source),
        f"{source.ports.clock.now():%d %B %Y, %H:%M} UTC",
        facts.currency,
        tuple(_tiles(facts)) if facts.has_sales else (),
        tuple(one for one in sections if not one.is_empty),
        source.portal,
    )


def _without_sales(facts: ReportFacts) -> ReportSection:
    nothing = Sentence((f"There are no sales in {facts.period.name}.",), "/completeness")
    return ReportSection("In short", (nothing, *outlook_narrative.data_sentences(facts)))


def _scope_name(source: ReportSource) -> str:
    scope = source.scope
    if scope.salesperson is not None:
        return "Own sales"
    if scope.stores is not None:
        return f"Stores {', '.join(scope.stores)}"
    return ", ".join(scope.regions) if scope.regions is not None else "All regions"


def _sections(facts: ReportFacts, names: Mapping[str, str]) -> Iterator[ReportSection]:
    yield ReportSection("In short", tuple(sales_narrative.headline_sentences(facts)), tuple(_trend(facts)))
    yield ReportSection("What to do", tuple(outlook_narrative.advice(facts, names)))
    yield ReportSection("Goals", tuple(outlook_narrative.goal_sentences(facts, names)), tuple(_goals(facts, names)))
    yield ReportSection("Forecast", tuple(outlook_narrative.forecast_sentences(facts)))
    if is_comparable(facts):
        yield ReportSection(
            "What changed", tuple(sales_narrative.effect_sentences(facts)), tuple(_change(facts)), is_page=True
        )
    yield _group(facts, "region", "Regions", names, is_page=True)
    yield _group(facts, "store", "Stores", names)
    yield _group(facts, "channel", "Channels", names)
    yield _group(facts, "category", "Categories", names)
    yield ReportSection("Products", (), (_products(facts),))
    yield stock_section.stock_section(facts, names)
    yield _people(facts)
    yield ReportSection("Customers", tuple(sales_narrative.customer_sentences(facts)))
    yield ReportSection("Data", tuple(outlook_narrative.data_sentences(facts)), (_definitions(facts),))


def _tiles(facts: ReportFacts) -> Iterator[ReportTile]:
    totals, more = facts.totals.rows[0], facts.more_totals.rows[0]
    for figure in ("revenue", "orders", "average_order_value", "units", "customers"):
        measure = find_measure(figure)
        kind = "money" if measure.format == "money" else "count"
        row = facts.growth.row(figure=figure) if is_comparable(facts) else None
        currency = facts.currency if kind == "money" else ""
        changes = [
            (
                f"{_same_days(facts)}{name}",
                formats.printed_figure(ComparedFigure(totals[figure], row["value"], row[column]), currency),
            )
            for name, column in (("before", "before"), ("a year before", "year_before"))
            if row
        ]
        yield ReportTile(measure.label, kind, totals[figure], changes)
    if facts.may(Action.SEE_COSTS) and more.get("margin_rate") is not None:
        yield ReportTile("Margin rate", "share", more["margin_rate"])


def _same_days(facts: ReportFacts) -> str:
    return "the same days " if facts.compared and facts.compared.cut else ""


def _trend(facts: ReportFacts) -> Iterator[ReportChart]:
    rows = facts.trend.rows
    if len(rows) > 1:
        bars = [(f"{row['period_start']:%b %y}", float(row["revenue"])) for row in rows]
        first, last = (f"{rows[index]['period_start']:%B %Y}" for index in (0, -1))
        alt = f"Revenue by month in {facts.currency}, from {first} to {last}"
        yield ReportChart("columns", bars, alt)


def _change(facts: ReportFacts) -> Iterator[ReportTable | ReportChart]:
    rounded = sales_narrative.rounded_effects(facts)
    before, after = (Decimal(facts.change.cell("amount", effect=name).value) for name in ("before", "after"))
    steps = [(EFFECTS[name].label, float(one.value)) for name, one in rounded.items()]
    bars = [("Before", float(before)), *steps]
    alt = (
        f"From {formats.money_text(before, facts.currency)} to {formats.money_text(after, facts.currency)} "
        f"{facts.currency}"
    )
    yield ReportChart("steps", [*bars, ("After", float(after))], alt, totals=(0, len(bars)))
    rows = [[EFFECTS[name].label, one.shown, EFFECTS[name].meaning] for name, one in rounded.items()]
    total = [["All together", sum((one.shown or Decimal(0) for one in rounded.values()), Decimal(0)), ""]]
    columns = (ReportColumn("Effect"), ReportColumn("Amount", "signed money"), ReportColumn("Meaning"))
    yield ReportTable(
        "Parts of the change",
        columns,
        [*rows, *total],
        "The parts add up to the change. Items are products by channel, as on the page Compare.",
    )
    yield from _movers(facts)


def _movers(facts: ReportFacts) -> Iterator[ReportTable]:
    columns = (
        ReportColumn("Product"),
        ReportColumn("Before", "money"),
        ReportColumn("After", "money"),
        ReportColumn("Change", "signed money"),
    )
    printed = sales_narrative.printed_movers(facts)
    cells = [
        [sales_narrative.mover_name(row), row["before"], row["after"], printed[row["item"]]]
        for row in facts.moved[: sales_narrative.MOVERS_SHOWN]
    ]
    if cells:
        yield ReportTable("Products that moved most", columns, cells)


def _group(
    facts: ReportFacts, dimension: str, title: str, names: Mapping[str, str], *, is_page: bool = False
) -> ReportSection:
    answer = facts.groups(dimension)
    if len([row for row in answer.rows if row["item"] is not None]) < 2:
        return ReportSection(title)
    return ReportSection(
        title,
        tuple(sales_narrative.place_sentences(facts, answer, dimension, title.lower(), names)),
        tuple(_compared(facts, answer, title, names)),
        is_page=is_page,
    )


def _compared(
    facts: ReportFacts, answer: QueryAnswer, title: str, names: Mapping[str, str]
) -> Iterator[ReportTable | ReportChart]:
    rows = [row for row in answer.rows if row["revenue"] or row["before"]]
    named = [(names.get(f"{row['region'] or ''}/{row['item']}", row["item"] or "None"), row) for row in rows]
    bars = [(name, float(row["revenue"])) for name, row in named if row["revenue"] > 0][:MAX_BARS]
    if len(bars) > 1 and title in CHARTED:
        yield ReportChart("bars", bars, f"{title} by revenue")
    cells = [[name, *figures] for (name, _), figures in zip(named, _figures(facts, rows, answer), strict=True)]
    has_orders = any(row["orders"] is not None for row in rows)
    kept = None if has_orders else -1
    yield ReportTable(
        title, (ReportColumn(title), *_COMPARED)[:kept], [row[:kept] for row in cells], most=MAX_TABLE_ROWS
    )


def _figures(
    facts: ReportFacts, rows: Sequence[Mapping[str, Any]], whole: QueryAnswer, last: str = "orders"
) -> Iterator[list[Any]]:
    """The cells of each row below `_COMPARED`. whole: all groups, whose revenue is that of which the rows are parts."""
    like = max((abs(row["revenue"]) for row in rows[:MAX_TABLE_ROWS]), default=Decimal(0))
    for row in rows:
        part = sales_narrative.part_of_revenue(whole, row["revenue"], like)
        growths = (sales_narrative.growth_of_group(facts, row, before) for before in ("before", "year_before"))
        yield [row["revenue"], part, *growths, row[last]]


def _products(facts: ReportFacts) -> ReportTable:
    columns = (ReportColumn("Product"), *_COMPARED[:4], ReportColumn("Units", "count"))
    best = facts.products.rows[:TOP_PRODUCTS]
    rows = [
        [row["product_name"] or row["product"], *figures]
        for row, figures in zip(best, _figures(facts, best, facts.groups("region"), "units"), strict=True)
    ]
    return ReportTable("Products with the most revenue", columns, rows)


def _people(facts: ReportFacts) -> ReportSection:
    if not facts.may(Action.SEE_PERSONAL):
        return ReportSection("Salespeople")
    answer, names = facts.groups("salesperson"), _catalogue_names(facts, "salesperson")
    rows = [row for row in answer.rows if row["item"] is not None]
    cells = [
        [names.get(f"{row['region']}/{row['item']}", row["item"]), *figures]
        for row, figures in zip(rows, _figures(facts, rows, answer), strict=True)
    ]
    table = ReportTable(
        "Salespeople with the most revenue", (ReportColumn("Salesperson"), *_COMPARED), cells, most=MAX_TABLE_ROWS
    )
    return ReportSection("Salespeople", (), (table,) if len(cells) > 1 else ())


def _goals(facts: ReportFacts, names: Mapping[str, str]) -> Iterator[ReportTable]:
    columns = (
        ReportColumn("Goal of"),
        ReportColumn("Currency", "currency"),
        ReportColumn("Goal", "money"),
        ReportColumn("Sold", "money"),
        ReportColumn("Reached", "share"),
        ReportColumn("Complete until", "day"),
        ReportColumn("Sold until then", "money"),
        ReportColumn("Expected until then", "money"),
        ReportColumn("End of month", "money"),
    )
    rows = [
        [
            upper_first(name_of_target(row, names)), row["currency"], Decimal(row["goal"]),
            outlook_narrative.sold_so_far(row), outlook_narrative.part_reached(facts, row),
            date.fromisoformat(row["complete_through"]) if row["complete_through"] else None,
            *(None if row[name] is None else Decimal(row[name]) for name in ("sold", "expected", "projected")),
        ]
        for row in facts.goals.rows
    ]  # fmt: skip
    if rows:
        yield ReportTable(f"Goals of {facts.period.last:%B %Y}", columns, rows, most=outlook_narrative.GOALS_SHOWN)


def _definitions(facts: ReportFacts) -> ReportTable:
    before = "the same days of the period before" if _same_days(facts) else "the period before"
    rows = [
        ["Revenue", "Net amounts of lines that are not cancelled, returns included, at each day's exchange rate"],
        ["Average order", "Revenue divided by orders"],
        ["Change", f"Against {before}; Year before: against the same days of the year before"],
    ]
    if facts.may(Action.SEE_COSTS):
        rows.append(["Margin rate", "Margin divided by the revenue of lines with a cost"])
    return ReportTable("What the figures mean", (ReportColumn("Figure"), ReportColumn("Meaning")), rows)


def _catalogue_names(facts: ReportFacts, kind: str) -> dict[str, Any]:
    """Region and code → name; with its region if another one has the same name."""
    rows = [row for row in facts.ask("catalogue-names", kind=kind).rows if row["name"]]
    counts = Counter(row["name"] for row in rows)
    return {
        f"{row['region']}/{row['code']}": row["name"] if counts[row["name"]] == 1 else f"{row['name']}, {row['region']}"
        for row in rows
    }
