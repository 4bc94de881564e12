"""Order policies simulated over the sales of an online retailer, ingested and read as by `tillstream restock`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np

from bench.forecasting.data_sets import RETAIL, ingested, unpacked_retail
from bench.restock.forecasts import HORIZON, Forecasts
from tillstream.analytics import holidays
from tillstream.forecasting.models.panel import Floats, Ints
from tillstream.forecasting.sales_reading import read_sales
from tillstream.stock import past_sales
from tillstream.stock.restock_simulation import POLICIES, ComparedPolicy, SimulationSetting, compare_policies

FIRST, LAST = date(2010, 12, 1), date(2011, 12, 9)
START, END = 152, 303
"""Open days that are simulated; the days before are history."""
FORECAST = "quantile of the forecast"
AFTER_CHRISTMAS_ORDERS = 6
"""Open day from which on the history is without the high season of the first December."""
A_WEEK = SimulationSetting(lead_days=6, review_days=6, pack=12, warm_up=12, week_days=6)


@dataclass(frozen=True)
class Case:
    """What is simulated."""

    name: str
    fill: float = 0.9
    setting: SimulationSetting = A_WEEK
    products: int = 200
    """Those with the most units before the simulation."""
    first: int = 0
    """First open day of the history."""


FLOOR = Case("one week of lead time")
CASES: Sequence[Case] = (
    FLOOR,
    Case("the same at 95 % fill rate", fill=0.95),
    Case("history without the first December", first=AFTER_CHRISTMAS_ORDERS),
    Case("500 products", products=500),
    Case("three weeks of lead time", setting=replace(A_WEEK, lead_days=18)),
)


@dataclass(frozen=True)
class Outcome:
    """The policies of a case at its fill rate."""

    case: Case
    policies: Sequence[ComparedPolicy]

    def change(self, policy: str) -> float:
        """Return the stock value of a policy against that of the fixed level, as a fraction."""
        return next(float(each.change or 0) for each in self.policies if each.policy == policy)


@dataclass(frozen=True)
class Retailer:
    """What the online retailer sold."""

    units: Floats
    """Shape (products, open days)."""
    values: Floats
    """Money per unit; shape (products,)."""
    series: Ints
    """Series of each product in the forecasts."""
    forecasts: Forecasts


def run(data: Path, work: Path, cases: Sequence[Case] = CASES, *, with_forecasts: bool = True) -> list[Outcome]:
    """Simulate cases; `data` is the folder of the data sets. Forecasts take minutes."""
    sold = _read(data, work)
    return [_outcome(case, sold, with_forecasts=with_forecasts) for case in cases]


def _read(data: Path, work: Path) -> Retailer:
    app = ingested(work / "restock", unpacked_retail(data, work), RETAIL)
    holidays.refresh_holidays(app.ports)
    sales = read_sales(app.ports.warehouse, LAST + timedelta(days=1), {"week": 1, "day": HORIZON}).units
    past = past_sales.read_past_sales(app.ports.warehouse, FIRST, LAST, ["UK"])
    past = past.select(np.flatnonzero([product[:5].isdigit() for _, _, product in past.lines]))  # others are fees
    values = past_sales.read_unit_values(app.ports.warehouse, past.lines, FIRST, LAST).values
    app.close()
    steps = np.unique(past.steps)  # the history of forecasts begins on the same day
    series = {key.product: number for number, key in enumerate(sales.keys)}
    return Retailer(
        past.dense(0, len(past.lines))[:, steps],
        np.nan_to_num(values),
        np.array([series[product] for _, _, product in past.lines]),
        Forecasts(sales.history, steps, range(START, END, A_WEEK.review_days)),
    )


def _outcome(case: Case, sold: Retailer, *, with_forecasts: bool) -> Outcome:
    units = sold.units[:, case.first : END]
    start = START - case.first
    before = np.nan_to_num(units[:, :start]).sum(axis=1)
    rows = np.sort(np.argsort(-before, kind="stable")[: case.products])
    rows = rows[before[rows] > 0]
    forecast = {FORECAST: sold.forecasts.policy(sold.series[rows], case.first)} if with_forecasts else {}
    comparison = compare_policies(units[rows], sold.values[rows], start, case.setting, {**forecast, **POLICIES})
    return Outcome(case, comparison.at_fill(case.fill))
