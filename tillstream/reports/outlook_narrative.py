"""Sentences about goals, the forecast and the data, and what to do next, each with its reason."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tillstream.analytics.compared_figure import ComparedFigure
from tillstream.forecasting.published_forecasts import forecast_coverage
from tillstream.goals.targets import TARGET_FIELDS
from tillstream.model.document_json import JsonObject
from tillstream.model.text import upper_first
from tillstream.reports import formats, sales_narrative
from tillstream.reports.document import CitedCell, Sentence, TilePart, compute_number
from tillstream.reports.facts import ReportFacts, written_day
from tillstream.reports.sales_narrative import is_comparable, mover_change, mover_name, rounded_effects

AHEAD = (28, 91)
"""Days whose sums are named."""
MOST_GOALS = 6
GOALS_SHOWN = 12
"""Goals of the table on paper."""

BEHIND = Decimal("0.05")
RETURNS = Decimal("0.01")
"""Part of the base by which returns have to rise to be named."""
COVERED = Decimal("0.8")
"""Part of revenue with costs below which margins are doubtful."""
NAMED_REGIONS = 2
"""Goals that are named."""
FALLEN = Decimal("0.01")
"""Part of the base that a product has to lose to be named."""


def goal_sentences(facts: ReportFacts, names: Mapping[str, str]) -> Iterator[Sentence]:
    """What is reached of each goal, and how the month is going to end if it is not over."""
    for row in facts.goals.rows[:MOST_GOALS]:
        where = target_of(row)
        sold, since, goal = (_cell(facts, name, where) for name in ("sold", "sold_since", "goal"))
        part = part_reached(facts, row)
        reached = formats.printed_share(part, row["currency"])
        share = compute_number("share", sold, since, goal, formula="part of sum", shown=reached)
        amount = compute_number("money", goal, currency=row["currency"], like=part.like_whole)
        start = (upper_first(name_of_target(row, names)), " reached ", share, " of its goal of ", amount)
        if row["projected"] is None:
            yield Sentence((*start, "."), sales_narrative.goals_page(facts))
            continue
        low, high = (
            compute_number("money", _cell(facts, name, where), currency=row["currency"])
            for name in ("projected_low", "projected_high")
        )
        yield Sentence(
            (*start, "; the month is expected to end between ", low, " and ", high, "."),
            sales_narrative.goals_page(facts),
        )


def sold_so_far(row: Mapping[str, Any]) -> Decimal:
    """What is sold of a goal."""
    return Decimal(row["sold"]) + Decimal(row["sold_since"])


def part_reached(facts: ReportFacts, row: Mapping[str, Any]) -> TilePart:
    """What is reached of a goal, of the amounts that the table of goals writes."""
    goal = Decimal(row["goal"])
    return TilePart(sold_so_far(row), goal, _largest(facts, row, sold_so_far), _largest(facts, row, "goal"))


def goals_behind(facts: ReportFacts, row: Mapping[str, Any]) -> Decimal | None:
    """By what part of the expected amount a goal is behind, of the amounts that the table of goals writes."""
    sold, expected = (
        formats.printed_amount(row[name], row["currency"], _largest(facts, row, name)) for name in ("sold", "expected")
    )
    growth = ComparedFigure.of_whole(sold, expected).growth
    return None if growth is None else abs(growth)


def _largest(
    facts: ReportFacts, row: Mapping[str, Any], column: str | Callable[[Mapping[str, Any]], Decimal]
) -> Decimal:
    """The largest amount of a column of the table of goals, in the currency of a row."""
    same = [one for one in facts.goals.rows[:GOALS_SHOWN] if one["currency"] == row["currency"]]
    amounts = [Decimal(one[column] or 0) if isinstance(column, str) else column(one) for one in same]
    return max(map(abs, amounts), default=Decimal(0))


def forecast_sentences(facts: ReportFacts) -> Iterator[Sentence]:
    """What is expected of the next weeks, of the highest target with a forecast."""
    rows = facts.forecast.rows
    if not rows:
        return
    places = list(dict.fromkeys((row["region"], row["currency"]) for row in rows))
    for region, currency in places:
        for days in AHEAD:
            yield from _sum(facts, region, currency, days)


def _sum(facts: ReportFacts, region: str | None, currency: str, days: int) -> Iterator[Sentence]:
    cutoff = facts.forecast.rows[0]["cutoff_date"]
    where = {"region": region, "last_day": cutoff + timedelta(days=days)}
    row = facts.forecast.row(**where)
    if row is None or row["low"] is None:
        return
    mean, low, high = (
        compute_number("money", facts.forecast.cell(name, **where), currency=currency)
        for name in ("mean", "low", "high")
    )
    covers = forecast_coverage(row)
    place = f"region {region}" if region else covers
    of = f" in {place}" if place else ""
    start = f"From {written_day(row['first_day'])} to {written_day(row['last_day'])}, revenue of "
    yield Sentence(
        (start, mean, f" is expected{of}; with 80% probability it is between ", low, " and ", high, "."),
        sales_narrative.forecast_page(),
    )


def target_of(row: Mapping[str, Any]) -> JsonObject:
    """What identifies the row of a goal."""
    return {name: row[name] for name in TARGET_FIELDS}


def name_of_target(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """All sales, a region, or the name of a store."""
    if row["store"]:
        return names.get(f"{row['region']}/{row['store']}", str(row["store"]))
    return f"region {row['region']}" if row["region"] else "all sales"


def is_behind(row: Mapping[str, Any], part: Decimal) -> bool:
    """Whether a goal is behind what is expected by more than a part of it."""
    expected = Decimal(row["expected"] or 0)
    return expected > 0 and Decimal(row["sold"]) < expected * (1 - part)


def _cell(facts: ReportFacts, column: str, where: Mapping[str, Any]) -> CitedCell:
    return facts.goals.cell(column, **where)


def data_sentences(facts: ReportFacts) -> Iterator[Sentence]:
    """How complete the sales are, what was refused, and what changed afterwards."""
    page = sales_narrative.completeness_page(facts)
    late = _late(facts)
    if not late:
        day = min(facts.period.last, facts.today - timedelta(days=1))
        yield Sentence((f"All regions have sales until {written_day(day)} or later.",), page)
    for region, day in late:
        yield Sentence((f"Region {region} has sales only until {written_day(day)}.",), page)
    for row in facts.refused.rows:
        rows = compute_number("count", facts.refused.cell("refused_rows", region=row["region"]))
        yield Sentence((rows, f" rows of region {row['region']} are refused and not in this report."), "/uploads")
    missing = facts.totals.cell("unconverted_lines")
    if missing.value:
        lines = compute_number("count", missing)
        yield Sentence((lines, " sale lines have no exchange rate and no amount in this report."), page)
    if facts.corrections.rows:
        cells = [
            facts.corrections.cell("revenue_change", settlement_no=row["settlement_no"])
            for row in facts.corrections.rows
        ]
        changed = compute_number("signed money", *cells, formula="sum", currency=facts.source.reporting_currency)
        when = f" after {written_day(facts.period.last)}"
        yield Sentence(
            (f"Corrections imported{when} changed revenue of this period by ", changed, "."),
            sales_narrative.changes_page(),
        )


def advice(facts: ReportFacts, names: Mapping[str, str]) -> Iterator[Sentence]:
    """What to do next. Each sentence has its reason."""
    for region, day in _late(facts):
        yield Sentence(
            (f"Ask for the sales of region {region} after {written_day(day)}: the report does not contain them.",),
            sales_narrative.completeness_page(facts),
        )
    refused = [facts.refused.cell("refused_rows", region=row["region"]) for row in facts.refused.rows]
    if refused:
        rows = compute_number("count", *refused, formula="sum")
        yield Sentence(("Correct the refused rows: ", rows, " are not counted."), "/uploads")
    yield from _goals_behind(facts, names)
    if is_comparable(facts):
        yield from _of_the_change(facts)
    coverage = facts.more_totals.cell("cost_coverage") if "cost_coverage" in facts.more_totals.rows[0] else None
    if coverage is not None and coverage.value is not None and coverage.value < COVERED:
        yield Sentence(
            (
                "Add the missing costs: margins count only the ",
                compute_number("share", coverage),
                " of revenue that have one.",
            ),
            "/catalogue",
        )


def _goals_behind(facts: ReportFacts, names: Mapping[str, str]) -> Iterator[Sentence]:
    places = [row for row in facts.goals.rows if row["region"]] or facts.goals.rows
    late = sorted((row for row in places if is_behind(row, BEHIND)), key=_reached)
    for row in late[:NAMED_REGIONS]:
        where = target_of(row)
        sold, expected = (facts.goals.cell(name, **where) for name in ("sold", "expected"))
        gap = compute_number("share", sold, expected, formula="size of growth", shown=goals_behind(facts, row))
        yield Sentence(
            (f"Look at {name_of_target(row, names)}: ", gap, " behind what the goal expects by now."),
            sales_narrative.goals_page(facts),
        )


def _reached(row: Mapping[str, Any]) -> Decimal:
    return Decimal(row["sold"]) / Decimal(row["expected"])


def _of_the_change(facts: ReportFacts) -> Iterator[Sentence]:
    base = Decimal(facts.change.cell("amount", effect="before").value or 0)
    returns = rounded_effects(facts).get("returns")
    if returns and returns.value < 0 and abs(returns.value) > RETURNS * base:
        more = replace(returns, kind="money", formula="size", shown=abs(returns.shown or returns.value))
        yield Sentence(
            ("Check the returns: they took ", more, " more than before."), sales_narrative.compare_page(facts)
        )
    down = next((row for row in facts.moved if row["change"] < 0), None)
    if down and abs(down["contribution"] or 0) > FALLEN:
        less = mover_change(facts, down, "money", "size")
        yield Sentence(
            (f"Look at {mover_name(down)}: it sold ", less, " less than before."), sales_narrative.compare_page(facts)
        )


def _late(facts: ReportFacts) -> list[tuple[str, date]]:
    """Regions whose sales end before the period does, among those that sold within the two weeks before its end."""
    last = min(facts.period.last, facts.today - timedelta(days=1))
    recent = last - timedelta(days=14)
    return [
        (row["region"], row["last_sale_date"])
        for row in facts.freshness.rows
        if row["last_sale_date"] and recent <= row["last_sale_date"] < last
    ]
