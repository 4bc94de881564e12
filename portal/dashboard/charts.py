"""The dashboard area's pictures: plain data for the page's script, which knows the colours and draws."""

from datetime import date
from decimal import Decimal
from typing import Any

BARS = 12
MANY = 60
"""Above so many points a line reads better than bars."""


def over_time(rows: list[dict[str, Any]], period: str, currency: str) -> dict[str, Any]:
    """Bars of revenue by period, a line where there are many."""
    return {
        "kind": "line" if len(rows) > MANY else "columns",
        "labels": [row["period_start"].isoformat() for row in rows],
        "names": [period_name(row["period_start"], period) for row in rows],
        "ticks": [_tick(row["period_start"], period) for row in rows],
        "values": [_number(row["revenue"]) for row in rows],
        "currency": currency,
    }


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
