"""A forecast run: reads the marts, forecasts revenue and units, and writes their tables."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta

import pyarrow as pa

import sql
from tillstream.analytics import holidays
from tillstream.forecasting import levels, outside, price_effects, runs
from tillstream.forecasting.compute import PLANS, Fitter, Forecast, NotEnoughData, Plan, compute, window_starts
from tillstream.forecasting.drift import drifting
from tillstream.forecasting.kept_fits import KeptFits
from tillstream.forecasting.levels import Nodes
from tillstream.forecasting.models.boosted_trees import MissingLibrary
from tillstream.forecasting.rows import ACCURACY, FORECASTS, accuracy_rows, forecast_rows, price_effect_rows
from tillstream.forecasting.runs import Run, text
from tillstream.forecasting.sales import read
from tillstream.forecasting.sales.read import NoSales, Sales
from tillstream.forecasting.sales.series import Series
from tillstream.model.errors import Rejected
from tillstream.ports import Ports

MOST_DAYS = 91
"""Longest horizon, in days."""
KEPT_DAYS = timedelta(days=400)
"""Time for which forecasts of earlier runs are kept, to compare them with what came."""
KEPT_AHEAD = 7
"""Days ahead up to which they are kept; later days are forecast again by every run."""
Progress = Callable[[int, int], object]


def run(
    ports: Ports,
    fitter: Fitter,
    horizon: int = MOST_DAYS,
    progress: Progress | None = None,
    *,
    keep_fits: bool = True,
) -> Run:
    """Forecast everything for the next `horizon` days, 1 to `MOST_DAYS`.

    A run on the same data gives the same numbers. An interrupted run is continued by the next one, which makes only
    the fits that are missing. keep_fits: for the next run; false for a fitter that is not the model. Raises
    `Rejected`, `Conflict` and `Unavailable`.
    """
    if not 1 <= horizon <= MOST_DAYS:
        raise Rejected(f"The horizon is a number of days from 1 to {MOST_DAYS}.")
    with runs.ONE_AT_A_TIME:
        return _run(ports, fitter, horizon, progress, keep_fits=keep_fits)


def _run(ports: Ports, fitter: Fitter, horizon: int, progress: Progress | None, *, keep_fits: bool) -> Run:
    started, answered = ports.clock.now(), runs.REQUEST.pending(ports)

    def note(done: int, total: int) -> None:
        runs.note_progress(ports, text(started), done, total)
        if progress:
            progress(done, total)

    plans = {name: replace(plan, horizon=_steps(name, horizon)) for name, plan in PLANS.items()}
    kept = KeptFits(ports, fitter, keeps=keep_fits)

    def ended(reason: str = "") -> Run:
        return runs.save(ports, Run(text(started), text(ports.clock.now()), reason), answered)

    try:
        horizons = {name: plan.horizon for name, plan in plans.items()}
        sold = read_sales(ports, started.date(), horizons)
        forecasts = _forecasts(sold, kept, plans[sold.revenue.history.grain.name], note)
    except NoSales:
        return ended("There are no sales before today.")
    except NotEnoughData as missing:
        return ended(f"There are sales of {missing.weeks} weeks. A forecast with a backtest needs {missing.needed}.")
    except MissingLibrary as missing:
        return ended(str(missing))
    drifts = _save(ports, sold, forecasts)
    kept.delete_others()
    outside.delete_removed(ports)
    history = sold.revenue.history
    revenue, _ = forecasts["revenue"]
    return runs.save(
        ports,
        Run(
            text(started),
            text(ports.clock.now()),
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


def read_sales(ports: Ports, today: date, horizons: Mapping[str, int]) -> Sales:
    """Read the sales before today with what is known of the days, the holidays and outside series among it.

    horizons: numbers of steps ahead by grain. Raises `NoSales`.
    """
    holidays.refresh_holidays(ports)
    series = {one.name: outside.values_of(ports, one) for one in outside.listed(ports)}
    return read.read(ports.warehouse, today, horizons, series)


def _steps(grain: str, days: int) -> int:
    return days if grain == "day" else -(-days // 7)


def _forecasts(sold: Sales, fitter: KeptFits, plan: Plan, note: Progress) -> dict[str, tuple[Forecast, list[Nodes]]]:
    targets = {name: series for name, series in (("revenue", sold.revenue), ("units", sold.units)) if series.keys}
    forecasts = {}
    for number, (target, series) in enumerate(targets.items()):

        def both(done: int, total: int, number: int = number) -> None:
            note(number * total + done, len(targets) * total)

        forecasts[target] = _forecast(sold, target, series, fitter, plan, both)
    return forecasts


def _forecast(
    sold: Sales, target: str, series: Series, fitter: KeptFits, plan: Plan, note: Progress
) -> tuple[Forecast, list[Nodes]]:
    named = [levels.nodes(series, name, sold.reporting_currency) for name in levels.TARGETS[target]]
    shown = [each.level for each in named]
    cells = next(each for each in shown if each.name == levels.CELLS)
    fitter.prepare(series.history, window_starts(series.history, plan), plan.horizon)
    return compute(series.history, shown, cells, fitter, plan, note), named


def _save(ports: Ports, sold: Sales, forecasts: dict[str, tuple[Forecast, list[Nodes]]]) -> list[str]:
    """Write the tables; return a sentence for each forecast that drifts."""
    at = ports.clock.now()
    new = [forecast_rows(target, forecast, nodes, at) for target, (forecast, nodes) in forecasts.items()]
    params = {
        "cutoff_date": sold.last,
        "first": sold.last - KEPT_DAYS,
        "ahead": KEPT_AHEAD,
        "period": sold.revenue.history.grain.name,
    }
    earlier = ports.warehouse.query(sql.text("forecasts/earlier"), params).select(FORECASTS.names).cast(FORECASTS)
    ports.warehouse.replace_table("forecasts", pa.concat_tables([earlier, *new]))
    accuracy = pa.concat_tables([accuracy_rows(target, forecast, at) for target, (forecast, _) in forecasts.items()])
    ports.warehouse.replace_table("forecast_accuracy", accuracy.cast(ACCURACY))
    ports.warehouse.replace_table("price_effects", price_effect_rows(price_effects.estimate(sold.units), sold.last))
    return [
        each for target, (forecast, nodes) in forecasts.items() for each in drifting(target, forecast, nodes, earlier)
    ]
