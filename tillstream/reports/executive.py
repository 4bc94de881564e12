"""Arrange the executive report: headline, change, places, products, goals and forecast, data."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from tillstream.model.compared_figure import ComparedFigure
from tillstream.model.people import Action
from tillstream.model.text import upper_first
from tillstream.reports import formats, stock
from tillstream.reports.document import Chart, Column, Document, Section, Table, Tile
from tillstream.reports.evidence import Answer, Sentence
from tillstream.reports.facts import Facts, ReportSource
from tillstream.reports.narrative import data, effects, headline, outlook, places
from tillstream.reports.narrative.effects import EFFECTS
from tillstream.reports.narrative.headline import is_comparable
from tillstream.reports.narrative.outlook import name_of_target

MOST_ROWS = 12
MOST_BARS = 8
TOP = 10
"""Products with the most revenue that are listed."""
CHARTED = frozenset({"Regions", "Categories"})
_COMPARED = (
    Column("Revenue", "money"),
    Column("Part", "share"),
    Column("Change", "growth"),
    Column("Year before", "growth"),
    Column("Orders", "count"),
)


def document(source: ReportSource) -> Document:
    """The report of a period. Without sales, it states that and how complete the data are."""
    facts = Facts(source)
    names = _catalogue_names(facts, "store")
    sections = list(_sections(facts, names)) if facts.has_sales else [_without_sales(facts)]
    return Document(
        f"Sales in {facts.period.name}",
        source.region or _scope_name(source),
        f"{source.ports.clock.now():%d %B %Y, %H:%M} UTC",
        facts.currency,
        tuple(_tiles(facts)) if facts.has_sales else (),
        tuple(one for one in sections if not one.is_empty),
        source.portal,
    )


def _without_sales(facts: Facts) -> Section:
    nothing = Sentence((f"There are no sales in {facts.period.name}.",), "/completeness")
    return Section("In short", (nothing, *data.sentences(facts)))


def _scope_name(source: ReportSource) -> str:
    scope = source.scope
    if scope.salesperson is not None:
        return "Own sales"
    if scope.stores is not None:
        return f"Stores {', '.join(scope.stores)}"
    return ", ".join(scope.regions) if scope.regions is not None else "All regions"


def _sections(facts: Facts, names: Mapping[str, str]) -> Iterator[Section]:
    yield Section("In short", tuple(headline.sentences(facts)), tuple(_trend(facts)))
    yield Section("What to do", tuple(data.advice(facts, names)))
    yield Section("Goals", tuple(outlook.goals(facts, names)), tuple(_goals(facts, names)))
    yield Section("Forecast", tuple(outlook.forecast(facts)))
    if is_comparable(facts):
        yield Section("What changed", tuple(effects.sentences(facts)), tuple(_change(facts)), is_page=True)
    yield _group(facts, "region", "Regions", names, is_page=True)
    yield _group(facts, "store", "Stores", names)
    yield _group(facts, "channel", "Channels", names)
    yield _group(facts, "category", "Categories", names)
    yield Section("Products", (), (_products(facts),))
    yield stock.section(facts, names)
    yield _people(facts)
    yield Section("Customers", tuple(places.customers(facts)))
    yield Section("Data", tuple(data.sentences(facts)), (_definitions(facts),))


def _tiles(facts: Facts) -> Iterator[Tile]:
    totals, more = facts.totals.rows[0], facts.more_totals.rows[0]
    for label, kind, figure in (
        ("Revenue", "money", "revenue"),
        ("Orders", "count", "orders"),
        ("Average order", "money", "average_order_value"),
        ("Units", "count", "units"),
        ("Customers", "count", "customers"),
    ):
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
        yield Tile(label, kind, totals[figure], changes)
    if facts.may(Action.SEE_COSTS) and more.get("margin_rate") is not None:
        yield Tile("Margin rate", "share", more["margin_rate"])


def _same_days(facts: Facts) -> str:
    return "the same days " if facts.compared and facts.compared.cut else ""


def _trend(facts: Facts) -> Iterator[Chart]:
    rows = facts.trend.rows
    if len(rows) > 1:
        bars = [(f"{row['period_start']:%b %y}", float(row["revenue"])) for row in rows]
        first, last = (f"{rows[index]['period_start']:%B %Y}" for index in (0, -1))
        alt = f"Revenue by month in {facts.currency}, from {first} to {last}"
        yield Chart("columns", bars, alt)


def _change(facts: Facts) -> Iterator[Table | Chart]:
    rounded = effects.rounded_effects(facts)
    before, after = (Decimal(facts.change.cell("amount", effect=name).value) for name in ("before", "after"))
    steps = [(EFFECTS[name].label, float(one.value)) for name, one in rounded.items()]
    bars = [("Before", float(before)), *steps]
    alt = f"From {formats.money(before, facts.currency)} to {formats.money(after, facts.currency)} {facts.currency}"
    yield Chart("steps", [*bars, ("After", float(after))], alt, totals=(0, len(bars)))
    rows = [[EFFECTS[name].label, one.shown, EFFECTS[name].meaning] for name, one in rounded.items()]
    total = [["All together", sum((one.shown or Decimal(0) for one in rounded.values()), Decimal(0)), ""]]
    columns = (Column("Effect"), Column("Amount", "signed money"), Column("Meaning"))
    yield Table(
        "Parts of the change",
        columns,
        [*rows, *total],
        "The parts add up to the change. Items are products by channel, as on the page Compare.",
    )
    yield from _movers(facts)


def _movers(facts: Facts) -> Iterator[Table]:
    columns = (Column("Product"), Column("Before", "money"), Column("After", "money"), Column("Change", "signed money"))
    printed = effects.printed_movers(facts)
    cells = [
        [effects.name_of(row), row["before"], row["after"], printed[row["item"]]]
        for row in facts.moved[: effects.MOVERS_SHOWN]
    ]
    if cells:
        yield Table("Products that moved most", columns, cells)


def _group(facts: Facts, dimension: str, title: str, names: Mapping[str, str], *, is_page: bool = False) -> Section:
    answer = facts.groups(dimension)
    if len([row for row in answer.rows if row["item"] is not None]) < 2:
        return Section(title)
    return Section(
        title,
        tuple(places.sentences(facts, answer, dimension, title.lower(), names)),
        tuple(_compared(facts, answer, title, names)),
        is_page=is_page,
    )


def _compared(facts: Facts, answer: Answer, title: str, names: Mapping[str, str]) -> Iterator[Table | Chart]:
    rows = [row for row in answer.rows if row["revenue"] or row["before"]]
    named = [(names.get(f"{row['region'] or ''}/{row['item']}", row["item"] or "None"), row) for row in rows]
    bars = [(name, float(row["revenue"])) for name, row in named if row["revenue"] > 0][:MOST_BARS]
    if len(bars) > 1 and title in CHARTED:
        yield Chart("bars", bars, f"{title} by revenue")
    cells = [[name, *figures] for (name, _), figures in zip(named, _figures(facts, rows, answer), strict=True)]
    has_orders = any(row["orders"] is not None for row in rows)
    kept = None if has_orders else -1
    yield Table(title, (Column(title), *_COMPARED)[:kept], [row[:kept] for row in cells], most=MOST_ROWS)


def _figures(
    facts: Facts, rows: Sequence[Mapping[str, Any]], whole: Answer, last: str = "orders"
) -> Iterator[list[Any]]:
    """The cells of each row below `_COMPARED`. whole: all groups, whose revenue is that of which the rows are parts."""
    like = max((abs(row["revenue"]) for row in rows[:MOST_ROWS]), default=Decimal(0))
    for row in rows:
        part = places.part_of(whole, row["revenue"], like)
        growths = (places.growth_of(facts, row, before) for before in ("before", "year_before"))
        yield [row["revenue"], part, *growths, row[last]]


def _products(facts: Facts) -> Table:
    columns = (Column("Product"), *_COMPARED[:4], Column("Units", "count"))
    best = facts.products.rows[:TOP]
    rows = [
        [row["product_name"] or row["product"], *figures]
        for row, figures in zip(best, _figures(facts, best, facts.groups("region"), "units"), strict=True)
    ]
    return Table("Products with the most revenue", columns, rows)


def _people(facts: Facts) -> Section:
    if not facts.may(Action.SEE_PERSONAL):
        return Section("Salespeople")
    answer, names = facts.groups("salesperson"), _catalogue_names(facts, "salesperson")
    rows = [row for row in answer.rows if row["item"] is not None]
    cells = [
        [names.get(f"{row['region']}/{row['item']}", row["item"]), *figures]
        for row, figures in zip(rows, _figures(facts, rows, answer), strict=True)
    ]
    table = Table("Salespeople with the most revenue", (Column("Salesperson"), *_COMPARED), cells, most=MOST_ROWS)
    return Section("Salespeople", (), (table,) if len(cells) > 1 else ())


def _goals(facts: Facts, names: Mapping[str, str]) -> Iterator[Table]:
    columns = (
        Column("Goal of"), Column("Currency", "currency"), Column("Goal", "money"), Column("Sold", "money"),
        Column("Reached", "share"), Column("Complete until", "day"), Column("Sold until then", "money"),
        Column("Expected until then", "money"), Column("End of month", "money"),
    )  # fmt: skip
    rows = [
        [
            upper_first(name_of_target(row, names)), row["currency"], Decimal(row["goal"]),
            outlook.sold_so_far(row), outlook.part_reached(facts, row),
            date.fromisoformat(row["complete_through"]) if row["complete_through"] else None,
            *(None if row[name] is None else Decimal(row[name]) for name in ("sold", "expected", "projected")),
        ]
        for row in facts.goals.rows
    ]  # fmt: skip
    if rows:
        yield Table(f"Goals of {facts.period.last:%B %Y}", columns, rows, most=outlook.GOALS_SHOWN)


def _definitions(facts: Facts) -> Table:
    before = "the same days of the period before" if _same_days(facts) else "the period before"
    rows = [
        ["Revenue", "Net amounts of lines that are not cancelled, returns included, at each day's exchange rate"],
        ["Average order", "Revenue divided by orders"],
        ["Change", f"Against {before}; Year before: against the same days of the year before"],
    ]
    if facts.may(Action.SEE_COSTS):
        rows.append(["Margin rate", "Margin divided by the revenue of lines with a cost"])
    return Table("What the figures mean", (Column("Figure"), Column("Meaning")), rows)


def _catalogue_names(facts: Facts, kind: str) -> dict[str, Any]:
    """Region and code → name; with its region if another one has the same name."""
    rows = [row for row in facts.ask("catalogue-names", kind=kind).rows if row["name"]]
    counts = Counter(row["name"] for row in rows)
    return {
        f"{row['region']}/{row['code']}": row["name"] if counts[row["name"]] == 1 else f"{row['name']}, {row['region']}"
        for row in rows
    }
