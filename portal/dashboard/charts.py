"""Chart data for the script of the page, which draws the charts.

The drawing is in `portal/static/js/charts/`.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice

from portal.figures import ChartFigure, ChartSeries
from portal.formats import amount_words
from portal.reader_locale import day_text, month_text
from portal.translation import _
from portal.value_names import UNKNOWN_VALUE
from tillstream.ports.warehouse import Row

MANY = 60
"""Points; with more of them a line replaces the bars."""


def over_time(rows: list[Row], period: str, currency: str) -> ChartFigure:
    """Revenue by period as bars, as a line if there are many; periods without sales are 0.

    The script of the page names the periods by their first days, in the locale of the reader. A single period is a
    number, not a chart, and has its name.
    """
    sold = {row["period_start"]: _number(row["revenue"]) for row in rows}
    starts = list(_starts(min(sold), max(sold), period)) if sold else []
    figure: ChartFigure = {
        "kind": "line" if len(starts) > MANY else "columns",
        "period": period,
        "labels": [start.isoformat() for start in starts],
        "values": [sold.get(start, 0.0) for start in starts],
        "starts": starts,
        "currency": currency,
    }
    return {"names": [period_name(starts[0], period)], **figure} if len(starts) == 1 else figure


def span(start: date, period: str) -> tuple[date, date]:
    """First and last day of the period that starts on `start`."""
    _, following = islice(_starts(start, start + timedelta(days=400), period), 2)
    return start, following - timedelta(days=1)


def _starts(first: date, last: date, period: str) -> Iterator[date]:
    """First day of every period from `first` to `last`, which are first days themselves."""
    months = {"monthly": 1, "quarterly": 3, "yearly": 12}.get(period)
    days = timedelta(days=7 if period == "weekly" else 1)
    while first <= last:
        yield first
        if months is None:
            first += days
        else:
            later = first.month - 1 + months
            first = first.replace(year=first.year + later // 12, month=later % 12 + 1)


def comparison(rows: list[Row], length: int, name: str) -> ChartSeries:
    """Values of another period, aligned by position; None where it has none."""
    values: list[float | None] = [None] * length
    for row in rows:
        if row["position"] < length:
            values[row["position"]] = _number(row["revenue"])
    return {"name": name, "values": values}


def heatmap(
    cells: dict[tuple[date, int], Row], months: list[date], weekdays: tuple[str, ...], currency: str
) -> ChartFigure:
    """A row per month: average revenue of a day by weekday; None where nothing was sold."""
    values = [[_each_day(cells.get((month, weekday))) for weekday in range(1, len(weekdays) + 1)] for month in months]
    names = [period_name(month, "monthly") for month in months]
    return {"kind": "heatmap", "labels": list(weekdays), "names": names, "values": values, "currency": currency}


def _each_day(cell: Row | None) -> float | None:
    return _number(cell["revenue"]) / cell["days"] if cell and cell["days"] else None


def describe_heatmap(figure: ChartFigure, weekdays: tuple[str, ...]) -> str:
    averages = [
        (value, _("{weekday} in {month}", weekday=day, month=month))
        for month, row in zip(figure["names"], figure["values"], strict=True)
        for day, value in zip(weekdays, row, strict=True)
        if value is not None
    ]
    if not averages:
        return _("No sales in these months.")
    best = max(averages)
    return _(
        "Average revenue per day by month and weekday: highest on {best} with {amount}.",
        best=best[1],
        amount=amount_words(best[0], figure["currency"]),
    )


def world(areas: dict[str, list[Row]], currency: str) -> ChartFigure:
    """Revenue by ISO code; several names of a country are one area."""
    values = [_number(sum((row["revenue"] for row in rows), Decimal(0))) for rows in areas.values()]
    names = [", ".join(row["country"] for row in rows) for rows in areas.values()]
    return {"kind": "world", "labels": list(areas), "names": names, "values": values, "currency": currency}


def describe_world(rows: list[Row], currency: str) -> str:
    first = [f"{row['country'] or UNKNOWN_VALUE} {amount_words(row['revenue'], currency)}" for row in rows[:3]]
    return _(
        "Revenue of {count} countries on a map, the largest: {largest}.", count=len(rows), largest="; ".join(first)
    )


def describe_over_time(figure: ChartFigure) -> str:
    """The chart in a sentence, for screen readers."""
    values = figure["values"]
    if not values:
        return _("No sales in these days.")
    names = [period_name(date.fromisoformat(label), figure["period"]) for label in figure["labels"]]
    high, low = values.index(max(values)), values.index(min(values))
    highest, lowest = ((names[at], amount_words(values[at], figure["currency"])) for at in (high, low))
    return _(
        "Revenue from {first} to {last} in {steps} steps: highest in {high} with {high2}, lowest in {low} with {low2}.",
        first=names[0],
        last=names[-1],
        steps=len(values),
        high=highest[0],
        high2=highest[1],
        low=lowest[0],
        low2=lowest[1],
    )


def period_name(start: date, period: str) -> str:
    match period:
        case "yearly":
            return str(start.year)
        case "quarterly":
            return _("Q{number} {year}", number=(start.month + 2) // 3, year=start.year)
        case "monthly":
            return month_text(start)
        case "weekly":
            return _("Week of {day}", day=day_text(start))
        case _:
            return day_text(start)


def _number(value: Decimal) -> float:
    """Float for a chart only; the table next to it shows the exact decimal."""
    return float(value)
