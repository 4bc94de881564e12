"""What was sold, from the marts: revenue by store and category, units by store and product."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

import sql
from sql.limits import EVERY_LINE
from tillstream.analytics import computed_stock
from tillstream.forecasting import sales_series
from tillstream.forecasting.models.panel import Regressor
from tillstream.forecasting.outside_series import OutsideValue
from tillstream.forecasting.regressors import (
    outside_regressors,
    price_regressors,
    promotion_regressors,
    spans_needed_from,
    steps_out_of_stock,
)
from tillstream.forecasting.sales_series import (
    SalesCells,
    SalesPlaces,
    SalesSeries,
    SeriesKey,
    TimeAxis,
    day_number,
    history_of,
    time_axis_of,
)
from tillstream.ports.warehouse import Warehouse

OutsideValues = Mapping[str, Sequence[OutsideValue]]
PlannedRegressors = Callable[[Sequence[SeriesKey]], tuple[Regressor, ...]]
LONGEST_HISTORY = timedelta(days=3 * 366)
"""Length of the history that is read."""
MAX_BEHIND = timedelta(days=14)
"""A region whose last day with sales is longer before the last one of all is left out."""
MAX_SERIES = 20_000
"""Number of products in stores that are series; the others are one series of their store and category."""
MAX_LINES = 50_000_000
"""Lines of a ledger above which products are not forecast: their units would be read from all lines every night."""
RECENT_DAYS = 91
"""Number of days by whose units these products are chosen."""
PLANNED_TIME = timedelta(days=366)
"""Time after the last day whose prices and promotions are read."""
REVENUE_KEY = ("region", "store_id", "category", "currency", "country")
UNITS_KEY = ("region", "store_id", "category", "product")


def latest_rates(warehouse: Warehouse) -> tuple[str, dict[str, float]]:
    """Return the reporting currency and the latest rates into it; empty before the first sweep of a project."""
    currency = warehouse.query("SELECT MAX(currency) AS currency FROM reporting").column(0)[0].as_py() or ""
    rows = warehouse.query("SELECT * FROM latest_rates").to_pylist()
    return currency, {row["currency"]: float(row["factor"]) for row in rows} | {currency: 1.0}


@dataclass(frozen=True)
class ForecastSales:
    """Everything that is forecast."""

    last: date
    """Last day with sales; it counts as complete."""
    reporting_currency: str
    revenue: SalesSeries
    units: SalesSeries
    left_out: tuple[str, ...]
    """Regions without sales in the last days."""

    @property
    def unconverted(self) -> tuple[str, ...]:
        """Regions whose currency has no exchange rate: levels over all regions do not include their revenue."""
        pairs = zip(self.revenue.keys, self.revenue.factors, strict=True)
        return tuple(sorted({key.region for key, factor in pairs if not np.isfinite(factor)}))


class NoSales(Exception):
    """There are no sales before today."""


def read_sales(
    warehouse: Warehouse,
    today: date,
    horizons: Mapping[str, int],
    outside: OutsideValues | None = None,
) -> ForecastSales:
    """Read the sales of the last three years before today; `horizons` are numbers of steps ahead by grain.

    outside: values of outside series by name.

    Raises `NoSales`.
    """
    warehouse.refresh_totals()
    spans = warehouse.query(sql.text("forecasts/span"), {"before": today}).to_pylist()
    if not spans:
        raise NoSales
    last = max(row["last_day"] for row in spans)
    last_days = {row["region"]: row["last_day"] for row in spans if last - row["last_day"] <= MAX_BEHIND}
    first = max(min(row["first_day"] for row in spans if row["region"] in last_days), last - LONGEST_HISTORY)
    params, regions = {"first": first, "last": last}, list(last_days)
    revenue = sales_series.read_cells(warehouse, "revenue", REVENUE_KEY, "net", params, regions)
    first = np.datetime64(int(revenue.days.min()), "D").item()  # the span has whole weeks of weekly sales
    places = sales_series.read_places(warehouse, revenue, time_axis_of(revenue, first, last, horizons), last_days)
    is_large = sum(row["lines"] for row in spans) > MAX_LINES
    query, of_lines = ("category_units", {}) if is_large else ("units", EVERY_LINE)
    units = sales_series.read_cells(warehouse, query, UNITS_KEY, "units", {**params, **of_lines}, regions)
    since = spans_needed_from(places.axis.days[0].item())
    empty = None if is_large else computed_stock.days_out_of_stock(warehouse, since)
    currency, rates = latest_rates(warehouse)
    left_out = tuple(sorted(row["region"] for row in spans if row["region"] not in last_days))
    series, main = outside or {}, _main_currencies(revenue)
    return ForecastSales(
        last,
        currency,
        _revenue(revenue, main, places, rates, series),
        _units(units, places, _plans(warehouse, places.axis, main), series, empty),
        left_out,
    )


def _revenue(
    cells: SalesCells, main: Mapping[str, str], places: SalesPlaces, rates: Mapping[str, float], outside: OutsideValues
) -> SalesSeries:
    """Revenue in the main currency of each region; other currencies are converted at the latest rates."""
    keys = sorted({SeriesKey(*key[:3]) for key in cells.keys})
    numbers = {key: code for code, key in enumerate(keys)}
    of_key = np.array([numbers[SeriesKey(*key[:3])] for key in cells.keys], dtype=np.int64)
    conversion = np.array([_cross_rate(key[3], main[key[0]], rates) for key in cells.keys])
    amounts = cells.values * conversion[cells.series]
    inputs = outside_regressors(keys, outside, places.axis)
    history = history_of(keys, of_key[cells.series], cells.days, amounts, places, regressors=inputs)
    factors = np.array([rates.get(main[key.region], np.nan) for key in keys])
    return SalesSeries(tuple(keys), history, tuple(main[key.region] for key in keys), factors)


def _main_currencies(cells: SalesCells) -> dict[str, str]:
    """The currency of the most rows of each region."""
    counted: dict[str, Counter[str]] = {}
    rows = np.bincount(cells.series, minlength=len(cells.keys))
    for key, count in zip(cells.keys, rows.tolist(), strict=True):
        counted.setdefault(key[0], Counter())[key[3]] += count
    return {region: each.most_common(1)[0][0] for region, each in counted.items()}


def _cross_rate(currency: str, into: str, rates: Mapping[str, float]) -> float:
    """0 without a rate: such lines are left out."""
    if currency == into:
        return 1.0
    return rates[currency] / rates[into] if currency in rates and into in rates else 0.0


def _plans(warehouse: Warehouse, axis: TimeAxis, currencies: Mapping[str, str]) -> PlannedRegressors:
    """What the catalogue plans for series: promotions, and prices in the currencies of regions."""
    params = {"first": axis.days[0].item(), "last": axis.days[axis.steps - 1].item() + PLANNED_TIME}
    promoted, priced = (
        warehouse.query(sql.text(f"forecasts/{name}"), params).to_pylist() for name in ("promotions", "list_prices")
    )

    def regressors(keys: Sequence[SeriesKey]) -> tuple[Regressor, ...]:
        return (
            *promotion_regressors(keys, promoted, axis),
            *price_regressors(keys, priced, currencies, axis),
        )

    return regressors


def _units(
    cells: SalesCells, places: SalesPlaces, plans: PlannedRegressors, outside: OutsideValues, empty: pa.Table | None
) -> SalesSeries:
    """Units of products, which are not observed in the spans `empty` of days out of stock."""
    is_own = _is_own(cells, places.axis)
    named = [SeriesKey(*key[: 4 if own else 3]) for key, own in zip(cells.keys, is_own, strict=True)]
    keys = sorted(set(named))
    numbers = {key: code for code, key in enumerate(keys)}
    of_key = np.array([numbers[key] for key in named], dtype=np.int64)
    inputs = (*plans(keys), *outside_regressors(keys, outside, places.axis))
    history = history_of(
        keys,
        of_key[cells.series],
        cells.days,
        cells.values,
        places,
        can_be_sparse=True,
        regressors=inputs,
        is_out=None if empty is None else steps_out_of_stock(empty, keys, places.axis),
    )
    return SalesSeries(tuple(keys), history, ("",) * len(keys), np.ones(len(keys)))


def _is_own(cells: SalesCells, axis: TimeAxis) -> list[bool]:
    """Whether each product in a store is a series of its own: those with the most units of the last quarter."""
    if len(cells.keys) <= MAX_SERIES:
        return [True] * len(cells.keys)
    recent = cells.days > day_number(axis.first) + (axis.steps - 1) * axis.grain.days - RECENT_DAYS
    units = np.bincount(cells.series[recent], cells.values[recent], len(cells.keys))
    chosen = np.zeros(len(cells.keys), dtype=bool)
    chosen[np.argsort(-units, kind="stable")[:MAX_SERIES]] = True
    return [bool(each) for each in chosen]
