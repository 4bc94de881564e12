"""Forecasts that no longer fit: too few of the last days are inside of the bands that were forecast the day before."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from tillstream.forecasting.compute import Forecast
from tillstream.forecasting.levels import REGION, STORE, TOTAL, Nodes

LEVELS = (TOTAL, REGION, STORE)
DAYS = timedelta(days=28)
"""Time whose forecasts are compared."""
FEWEST = 14
"""Number of days from which on a node is judged."""
LOWEST = 0.5
"""Share of days inside of the band below which a forecast drifts; 80% are expected."""


def drifting(target: str, forecast: Forecast, nodes: Sequence[Nodes], earlier: pa.Table) -> list[str]:
    """Return a sentence for each node whose forecasts drift. `earlier` has rows of `forecasts` of earlier runs."""
    days = {day: step for step, day in enumerate(forecast.history.days[: forecast.history.steps].tolist())}
    last = max(days)
    actual = {each.level.name: each.tested.sums for each in forecast.levels}
    numbers = {
        (each.level.name, name.get("region"), name.get("store_id")): number
        for each in nodes
        if each.level.name in LEVELS
        for number, name in enumerate(each.names)
    }
    inside: dict[tuple[Any, ...], list[bool]] = {}
    for row in earlier.to_pylist():
        node = (row["level"], row["region"], row["store_id"])
        day = row["first_day"]
        is_next = (row["last_day"] - row["cutoff_date"]).days <= forecast.history.grain.days
        if row["target"] != target or not is_next or node not in numbers or day not in days or day <= last - DAYS:
            continue
        came = actual[row["level"]][numbers[node], days[day]]
        if row["low"] is not None and np.isfinite(came):
            inside.setdefault(node, []).append(bool(float(row["low"]) <= came <= float(row["high"])))
    return [
        f"{_name(target, *node)}: {sum(each)} of {len(each)} days were inside of the range that was forecast for 80%."
        for node, each in sorted(inside.items(), key=repr)
        if len(each) >= FEWEST and sum(each) < LOWEST * len(each)
    ]


def _name(target: str, level: str, region: str | None, store_id: str | None) -> str:
    place = "all sales" if level == TOTAL else str(region) if level == REGION else f"store {store_id} in {region}"
    return f"{target.capitalize()} of {place}"
