"""The first sentences: revenue, its change, and whether such a change is usual."""

from collections.abc import Iterator
from decimal import Decimal

from tillstream.model.compared_figure import ComparedFigure
from tillstream.reports import formats
from tillstream.reports.evidence import Cell, Number, Sentence, number
from tillstream.reports.facts import Facts
from tillstream.reports.narrative import pages
from tillstream.reports.narrative.effects import EFFECTS, largest_effects, rounded_effects
from tillstream.reports.period import MONTH, written

FEWEST_LINES = 30
"""Lines of a period from which on it is compared."""
FEWEST_MONTHS = 6
"""Earlier changes from month to month from which on a change is called usual or not."""
SAME = Decimal("0.0005")
"""Changes below this part of the base are none."""


def sentences(facts: Facts) -> Iterator[Sentence]:
    """Revenue and its change, against the period before and a year ago; then the largest parts of the change."""
    page, currency = pages.dashboard(facts), facts.currency
    revenue = number("money", facts.totals.cell("revenue"), currency=currency)
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


def is_comparable(facts: Facts) -> bool:
    """Whether the period before has enough lines."""
    return bool(_value(facts, "before")) and facts.compared is not None and _lines_before(facts) >= FEWEST_LINES


def _lines_before(facts: Facts) -> int:
    rows = facts.before_totals.rows if facts.before_totals else []
    return int(rows[0]["active_lines"] or 0) if rows else 0


def _value(facts: Facts, column: str) -> Decimal | None:
    row = facts.growth.row(figure="revenue")
    return row[column] if row and row[column] and formats.printed(row[column], facts.currency) > 0 else None


def _against(facts: Facts, column: str, name: str) -> Sentence:
    now, before = (facts.growth.cell(each, figure="revenue") for each in ("value", column))
    figure = formats.printed_figure(ComparedFigure.of_whole(now.value, before.value), facts.currency)
    growth = figure.growth or Decimal(0)
    change = number("share", now, before, formula="size of growth", shown=abs(growth))
    base = number("money", before, currency=facts.currency)
    start: tuple[str | Number, ...] = ("That is ",)
    if facts.compared and facts.compared.cut:
        name = f"in the same days of {name}" if column == "before" else f"in the same days {name}"
        if column == "before":
            start = (f"Until {written(facts.compared.end)} it is ", number("money", now, currency=facts.currency), ", ")
    if abs(growth) < SAME:
        return Sentence((*start, "as much as ", name, " (", base, ")."), pages.compare(facts))
    word = "more" if growth > 0 else "less"
    return Sentence((*start, change, f" {word} than ", name, " (", base, ")."), pages.compare(facts))


def _usual(facts: Facts) -> Sentence | None:
    """Whether the change of a month is within the changes of earlier months."""
    months = facts.trend.rows
    is_long = len(months) >= FEWEST_MONTHS + 2 and months[-1]["period_start"] == facts.period.first
    if facts.period.kind != MONTH or not is_long:
        return None
    cells = [facts.trend.cell("revenue", period_start=row["period_start"]) for row in months]
    if any(not cell.value or cell.value <= 0 for cell in cells):
        return None
    changes = [_change(*pair) for pair in zip(cells[1:], cells[:-1], strict=True)]
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
            pages.dashboard(facts),
        )  # fmt: skip
    if inside:
        return None
    word = "rise" if now.value > high.value else "fall"
    return Sentence((f"No {word} of the {len(earlier)} months before was as large.",), pages.dashboard(facts))


def _change(now: Cell, before: Cell) -> Number:
    return number("share", now, before, formula="growth")


def _parts(facts: Facts, effects: list[Cell]) -> Sentence:
    rounded = rounded_effects(facts)
    parts: list[str | Number] = []
    for name in (str(dict(one.where)["effect"]) for one in effects):
        start = ", then " if parts else "The largest part of the change is "
        parts += [start, EFFECTS[name].part, ": ", rounded[name]]
    return Sentence((*parts, "."), pages.compare(facts))
