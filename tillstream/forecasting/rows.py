"""Forecasts, their accuracy and price effects as rows of the tables of the warehouse."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tillstream.forecasting.compute import Band, Forecast, LevelForecast
from tillstream.forecasting.evaluation import bands
from tillstream.forecasting.evaluation.hierarchy import PLACES
from tillstream.forecasting.levels import PRODUCT, Nodes
from tillstream.forecasting.models.panel import DAY, Floats
from tillstream.forecasting.price_effects import PriceEffect
from tillstream.model.tables.forecast_tables import FORECAST_TABLES
from tillstream.pipeline.rows.text_columns import NUMERIC, arrow_schema

FORECASTS = arrow_schema(FORECAST_TABLES["forecasts"])
ACCURACY = arrow_schema(FORECAST_TABLES["forecast_accuracy"])
PRICE_EFFECTS = arrow_schema(FORECAST_TABLES["price_effects"])
MODEL, NAIVE = "model", "seasonal naive"
IMPORTANCE, SUM_ERROR = "importance", "sum_error"
_NAMES = ("region", "store_id", "category", "product")
_UNIT = Decimal(1).scaleb(-PLACES)


def forecast_rows(target: str, forecast: Forecast, nodes: Sequence[Nodes], created_at: datetime) -> pa.Table:
    """Return rows of `forecasts` for all levels."""
    cutoff_date = forecast.history.days[forecast.history.steps] - DAY
    tables = []
    for each, named in zip(forecast.levels, nodes, strict=True):
        for period, band, parts in _periods(forecast, each):
            tables.append(_band_rows(period, band, parts, each, named, forecast.history.grain.days))
    rows = pa.concat_tables(tables)
    constants = {"target": target, "cutoff_date": cutoff_date.astype("datetime64[D]").item(), "created_at": created_at}
    for name, value in constants.items():
        rows = rows.append_column(name, pa.repeat(pa.scalar(value, FORECASTS.field(name).type), rows.num_rows))
    return rows.select(FORECASTS.names).cast(FORECASTS)


def accuracy_rows(target: str, forecast: Forecast, created_at: datetime) -> pa.Table:
    """Return rows of `forecast_accuracy` for all levels and windows."""
    rows = [{"target": target, "created_at": created_at} | row for row in _accuracy(forecast)]
    return pa.Table.from_pylist(rows, schema=ACCURACY)


def price_effect_rows(effects: Sequence[PriceEffect], cutoff_date: date) -> pa.Table:
    """Return rows of `price_effects`."""
    rows = [
        {
            "category": each.category,
            "elasticity": _decimal(each.elasticity),
            "low": _decimal(each.low),
            "high": _decimal(each.high),
            "is_clear": each.is_clear,
            "products": each.products,
            "lowest_change": _decimal(each.lowest_change),
            "highest_change": _decimal(each.highest_change),
            "cutoff_date": cutoff_date,
        }
        for each in effects
    ]
    return pa.Table.from_pylist(rows, schema=PRICE_EFFECTS)


def _periods(forecast: Forecast, level: LevelForecast) -> Iterator[tuple[str, Band, Floats | None]]:
    yield forecast.history.grain.name, level.steps, level.parts
    if level.weeks:
        yield "week", level.weeks, None
    if level.level.name != PRODUCT:  # sums of products are computed from errors of sums where they are needed
        yield "sum", level.sums, None


def _band_rows(
    period: str, band: Band, parts: Floats | None, level: LevelForecast, nodes: Nodes, step: int
) -> pa.Table:
    count, steps = band.means.shape
    length = {"day": 1, "week": 7, "sum": step}[period]
    days = band.days.astype("datetime64[D]")
    first = np.full(steps, days[0]) if period == "sum" else days
    columns: dict[str, Any] = {name: _texts([each.get(name) for each in nodes.names], steps) for name in _NAMES}
    columns["level"] = _texts([level.level.name] * count, steps)
    columns["currency"] = _texts([each or None for each in nodes.currencies], steps)
    columns["period"] = _texts([period] * count, steps)
    columns["first_day"] = pa.array(np.tile(first, count))
    columns["last_day"] = pa.array(np.tile(days + (length - 1) * DAY, count))
    columns["mean"] = decimals(band.means)
    low, median, high = band.quantiles
    # the errors of few windows can all have one sign; a range without its expected value would contradict it
    low, high = np.minimum(low, band.means), np.maximum(high, band.means)
    columns |= {name: decimals(each) for name, each in (("low", low), ("median", median), ("high", high))}
    names = ("level", "trend", "weekday", "holiday", "plan")
    columns |= {
        f"{name}_part": pa.nulls(count * steps, NUMERIC) if parts is None else decimals(parts[number])
        for number, name in enumerate(names)
    }
    columns["scale"] = decimals(np.repeat(level.scales, steps))
    has_mean = pa.array(np.isfinite(band.means).ravel())
    columns["method"] = _texts([MODEL if each else NAIVE for each in level.is_model.tolist()], steps)
    return pa.table(columns).filter(has_mean)


def _texts(values: Sequence[str | None], steps: int) -> pa.Array:
    """Each value for all steps."""
    return pa.array(values, pa.string()).take(pa.array(np.repeat(np.arange(len(values)), steps)))


def decimals(values: Floats) -> pa.Array:
    """Return values rounded to `PLACES` as exact decimals; NULL for NaN."""
    flat = values.ravel()
    observed = np.isfinite(flat)
    scaled = pa.array(np.rint(np.where(observed, flat, 0.0) * 10**PLACES).astype(np.int64), mask=~observed)
    return pc.multiply(scaled.cast(pa.decimal128(19, 0)), pa.scalar(_UNIT, pa.decimal128(5, PLACES))).cast(NUMERIC)


def _accuracy(forecast: Forecast) -> Iterator[dict[str, Any]]:
    for level in forecast.levels:
        windows = [*zip(forecast.cutoffs, level.tested.windows, strict=True), (None, level.tested.overall)]
        for cutoff, accuracy in windows:
            day = None if cutoff is None else (forecast.history.days[cutoff] - DAY).astype("datetime64[D]").item()
            for name, value in accuracy.measures().items():
                yield {
                    "level": level.level.name,
                    "cutoff_date": day,
                    "measure": name,
                    "value": _decimal(value),
                    "points": accuracy.points,
                }
        quantiles = bands.sum_quantiles(level.tested.errors, forecast.plan.horizon, bands.GRID)
        for probability, errors in zip(bands.GRID, quantiles, strict=True):
            for step, error in enumerate(errors.tolist(), start=1):
                yield {
                    "level": level.level.name,
                    "measure": SUM_ERROR,
                    "detail": f"{probability:g}",
                    "steps": step,
                    "value": _decimal(error),
                }
    for each in forecast.importance:
        yield {
            "level": forecast.levels[-1].level.name,
            "measure": IMPORTANCE,
            "detail": each.family,
            "value": _decimal(each.growth),
        }


def _decimal(value: float) -> Decimal | None:
    return Decimal(repr(round(value, 6))) if np.isfinite(value) else None
