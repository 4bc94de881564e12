"""The dashboard area's pictures: plain data for the page's script, which knows the colours and draws."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

BARS = 12
MANY = 60
"""Above so many points a line reads better than bars."""


def over_time(rows: list[dict[str, Any]], period: str, currency: str) -> dict[str, Any]:
    """Bars of revenue by period, a line where there are many; a period without sales has its place too."""
    sold = {row["period_start"]: _number(row["revenue"]) for row in rows}
    starts = list(_starts(min(sold), max(sold), period)) if sold else []
    return {
        "kind": "line" if len(starts) > MANY else "columns",
        "labels": [start.isoformat() for start in starts],
        "names": [period_name(start, period) for start in starts],
        "ticks": [_tick(start, period) for start in starts],
        "values": [sold.get(start, 0.0) for start in starts],
        "starts": starts,
        "currency": currency,
    }


def span(start: date, period: str) -> tuple[date, date]:
    """The first and the last day of the period that begins with `start`."""
    _, following = islice(_starts(start, start + timedelta(days=400), period), 2)
    return start, following - timedelta(days=1)


def _starts(first: date, last: date, period: str) -> Iterator[date]:
    """The first day of every period from one to another, which are first days themselves."""
    months = {"monthly": 1, "quarterly": 3, "yearly": 12}.get(period)
    days = timedelta(days=7 if period == "weekly" else 1)
    while first <= last:
        yield first
        if months is None:
            first += days
        else:
            later = first.month - 1 + months
            first = first.replace(year=first.year + later // 12, month=later % 12 + 1)


def bars(
    rows: list[dict[str, Any]], column: str, currency: str, rest: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """The greatest as bars, the others together as the last."""
    more = rest or []
    shown = rows if len(rows) + len(more) <= BARS else rows[: BARS - 1]
    names = [row[column] or "(not given)" for row in shown]
    values = [_number(row["revenue"]) for row in shown]
    others = rows[len(shown) :] + more
    if others:
        names.append(f"{len(others)} others")
        values.append(_number(sum((row["revenue"] for row in others), Decimal(0))))
    return {"kind": "bars", "labels": names, "names": names, "values": values, "currency": currency}


def beside(rows: list[dict[str, Any]], length: int, name: str) -> dict[str, Any]:
    """Another period's values at the places of this one's; None where it has no such place."""
    values: list[float | None] = [None] * length
    for row in rows:
        if row["position"] < length:
            values[row["position"]] = _number(row["revenue"])
    return {"name": name, "values": values}


def heatmap(
    cells: dict[tuple[date, int], dict[str, Any]], months: list[date], weekdays: tuple[str, ...], currency: str
) -> dict[str, Any]:
    """A row a month: what a day of that weekday brings; None where nothing was sold."""
    values = [[_each_day(cells.get((month, weekday))) for weekday in range(1, len(weekdays) + 1)] for month in months]
    names = [period_name(month, "monthly") for month in months]
    return {"kind": "heatmap", "labels": list(weekdays), "names": names, "values": values, "currency": currency}


def _each_day(cell: dict[str, Any] | None) -> float | None:
    return _number(cell["revenue"]) / cell["days"] if cell and cell["days"] else None


def told_heatmap(figure: dict[str, Any], weekdays: tuple[str, ...]) -> str:
    found = [
        (value, f"{day} in {month}")
        for month, row in zip(figure["names"], figure["values"], strict=True)
        for day, value in zip(weekdays, row, strict=True)
        if value is not None
    ]
    if not found:
        return "No sales in these months."
    best = max(found)
    return f"What a day brings, by month and weekday: best {best[1]} with {_told(best[0], figure)} a day."


def world(areas: dict[str, list[dict[str, Any]]], currency: str) -> dict[str, Any]:
    """Revenue by ISO code; several names of one country are one area."""
    values = [_number(sum((row["revenue"] for row in rows), Decimal(0))) for rows in areas.values()]
    names = [", ".join(row["country"] for row in rows) for rows in areas.values()]
    return {"kind": "world", "labels": list(areas), "names": names, "values": values, "currency": currency}


def told_world(rows: list[dict[str, Any]], currency: str) -> str:
    first = [f"{row['country'] or 'not given'} {_number(row['revenue']):,.0f} {currency}" for row in rows[:3]]
    return f"Revenue of {len(rows)} countries on a map, the greatest: {'; '.join(first)}."


def told_over_time(figure: dict[str, Any]) -> str:
    """The picture in a sentence, for whoever does not see it."""
    values, names = figure["values"], figure["names"]
    if not values:
        return "No sales in these days."
    high, low = values.index(max(values)), values.index(min(values))
    return (
        f"Revenue from {names[0]} to {names[-1]} in {len(values)} steps: highest in {names[high]} with "
        f"{_told(values[high], figure)}, lowest in {names[low]} with {_told(values[low], figure)}."
    )


def told_bars(figure: dict[str, Any], called: str) -> str:
    first = [f"{name} {_told(value, figure)}" for name, value in zip(figure["names"], figure["values"], strict=True)]
    return f"Revenue of {called}, the greatest first: {'; '.join(first[:3])}{'; …' if len(first) > 3 else ''}."


def _told(value: float, figure: dict[str, Any]) -> str:
    return f"{value:,.0f} {figure['currency']}"


def period_name(start: date, period: str) -> str:
    match period:
        case "yearly":
            return str(start.year)
        case "quarterly":
            return f"Q{(start.month + 2) // 3} {start.year}"
        case "monthly":
            return f"{start:%b %Y}"
        case "weekly":
            return f"Week of {start.day} {start:%b %Y}"
        case _:
            return f"{start.day} {start:%b %Y}"


def _tick(start: date, period: str) -> str:
    """Short enough to stand under its bar."""
    return f"{start.day} {start:%b %y}" if period in {"daily", "weekly"} else period_name(start, period)


def _number(value: Decimal) -> float:
    """For a picture, where the last cent has no pixel; the table beside it holds the decimal."""
    return float(value)
