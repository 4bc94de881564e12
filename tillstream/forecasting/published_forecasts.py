"""Forecasts as commands, API and portal publish them: coverage, accuracy, and the demand of several days."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np

import sql
from tillstream.forecasting import run_records
from tillstream.forecasting.error_bands import GRID
from tillstream.model.json_text import to_json
from tillstream.ports import Ports
from tillstream.ports.warehouse import Warehouse


def forecast_coverage(row: Mapping[str, Any]) -> str:
    """Name the regions that a row of the query `forecasts` lacks, such as “1 of 2 regions; UK has no forecast”.

    Empty for a forecast that lacks none.
    """
    missing = region_names(row["missing_regions"])
    if not missing:
        return ""
    covered = len(region_names(row["covered_regions"]))
    has = "has" if len(missing) == 1 else "have"
    return f"{covered} of {covered + len(missing)} regions; {', '.join(missing)} {has} no forecast"


def region_names(names: str | None) -> tuple[str, ...]:
    """The regions of a column of the query."""
    return tuple(names.split(", ")) if names else ()


def accuracy_report(ports: Ports) -> dict[str, Any]:
    """Return the last run, the accuracy by target, level and window, and what the model relies on.

    `windows` has one entry for each window of the backtest, and one without `cutoff_date` for all of them together.
    """
    last = run_records.FORECAST.last_run(ports)
    if last is None:
        return {"run": None, "windows": [], "importance": []}
    rows = ports.warehouse.query(sql.text("forecasts/accuracy")).to_pylist()
    windows: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = (row["target"], row["level"], row["cutoff_date"])
        window = windows.setdefault(key, dict(zip(("target", "level", "cutoff_date"), key, strict=True)))
        window[row["measure"]] = row["value"]
        window["points"] = row["points"]
    importance = ports.warehouse.query(sql.text("forecasts/importance")).to_pylist()
    return {
        "run": run_records.published_run(last),
        "windows": to_json([*windows.values()]),
        "importance": to_json(importance),
    }


def demand_sums(
    warehouse: Warehouse, region: str, store_id: str, product: str, lengths: Sequence[int]
) -> list[dict[str, Any]]:
    """Return the demand of the next days with its band, for each number of days that the forecast has."""
    rows = _product(warehouse, region, store_id, product)
    result = []
    for days in lengths:
        if days <= len(rows):
            mean = sum(float(row["mean"]) for row in rows[:days])
            scale = float(rows[0]["scale"])
            low, median, high = (max(mean + scale * _error(warehouse, days, level), 0.0) for level in (0.1, 0.5, 0.9))
            last_day = rows[0]["cutoff_date"] + timedelta(days=days)
            result.append(
                {"days": days, "last_day": last_day, "mean": mean, "low": low, "median": median, "high": high}
            )
    return result


def _product(warehouse: Warehouse, region: str, store_id: str, product: str) -> list[dict[str, Any]]:
    params = {"region": region, "store_id": store_id, "product": product}
    return list(warehouse.query(sql.text("forecasts/product"), params).to_pylist())


def _error(warehouse: Warehouse, days: int, level: float) -> float:
    """Scaled error of sums of products over a number of days, interpolated between the probabilities that are kept."""
    rows = warehouse.query(sql.text("forecasts/sum_errors"), {"days": days}).to_pylist()
    by_probability = {float(row["probability"]): float(row["error"]) for row in rows}
    probabilities = [each for each in GRID if each in by_probability]
    return float(np.interp(level, probabilities, [by_probability[each] for each in probabilities]))
