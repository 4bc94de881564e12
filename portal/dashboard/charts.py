"""The dashboard area's pictures: plain data for the page's script, which knows the colours and draws."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

BARS = 12
MANY = 60
"""Above so many points a line reads better than bars."""


def over_time(rows: list[dict[str, Any]], period: str, currency: str) -> dict[str, Any]:
    """Bars of revenue by period, a line where there are many. A period without sales has its place too."""
    sold = {row["period_start"]: _number(row["revenue"]) for row in rows}
    starts = list(_starts(min(sold), max(sold), period)) if sold else []
    return {
        "kind": "line" if len(starts) > MANY else "columns",
        "labels": [start.isoformat() for start in starts],
        "names": [period_name(start, period) for start in starts],
        "ticks": [_tick(start, period) for start in starts],
        "values": [sold.get(start, 0.0) for start in starts],
        "currency": currency,
    }


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


def bars(rows: list[dict[str, Any]], column: str, currency: str) -> dict[str, Any]:
    """The greatest as bars, the others together as the last."""
    shown = rows[:BARS] if len(rows) <= BARS else rows[: BARS - 1]
    names = [row[column] or "(not given)" for row in shown]
    values = [_number(row["revenue"]) for row in shown]
    rest = rows[len(shown) :]
    if rest:
        names.append(f"{len(rest)} others")
        values.append(_number(sum((row["revenue"] for row in rest), Decimal(0))))
    return {"kind": "bars", "labels": names, "names": names, "values": values, "currency": currency}


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
