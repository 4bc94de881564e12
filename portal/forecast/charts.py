"""Charts of forecasts: what was sold, the forecast and its band."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from portal.forecast import texts
from portal.formats import amount_words
from portal.reader_locale import day_text
from tillstream.forecasting.outside_series import OutsideValue

Rows = Sequence[dict[str, Any]]
MOST_LINES = 6
"""Lines of one chart, as many as there are colours."""
MOST_DAYS = 731
"""Days that the chart of an outside series shows, the latest ones."""


def ahead(sold: Rows, forecast: Rows, step: str, target: str, currency: str) -> dict[str, Any]:
    """What was sold in the last steps, then the forecast, whose line begins at the last value that was sold."""
    starts = [*(row["start"] for row in sold), *(row["first_day"] for row in forecast)]
    past, future = [_number(row["value"]) for row in sold], [_number(row["mean"]) for row in forecast]
    joined = past[-1:]
    gap: list[float | None] = [None] * max(len(past) - 1, 0)
    return _figure(step, target, currency, starts) | {
        "series": [
            {"name": texts.ACTUAL, "values": [*past, *[None] * len(future)]},
            {"name": texts.FORECAST, "values": [*gap, *joined, *future]},
        ],
        "band": {
            "name": texts.BAND,
            "low": [*gap, *joined, *(_number(row["low"]) for row in forecast)],
            "high": [*gap, *joined, *(_number(row["high"]) for row in forecast)],
        },
    }


def compared(sold: dict[date, Any], earlier: Rows, target: str, currency: str) -> dict[str, Any]:
    """Forecasts that were made a day before, and what came."""
    starts = [row["last_day"] for row in earlier]
    return _figure("day", target, currency, starts) | {
        "series": [
            {"name": texts.ACTUAL, "values": [_number(sold.get(day)) for day in starts]},
            {"name": texts.FORECAST, "values": [_number(row["mean"]) for row in earlier]},
        ],
        "band": {
            "name": texts.BAND,
            "low": [_number(row["low"]) for row in earlier],
            "high": [_number(row["high"]) for row in earlier],
        },
    }


def outside(values: Sequence[OutsideValue]) -> dict[str, Any]:
    """The latest known value of each day, a line for each region."""
    latest: dict[str, dict[date, float]] = {}
    for one in sorted(values, key=lambda each: (each.region, each.published_on)):
        latest.setdefault(one.region, {})[one.day] = one.value
    days = sorted({one.day for one in values})[-MOST_DAYS:]
    lines = list(latest.items())[:MOST_LINES]
    return {
        "kind": "line",
        "period": "daily",
        "labels": [day.isoformat() for day in days],
        "currency": "",
        "measure": texts.VALUE,
        "series": [
            {"name": region or texts.ALL_REGIONS, "values": [by_day.get(day) for day in days]}
            for region, by_day in lines
        ],
    }


def describe(label: str, target: str, total: dict[str, Any], currency: str) -> str:
    """The chart in a sentence, for screen readers."""
    amount = amount_words(total["mean"], currency)
    return f"{texts.TARGETS[target]} of {label}, forecast up to {day_text(total['last_day'])}: {amount}."


def _figure(step: str, target: str, currency: str, starts: Sequence[date]) -> dict[str, Any]:
    return {
        "kind": "line",
        "period": {"day": "daily", "week": "weekly"}[step],
        "labels": [start.isoformat() for start in starts],
        "currency": currency,
        "measure": texts.TARGETS[target],
    }


def _number(value: Any) -> float | None:
    """Float for a chart only; the table next to it shows the exact decimal."""
    return None if value is None else float(value)
