"""A forecast run: reads the marts, forecasts revenue and units, notes drift, and writes the tables of the warehouse."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import sql
from tillstream.analytics import holidays
from tillstream.forecasting import error_bands, levels, outside_series, price_effects, run_records, sales_reading
from tillstream.forecasting.compute import (
    FORECAST_PLANS,
    Band,
    Fitter,
    Forecast,
    ForecastPlan,
    LevelForecast,
    NotEnoughData,
    compute_forecast,
    window_starts,
)
from tillstream.forecasting.levels import PRODUCT, REGION, STORE, SUM_PLACES, TOTAL, LevelNodes
from tillstream.forecasting.models.boosted_trees import MissingLibrary
from tillstream.forecasting.models.panel import DAY, Floats
from tillstream.forecasting.price_effects import PriceEffect
from tillstream.forecasting.run_records import ForecastRun
from tillstream.forecasting.sales_reading import ForecastSales, NoSales
from tillstream.forecasting.sales_series import SalesSeries
from tillstream.forecasting.stored_fits import StoredFits
from tillstream.model.dates import instant_text
from tillstream.model.errors import Rejected
from tillstream.model.tables.forecast_tables import FORECAST_TABLES
from tillstream.pipeline.rows.text_columns import NUMERIC, arrow_schema
from tillstream.ports import Ports

DRIFT_LEVELS = (TOTAL, REGION, STORE)
DRIFT_TIME = timedelta(days=28)
"""Time whose forecasts are compared."""
FEWEST_DAYS = 14
"""Number of days from which on a node is judged."""
LOWEST_SHARE = 0.5
"""Share of days inside of the band below which a forecast drifts; 80% are expected."""

FORECASTS_SCHEMA = arrow_schema(FORECAST_TABLES["forecasts"])
ACCURACY_SCHEMA = arrow_schema(FORECAST_TABLES["forecast_accuracy"])
PRICE_EFFECTS_SCHEMA = arrow_schema(FORECAST_TABLES["price_effects"])
MODEL_METHOD, NAIVE_METHOD = "model", "seasonal naive"
IMPORTANCE_MEASURE, SUM_ERROR_MEASURE = "importance", "sum_error"
_NAMES = ("region", "store_id", "category", "product")
_UNIT = Decimal(1).scaleb(-SUM_PLACES)

MAX_DAYS = 91
"""Longest horizon, in days."""
STORED_TIME = timedelta(days=400)
"""Time for which forecasts of earlier runs are kept, to compare them with what came."""
STORED_AHEAD = 7
"""Days ahead up to which they are kept; later days are forecast again by every run."""
Progress = Callable[[int, int], object]


def drifting_forecasts(target: str, forecast: Forecast, nodes: Sequence[LevelNodes], earlier: pa.Table) -> list[str]:
    """Return a sentence for each node whose forecasts drift. `earlier` has rows of `forecasts` of earlier runs."""
    days = {day: step for step, day in enumerate(forecast.history.days[: forecast.history.steps].tolist())}
    last = max(days)
    actual = {each.level.name: each.tested.sums for each in forecast.levels}
    numbers = {
        (each.level.name, name.get("region"), name.get("store_id")): number
        for each in nodes
        if each.level.name in DRIFT_LEVELS
        for number, name in enumerate(each.names)
    }
    inside: dict[tuple[Any, ...], list[bool]] = {}
    for row in earlier.to_pylist():
        node = (row["level"], row["region"], row["store_id"])
        day = row["first_day"]
        is_next = (row["last_day"] - row["cutoff_date"]).days <= forecast.history.grain.days
        if row["target"] != target or not is_next or node not in numbers or day not in days or day <= last - DRIFT_TIME:
            continue
        came = actual[row["level"]][numbers[node], days[day]]
        if row["low"] is not None and np.isfinite(came):
            inside.setdefault(node, []).append(bool(float(row["low"]) <= came <= float(row["high"])))
    return [
        f"{_node_name(target, *node)}: {sum(each)} of {len(each)} days were inside of the range that was forecast "
        "for 80%."
        for node, each in sorted(inside.items(), key=repr)
        if len(each) >= FEWEST_DAYS and sum(each) < LOWEST_SHARE * len(each)
    ]


def _node_name(target: str, level: str, region: str | None, store_id: str | None) -> str:
    place = "all sales" if level == TOTAL else str(region) if level == REGION else f"store {store_id} in {region}"
    return f"{target.capitalize()} of {place}"


def forecast_rows(target: str, forecast: Forecast, nodes: Sequence[LevelNodes], created_at: datetime) -> pa.Table:
    """Return rows of `forecasts` for all levels."""
    cutoff_date = forecast.history.days[forecast.history.steps] - DAY
    tables = []
    for each, named in zip(forecast.levels, nodes, strict=True):
        for period, band, parts in _periods(forecast, each):
            tables.append(_band_rows(period, band, parts, each, named, forecast.history.grain.days))
    rows = pa.concat_tables(tables)
    constants = {"target": target, "cutoff_date": cutoff_date.astype("datetime64[D]").item(), "created_at": created_at}
    for name, value in constants.items():
        rows = rows.append_column(name, pa.repeat(pa.scalar(value, FORECASTS_SCHEMA.field(name).type), rows.num_rows))
    return rows.select(FORECASTS_SCHEMA.names).cast(FORECASTS_SCHEMA)


def accuracy_rows(target: str, forecast: Forecast, created_at: datetime) -> pa.Table:
    """Return rows of `forecast_accuracy` for all levels and windows."""
    rows = [{"target": target, "created_at": created_at} | row for row in _accuracy(forecast)]
    return pa.Table.from_pylist(rows, schema=ACCURACY_SCHEMA)


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
    return pa.Table.from_pylist(rows, schema=PRICE_EFFECTS_SCHEMA)


def _periods(forecast: Forecast, level: LevelForecast) -> Iterator[tuple[str, Band, Floats | None]]:
    yield forecast.history.grain.name, level.steps, level.parts
    if level.weeks:
        yield "week", level.weeks, None
    if level.level.name != PRODUCT:  # sums of products are computed from errors of sums where they are needed
        yield "sum", level.sums, None


def _band_rows(
    period: str, band: Band, parts: Floats | None, level: LevelForecast, nodes: LevelNodes, step: int
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
    columns["mean"] = to_decimals(band.means)
    low, median, high = band.quantiles
    # the errors of few windows can all have one sign; a range without its expected value would contradict it
    low, high = np.minimum(low, band.means), np.maximum(high, band.means)
    columns |= {name: to_decimals(each) for name, each in (("low", low), ("median", median), ("high", high))}
    names = ("level", "trend", "weekday", "holiday", "plan")
    columns |= {
        f"{name}_part": pa.nulls(count * steps, NUMERIC) if parts is None else to_decimals(parts[number])
        for number, name in enumerate(names)
    }
    columns["scale"] = to_decimals(np.repeat(level.scales, steps))
    has_mean = pa.array(np.isfinite(band.means).ravel())
    columns["method"] = _texts([MODEL_METHOD if each else NAIVE_METHOD for each in level.is_model.tolist()], steps)
    return pa.table(columns).filter(has_mean)


def _texts(values: Sequence[str | None], steps: int) -> pa.Array:
    """Each value for all steps."""
    return pa.array(values, pa.string()).take(pa.array(np.repeat(np.arange(len(values)), steps)))


def to_decimals(values: Floats) -> pa.Array:
    """Return values rounded to `SUM_PLACES` as exact decimals; NULL for NaN."""
    flat = values.ravel()
    observed = np.isfinite(flat)
    scaled = pa.array(np.rint(np.where(observed, flat, 0.0) * 10**SUM_PLACES).astype(np.int64), mask=~observed)
    return pc.multiply(scaled.cast(pa.decimal128(19, 0)), pa.scalar(_UNIT, pa.decimal128(5, SUM_PLACES))).cast(NUMERIC)


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
        quantiles = error_bands.sum_quantiles(level.tested.errors, forecast.plan.horizon, error_bands.GRID)
        for probability, errors in zip(error_bands.GRID, quantiles, strict=True):
            for step, error in enumerate(errors.tolist(), start=1):
                yield {
                    "level": level.level.name,
                    "measure": SUM_ERROR_MEASURE,
                    "detail": f"{probability:g}",
                    "steps": step,
                    "value": _decimal(error),
                }
    for each in forecast.importance:
        yield {
            "level": forecast.levels[-1].level.name,
            "measure": IMPORTANCE_MEASURE,
            "detail": each.family,
            "value": _decimal(each.growth),
        }


def _decimal(value: float) -> Decimal | None:
    return Decimal(repr(round(value, 6))) if np.isfinite(value) else None


def run_forecast(
    ports: Ports,
    fitter: Fitter,
    horizon: int = MAX_DAYS,
    progress: Progress | None = None,
    *,
    keep_fits: bool = True,
) -> ForecastRun:
    """Forecast everything for the next `horizon` days, 1 to `MAX_DAYS`.

    A run on the same data gives the same numbers. An interrupted run is continued by the next one, which makes only
    the fits that are missing. keep_fits: for the next run; false for a fitter that is not the model. Raises
    `Rejected`, `Conflict` and `Unavailable`.
    """
    if not 1 <= horizon <= MAX_DAYS:
        raise Rejected(f"The horizon is a number of days from 1 to {MAX_DAYS}.")
    with run_records.ONE_AT_A_TIME:
        return _run(ports, fitter, horizon, progress, keep_fits=keep_fits)


def _run(ports: Ports, fitter: Fitter, horizon: int, progress: Progress | None, *, keep_fits: bool) -> ForecastRun:
    started, answered = ports.clock.now(), run_records.FORECAST.pending(ports)

    def note(done: int, total: int) -> None:
        run_records.note_progress(ports, instant_text(started), done, total)
        if progress:
            progress(done, total)

    plans = {name: replace(plan, horizon=_steps(name, horizon)) for name, plan in FORECAST_PLANS.items()}
    kept = StoredFits(ports, fitter, keeps=keep_fits)

    def ended(reason: str = "") -> ForecastRun:
        return run_records.save_run(
            ports, ForecastRun(instant_text(started), instant_text(ports.clock.now()), reason), answered
        )

    try:
        horizons = {name: plan.horizon for name, plan in plans.items()}
        sold = read_past_sales(ports, started.date(), horizons)
        forecasts = _forecasts(sold, kept, plans[sold.revenue.history.grain.name], note)
    except NoSales:
        return ended("There are no sales before today.")
    except NotEnoughData as missing:
        return ended(f"There are sales of {missing.weeks} weeks. A forecast with a backtest needs {missing.needed}.")
    except MissingLibrary as missing:
        return ended(str(missing))
    drifts = _save(ports, sold, forecasts)
    kept.delete_others()
    outside_series.delete_removed_series(ports)
    history = sold.revenue.history
    revenue, _ = forecasts["revenue"]
    return run_records.save_run(
        ports,
        ForecastRun(
            instant_text(started),
            instant_text(ports.clock.now()),
            cutoff_date=sold.last.isoformat(),
            grain=history.grain.name,
            horizon=revenue.plan.horizon,
            windows=len(revenue.cutoffs),
            series=len(sold.units.keys),
            reporting_currency=sold.reporting_currency,
            left_out=sold.left_out,
            unconverted=sold.unconverted,
            drifting=tuple(drifts),
        ),
        answered,
    )


def read_past_sales(ports: Ports, today: date, horizons: Mapping[str, int]) -> ForecastSales:
    """Read the sales before today with what is known of the days, the holidays and outside series among it.

    horizons: numbers of steps ahead by grain. Raises `NoSales`.
    """
    holidays.refresh_holidays(ports)
    series = {one.name: outside_series.values_of_series(ports, one) for one in outside_series.listed_series(ports)}
    return sales_reading.read_sales(ports.warehouse, today, horizons, series)


def _steps(grain: str, days: int) -> int:
    return days if grain == "day" else -(-days // 7)


def _forecasts(
    sold: ForecastSales, fitter: StoredFits, plan: ForecastPlan, note: Progress
) -> dict[str, tuple[Forecast, list[LevelNodes]]]:
    targets = {name: series for name, series in (("revenue", sold.revenue), ("units", sold.units)) if series.keys}
    forecasts = {}
    for number, (target, series) in enumerate(targets.items()):

        def both(done: int, total: int, number: int = number) -> None:
            note(number * total + done, len(targets) * total)

        forecasts[target] = _forecast(sold, target, series, fitter, plan, both)
    return forecasts


def _forecast(
    sold: ForecastSales, target: str, series: SalesSeries, fitter: StoredFits, plan: ForecastPlan, note: Progress
) -> tuple[Forecast, list[LevelNodes]]:
    named = [levels.level_nodes(series, name, sold.reporting_currency) for name in levels.LEVELS_OF_TARGETS[target]]
    shown = [each.level for each in named]
    cells = next(each for each in shown if each.name == levels.CELL_LEVEL)
    fitter.prepare(series.history, window_starts(series.history, plan), plan.horizon)
    return compute_forecast(series.history, shown, cells, fitter, plan, note), named


def _save(ports: Ports, sold: ForecastSales, forecasts: dict[str, tuple[Forecast, list[LevelNodes]]]) -> list[str]:
    """Write the tables; return a sentence for each forecast that drifts."""
    at = ports.clock.now()
    new = [forecast_rows(target, forecast, nodes, at) for target, (forecast, nodes) in forecasts.items()]
    params = {
        "cutoff_date": sold.last,
        "first": sold.last - STORED_TIME,
        "ahead": STORED_AHEAD,
        "period": sold.revenue.history.grain.name,
    }
    earlier = (
        ports.warehouse.query(sql.text("forecasts/earlier"), params)
        .select(FORECASTS_SCHEMA.names)
        .cast(FORECASTS_SCHEMA)
    )
    ports.warehouse.replace_table("forecasts", pa.concat_tables([earlier, *new]))
    accuracy = pa.concat_tables([accuracy_rows(target, forecast, at) for target, (forecast, _) in forecasts.items()])
    ports.warehouse.replace_table("forecast_accuracy", accuracy.cast(ACCURACY_SCHEMA))
    ports.warehouse.replace_table(
        "price_effects", price_effect_rows(price_effects.estimate_price_effects(sold.units), sold.last)
    )
    return [
        each
        for target, (forecast, nodes) in forecasts.items()
        for each in drifting_forecasts(target, forecast, nodes, earlier)
    ]
