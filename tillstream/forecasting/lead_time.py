"""Demand for a product over several days, from errors of sums: quantiles of days are never added up."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np

import sql
from tillstream.forecasting.evaluation.bands import GRID
from tillstream.model.errors import NotFound, Rejected
from tillstream.ports.warehouse import Warehouse

LOWEST, HIGHEST = 0.5, 0.99
"""Probabilities for which there is a forecast of the demand over a lead time."""


def lead_time_demand(warehouse: Warehouse, region: str, store_id: str, product: str, days: int, level: float) -> float:
    """Return the number of units that demand in the next `days` days does not exceed with a probability of `level`.

    level: from 0.50 to 0.99. Raises `Rejected` for other levels and for more days than the forecast has, `NotFound` if
    there is no forecast of the product in the store.
    """
    if not LOWEST <= level <= HIGHEST:
        raise Rejected(f"The level is a probability from {LOWEST} to {HIGHEST}.")
    rows = _product(warehouse, region, store_id, product)
    if not rows:
        raise NotFound(f"There is no forecast of {product} in {store_id or 'sales without a store'}.")
    if days < 1 or days > len(rows):
        raise Rejected(f"The forecast has {len(rows)} days; choose 1 to {len(rows)}.")
    mean = sum(float(row["mean"]) for row in rows[:days])
    return max(mean + float(rows[0]["scale"]) * _error(warehouse, days, level), 0.0)


def sums(
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
