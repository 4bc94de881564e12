"""Forecasts of three public data sets at earlier days, compared with what came and with simple methods.

Windows do not overlap; forecasts are made from the sales before. Relative measures divide by those of the seasonal
naive forecast of the same steps.
"""

import gzip
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from tillstream.analytics import holidays
from tillstream.app import build
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.forecasting.evaluation import backtest
from tillstream.forecasting.evaluation.backtest import Window
from tillstream.forecasting.evaluation.hierarchy import Level, level
from tillstream.forecasting.models import fitting
from tillstream.forecasting.models.history import History, group
from tillstream.forecasting.models.panel import Floats, Ints, Numbers, divide
from tillstream.forecasting.sales.read import Sales, read
from tillstream.settings import Settings

WEEKS = 13
"""Steps ahead of weekly sales."""
TOP = 200
"""Products that are compared; the model is one of all products."""
SEASONAL = "Saisonbrot"
"""Sold from November to January only: outside of its season nothing is to be forecast."""


@dataclass(frozen=True)
class Outcome:
    """Pooled over windows and nodes; `by_window` has the relative MAE of each window."""

    name: str
    relative_mae: float
    relative_rmse: float
    relative_sum_error: float
    bias: float
    coverage: float
    pinball_ratio: float
    """Pinball loss ÷ that of the naive forecast with bands of the same method."""
    by_window: tuple[float, ...]
    better: float
    """Share of the nodes with a smaller error than naive."""
    scaled_year: float
    """Relative MAE of the same weeks of the year before × the growth of the recent level, where there is a year."""


@dataclass(frozen=True)
class Shown:
    """The rows that a trial compares: nodes of a level, with or without their total."""

    level: Level
    count: int
    has_total: bool = False

    def rows(self, values: Numbers) -> Floats:
        """Return the values of the rows."""
        sums = self.level.sums(values)[: self.count]
        if not self.has_total:
            return sums
        total = np.where(np.isfinite(sums).any(axis=0), np.nansum(sums, axis=0), np.nan)
        return np.vstack([sums, total])


def walmart(data: Path, work: Path) -> Outcome:
    """Weekly revenue of 45 stores: 13 weeks ahead, 4 windows after 2 that calibrate the bands."""
    sold = _sold(work / "walmart", data / "weekly/walmart-45-stores.csv", "walmart-weekly", date(2013, 1, 1), 28)
    history = sold.revenue.history
    stores = level("store", history.stores)
    return _compare("Walmart, weekly", history, [65, 78, 91, 104, 117, 130], WEEKS, 4, Shown(stores, stores.count))


def bakery(data: Path, work: Path) -> Outcome:
    """Daily revenue of five groups and their total: 28 days ahead, 13 windows of a year after 4 that calibrate."""
    sold = _sold(work / "bakery", data / "daily/bakery-de-umsatz.csv", "bakery-de", date(2018, 8, 1), 28)
    kept = np.array([number for number, key in enumerate(sold.revenue.keys) if key.category != SEASONAL])
    history = _of_rows(sold.revenue.history, kept)
    starts = [history.steps - 28 * number for number in range(17, 0, -1)]
    groups = Shown(level("group", np.arange(len(kept))), len(kept), has_total=True)
    return _compare("Bakery, daily", history, starts, 28, 13, groups)


def retail(data: Path, work: Path) -> Outcome:
    """Daily units of the 200 products with most units before the windows: 14 days ahead, 6 windows after 4."""
    unpacked = work / "UK.csv"
    with gzip.open(data / "online-retail/UK.csv.gz") as packed, unpacked.open("wb") as file:
        shutil.copyfileobj(packed, file)
    sold = _sold(work / "retail", unpacked, "online-retail-uk", date(2011, 12, 9), 14)
    history = sold.units.history
    starts = [history.steps - 14 * number for number in range(10, 0, -1)]
    products = np.array([key.product[:5].isdigit() for key in sold.units.keys])  # others are postage and fees
    units = np.where(products, np.nan_to_num(history.values[:, : starts[0]]).sum(axis=1), 0.0)
    nodes = np.full(history.series, TOP)
    nodes[np.argsort(-units, kind="stable")[:TOP]] = np.arange(TOP)
    return _compare("Online retail, daily units", history, starts, 14, 6, Shown(level("product", nodes), TOP))


