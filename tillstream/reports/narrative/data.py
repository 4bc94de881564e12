"""Sentences about the data that the report is made from, and what to do next, each with its reason."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tillstream.reports.evidence import Sentence, number
from tillstream.reports.facts import Facts
from tillstream.reports.narrative import pages
from tillstream.reports.narrative.effects import change_of, name_of, rounded_effects
from tillstream.reports.narrative.headline import is_comparable
from tillstream.reports.narrative.outlook import behind, is_behind, name_of_target, target_of
from tillstream.reports.period import written

BEHIND = Decimal("0.05")
RETURNS = Decimal("0.01")
"""Part of the base by which returns have to rise to be named."""
COVERED = Decimal("0.8")
"""Part of revenue with costs below which margins are doubtful."""
NAMED = 2
"""Goals that are named."""
FALLEN = Decimal("0.01")
"""Part of the base that a product has to lose to be named."""


def sentences(facts: Facts) -> Iterator[Sentence]:
    """How complete the sales are, what was refused, and what changed afterwards."""
    page = pages.completeness(facts)
    late = _late(facts)
    if not late:
        day = min(facts.period.last, facts.today - timedelta(days=1))
        yield Sentence((f"All regions have sales until {written(day)} or later.",), page)
    for region, day in late:
        yield Sentence((f"Region {region} has sales only until {written(day)}.",), page)
    for row in facts.refused.rows:
        rows = number("count", facts.refused.cell("refused_rows", region=row["region"]))
        yield Sentence((rows, f" rows of region {row['region']} are refused and not in this report."), "/uploads")
    missing = facts.totals.cell("unconverted_lines")
    if missing.value:
        lines = number("count", missing)
        yield Sentence((lines, " sale lines have no exchange rate and no amount in this report."), page)
    if facts.corrections.rows:
        cells = [
            facts.corrections.cell("revenue_change", settlement_no=row["settlement_no"])
            for row in facts.corrections.rows
        ]
        changed = number("signed money", *cells, formula="sum", currency=facts.source.reporting_currency)
        when = f" after {written(facts.period.last)}"
        yield Sentence(
            (f"Corrections imported{when} changed revenue of this period by ", changed, "."), pages.changes()
        )


def advice(facts: Facts, names: Mapping[str, str]) -> Iterator[Sentence]:
    """What to do next. Each sentence has its reason."""
    for region, day in _late(facts):
        yield Sentence(
            (f"Ask for the sales of region {region} after {written(day)}: the report does not contain them.",),
            pages.completeness(facts),
        )
    refused = [facts.refused.cell("refused_rows", region=row["region"]) for row in facts.refused.rows]
    if refused:
        rows = number("count", *refused, formula="sum")
        yield Sentence(("Correct the refused rows: ", rows, " are not counted."), "/uploads")
    yield from _goals_behind(facts, names)
    if is_comparable(facts):
        yield from _of_the_change(facts)
    coverage = facts.more_totals.cell("cost_coverage") if "cost_coverage" in facts.more_totals.rows[0] else None
    if coverage is not None and coverage.value is not None and coverage.value < COVERED:
        yield Sentence(
            ("Add the missing costs: margins count only the ", number("share", coverage), " of revenue that have one."),
            "/catalogue",
        )


def _goals_behind(facts: Facts, names: Mapping[str, str]) -> Iterator[Sentence]:
    places = [row for row in facts.goals.rows if row["region"]] or facts.goals.rows
    late = sorted((row for row in places if is_behind(row, BEHIND)), key=_reached)
    for row in late[:NAMED]:
        where = target_of(row)
        sold, expected = (facts.goals.cell(name, **where) for name in ("sold", "expected"))
        gap = number("share", sold, expected, formula="size of growth", shown=behind(facts, row))
        yield Sentence(
            (f"Look at {name_of_target(row, names)}: ", gap, " behind what the goal expects by now."),
            pages.goals(facts),
        )


def _reached(row: Mapping[str, Any]) -> Decimal:
    return Decimal(row["sold"]) / Decimal(row["expected"])


def _of_the_change(facts: Facts) -> Iterator[Sentence]:
    base = Decimal(facts.change.cell("amount", effect="before").value or 0)
    returns = rounded_effects(facts).get("returns")
    if returns and returns.value < 0 and abs(returns.value) > RETURNS * base:
        more = replace(returns, kind="money", formula="size", shown=abs(returns.shown or returns.value))
        yield Sentence(("Check the returns: they took ", more, " more than before."), pages.compare(facts))
    down = next((row for row in facts.moved if row["change"] < 0), None)
    if down and abs(down["contribution"] or 0) > FALLEN:
        less = change_of(facts, down, "money", "size")
        yield Sentence((f"Look at {name_of(down)}: it sold ", less, " less than before."), pages.compare(facts))


def _late(facts: Facts) -> list[tuple[str, date]]:
    """Regions whose sales end before the period does, among those that sold within the two weeks before its end."""
    last = min(facts.period.last, facts.today - timedelta(days=1))
    recent = last - timedelta(days=14)
    return [
        (row["region"], row["last_sale_date"])
        for row in facts.freshness.rows
        if row["last_sale_date"] and recent <= row["last_sale_date"] < last
    ]
