"""Three public data sets, ingested and read as by a forecast run, and the windows in which forecasts are compared."""

import gzip
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from tillstream.analytics import holidays
from tillstream.app import App, build
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.forecasting.levels import HierarchyLevel, hierarchy_level
from tillstream.forecasting.models.history import SeriesHistory
from tillstream.forecasting.models.panel import Floats, Ints, Numbers
from tillstream.forecasting.sales_reading import ForecastSales, read_sales
from tillstream.settings import Settings

WEEKS = 13
"""Steps ahead of weekly sales."""
TOP = 200
"""Products that are compared; the model is one of all products."""
RETAIL = "online-retail-uk"
"""Contract of the file of the online retailer."""
SEASONAL = "Saisonbrot"
"""Sold from November to January only: outside of its season nothing is to be forecast."""


@dataclass(frozen=True)
class Shown:
    """The rows that are compared: nodes of a level, with or without their total."""

    level: HierarchyLevel
    count: int
    has_total: bool = False

    def rows(self, values: Numbers) -> Floats:
        """Return the values of the rows; NaN where no series of a row has a value."""
        sums = self.level.sums(values)[: self.count]
        if not self.has_total:
            return sums
        total = np.where(np.isfinite(sums).any(axis=0), np.nansum(sums, axis=0), np.nan)
        return np.vstack([sums, total])


@dataclass(frozen=True)
class DataSet:
    """A history, and windows that do not overlap; forecasts of a window are made from the sales before it."""

    name: str
    history: SeriesHistory
    starts: Sequence[int]
    """First step of each window, in order of time."""
    tested: int
    """How many of the last windows are compared; the others only calibrate the bands."""
    horizon: int
    shown: Shown

    @property
    def cutoffs(self) -> Sequence[int]:
        """First steps of the windows that are compared."""
        return self.starts[-self.tested :]

    def actual(self) -> list[Floats]:
        """Return what came in each window that is compared; shape (rows, horizon)."""
        return [self.shown.rows(self.history.values[:, each : each + self.horizon]) for each in self.cutoffs]


def walmart(data: Path, work: Path) -> DataSet:
    """Weekly revenue of 45 stores: 13 weeks ahead, 4 windows after 2 that calibrate the bands."""
    sold = _sold(work / "walmart", data / "weekly/walmart-45-stores.csv", "walmart-weekly", date(2013, 1, 1), 28)
    history = sold.revenue.history
    stores = hierarchy_level("store", history.stores)
    return DataSet("Walmart, weekly", history, range(65, 131, WEEKS), 4, WEEKS, Shown(stores, stores.count))


def bakery(data: Path, work: Path) -> DataSet:
    """Daily revenue of five groups and their total: 28 days ahead, 13 windows of a year after 4 that calibrate."""
    sold = _sold(work / "bakery", data / "daily/bakery-de-umsatz.csv", "bakery-de", date(2018, 8, 1), 28)
    kept = np.array([number for number, key in enumerate(sold.revenue.keys) if key.category != SEASONAL])
    history = _of_rows(sold.revenue.history, kept)
    groups = Shown(hierarchy_level("group", np.arange(len(kept))), len(kept), has_total=True)
    return DataSet("Bakery, daily", history, _last(history, 17, 28), 13, 28, groups)


def retail(data: Path, work: Path) -> DataSet:
    """Daily units of the 200 products with most units before the windows: 14 days ahead, 6 windows after 4."""
    sold = _sold(work / "retail", unpacked_retail(data, work), RETAIL, date(2011, 12, 9), 14)
    history = sold.units.history
    starts = _last(history, 10, 14)
    products = np.array([key.product[:5].isdigit() for key in sold.units.keys])  # others are postage and fees
    units = np.where(products, np.nan_to_num(history.values[:, : starts[0]]).sum(axis=1), 0.0)
    nodes = np.full(history.series, TOP)
    nodes[np.argsort(-units, kind="stable")[:TOP]] = np.arange(TOP)
    return DataSet("Online retail, daily units", history, starts, 6, 14, Shown(hierarchy_level("product", nodes), TOP))


DATA_SETS: tuple[Callable[[Path, Path], DataSet], ...] = (walmart, bakery, retail)
"""By the folder of the data and a folder to work in."""


def unpacked_retail(data: Path, work: Path) -> Path:
    """Return the file of the online retailer, unpacked in `work`."""
    unpacked = work / "UK.csv"
    with gzip.open(data / "online-retail/UK.csv.gz") as packed, unpacked.open("wb") as file:
        shutil.copyfileobj(packed, file)
    return unpacked


def ingested(home: Path, file: Path, contract: str) -> App:
    """Return an app in a new home whose sales are those of a file."""
    app = build(Settings(home=home, samples=False))
    COMMANDS["ingest"](app, quiet, files=[str(file)], contract=contract)
    return app


def _last(history: SeriesHistory, windows: int, horizon: int) -> Sequence[int]:
    """Starts of the last windows of a history."""
    return range(history.steps - windows * horizon, history.steps, horizon)


def _sold(home: Path, file: Path, contract: str, today: date, days: int) -> ForecastSales:
    """Ingest a file, and read its sales before a day as a forecast run does."""
    app = ingested(home, file, contract)
    holidays.refresh_holidays(app.ports)
    sold = read_sales(app.ports.warehouse, today, {"week": WEEKS, "day": days})
    app.close()
    return sold


def _of_rows(history: SeriesHistory, rows: Ints) -> SeriesHistory:
    """The history of some series."""
    return replace(
        history,
        values=history.values[rows],
        stores=history.stores[rows],
        categories=history.categories[rows],
        countries=history.countries[rows],
    )