TRIALS: tuple[Callable[[Path, Path], Outcome], ...] = (walmart, bakery, retail)


def _sold(home: Path, file: Path, contract: str, today: date, days: int) -> Sales:
    """Ingest a file, and read its sales before a day as a forecast run does."""
    app = build(Settings(home=home, samples=False))
    COMMANDS["ingest"](app, quiet, files=[str(file)], contract=contract)
    holidays.refresh(app.ports)
    sold = read(app.ports.warehouse, today, {"week": WEEKS, "day": days})
    app.close()
    return sold


def _of_rows(history: History, rows: Ints) -> History:
    """The history of some series."""
    return replace(
        history,
        values=history.values[rows],
        stores=history.stores[rows],
        categories=history.categories[rows],
        countries=history.countries[rows],
    )


def _compare(name: str, history: History, starts: Sequence[int], horizon: int, tested: int, trial: Shown) -> Outcome:
    """Compare the forecasts of the last `tested` windows; the others only calibrate their bands."""
    windows = [Window(start, fitting.fit(history.until(start, horizon), horizon)) for start in starts]
    tests = windows[-tested:]
    methods = [
        [trial.rows(each.fit.means) for each in tests],
        [trial.rows(each.fit.naive) for each in tests],
        [trial.rows(_scaled_year(history.until(each.cutoff, horizon), horizon, each.fit.naive)) for each in tests],
    ]
    actual = [trial.rows(history.values[:, each.cutoff : each.cutoff + horizon]) for each in tests]
    model, naive, year = (_errors(actual, forecasts) for forecasts in methods)
    level_results = [
        backtest.evaluate(history, windows, [getattr(each.fit, kind) for each in windows], trial.level)
        for kind in ("means", "naive")
    ]
    pinball = [np.mean([each.pinball for each in result.windows[-tested:]]) for result in level_results]
    return Outcome(
        name,
        relative_mae=float(model.absolute.sum() / naive.absolute.sum()),
        relative_rmse=float(np.sqrt(model.square / naive.square)),
        relative_sum_error=float(model.of_sums / naive.of_sums),
        bias=float(model.bias),
        coverage=float(np.mean([each.coverage for each in level_results[0].windows[-tested:]])),
        pinball_ratio=float(pinball[0] / pinball[1]),
        by_window=tuple((model.absolute.sum(axis=1) / naive.absolute.sum(axis=1)).tolist()),
        better=float((model.absolute.sum(axis=0) < naive.absolute.sum(axis=0)).mean()),
        scaled_year=float(year.absolute.sum() / naive.absolute.sum()),
    )


@dataclass(frozen=True)
class _Errors:
    """Absolute errors of windows and nodes, and sums over all of them."""

    absolute: Floats
    square: float
    of_sums: float
    bias: float


def _errors(actual: Sequence[Floats], forecasts: Sequence[Floats]) -> _Errors:
    """Compare where something was observed."""
    seen = [np.isfinite(each) for each in actual]
    errors = [np.where(one, forecast - came, 0.0) for one, came, forecast in zip(seen, actual, forecasts, strict=True)]
    of_sums = np.array([each.sum(axis=1) for each in errors])
    total = sum(float(np.nansum(each)) for each in actual)
    return _Errors(
        np.array([np.abs(each).sum(axis=1) for each in errors]),
        sum(float((each**2).sum()) for each in errors),
        float(np.abs(of_sums).sum()),
        float(of_sums.sum() / total),
    )


def _scaled_year(history: History, horizon: int, naive: Numbers) -> Floats:
    """The same steps a year ago × the recent level ÷ that of a year ago; naive without a year."""
    panel, _ = group(replace(history, can_be_sparse=False))
    rows, year = np.arange(panel.series), history.grain.year
    last = np.full(panel.series, panel.steps - 1)
    now, before = (panel.mean(rows, each, history.grain.recent) for each in (last, last - year))
    ahead = panel.steps + np.arange(horizon) - year
    ago = panel.at(np.repeat(rows, horizon), np.tile(ahead, panel.series)).reshape(panel.series, horizon)
    scaled = ago * divide(now, before)[:, None]
    return np.where(np.isfinite(scaled), scaled, naive)
