"""Simulation over the past sales of a home."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

import sql
from tillstream.forecasting.models.panel import Ints
from tillstream.forecasting.sales.places import number
from tillstream.forecasting.sales.read import MOST_BEHIND
from tillstream.model.errors import NotFound, Rejected
from tillstream.ports.warehouse import Warehouse
from tillstream.restock import past_sales, unit_values
from tillstream.restock.keys import LINE, keys_of
from tillstream.restock.simulation.comparison import Comparison, compare
from tillstream.restock.simulation.policies import Setting

SPAN = timedelta(days=365)
"""Time before the last day with sales that is read; policies are simulated in the second half of its open days."""
FEWEST_CYCLES = 4
_NO_SALES = "There are no sales of products before today in these stores."


@dataclass(frozen=True)
class Options:
    """What is simulated. Days are open days; None: as many as a week has."""

    lead_days: int | None = None
    review_days: int | None = None
    pack: float = 1.0
    top: int = 200
    """Number of products in stores: those with the most units before the simulation."""
    region: str = ""
    store: str = ""
    """Of the region; empty: all."""


@dataclass(frozen=True)
class Simulation:
    """Policies compared over past sales."""

    first_day: date
    """First day that is measured."""
    last_day: date
    open_days: int
    """Number of days that are measured."""
    lines: int
    """Number of products in stores."""
    costed_lines: int
    """Lines that are valued at cost; the others are valued at their net price."""
    currency: str
    setting: Setting
    comparison: Comparison


def simulate(warehouse: Warehouse, today: date, options: Options) -> Simulation:
    """Simulate policies over the sales before today.

    Raises `NotFound` if there are no such sales, and `Rejected` if they are too short or an option is not above 0.
    """
    numbers = (options.lead_days, options.review_days, options.pack, options.top)
    if any(each is not None and each <= 0 for each in numbers):
        raise Rejected("Days, packs and the number of products are above 0.")
    warehouse.refresh_totals()
    last, regions = _end(warehouse, today, options)
    first = last - SPAN
    places = {"regions": regions, "store": options.store}
    open_days = warehouse.query(sql.text("restock/open_days"), {"first": first, "last": last} | places)
    days = open_days.column("sale_date").cast(pa.int32()).to_numpy().astype(np.int64) - number(first)
    if not len(days):
        raise NotFound(_NO_SALES)
    setting = _setting(days, options)
    start = len(days) // 2
    if min(start, len(days) - start - setting.warm_up) < FEWEST_CYCLES * max(setting.review_days, setting.lead_days):
        raise Rejected(f"There are sales of {len(days)} days: too few for a lead time of {setting.lead_days} days.")
    until = first + timedelta(days=int(days[start]) - 1)
    best = warehouse.query(sql.text("restock/best_lines"), {"first": first, "last": until, "top": options.top} | places)
    lines, _ = keys_of([best.column(name) for name in LINE])
    if not len(lines):
        raise NotFound(_NO_SALES)
    past = past_sales.read(warehouse, first, last, regions, only=lines)
    worth = unit_values.read(warehouse, past.lines, first, last)
    sold = past.dense(0, len(past.lines))[:, days]
    return Simulation(
        first_day=past.days[days[start + setting.warm_up]].item(),
        last_day=past.days[days[-1]].item(),
        open_days=len(days) - start - setting.warm_up,
        lines=len(past.lines),
        costed_lines=int(worth.is_cost.sum()),
        currency=worth.currency,
        setting=setting,
        comparison=compare(sold, np.nan_to_num(worth.values), start, setting),
    )


def _end(warehouse: Warehouse, today: date, options: Options) -> tuple[date, list[str]]:
    """The last day of all regions whose sales are not far behind, and these regions."""
    spans = warehouse.query(sql.text("forecasts/span"), {"before": today}).to_pylist()
    last_days = {row["region"]: row["last_day"] for row in spans if options.region in {"", row["region"]}}
    last = max(last_days.values(), default=today)
    regions = [region for region, day in last_days.items() if last - day <= MOST_BEHIND]
    return min((last_days[region] for region in regions), default=today), regions


def _setting(days: Ints, options: Options) -> Setting:
    weeks = (int(days[-1]) - int(days[0]) + 1) / 7
    week_days = min(max(round(len(days) / weeks), 1), 7)
    return Setting(
        lead_days=week_days if options.lead_days is None else options.lead_days,
        review_days=week_days if options.review_days is None else options.review_days,
        pack=options.pack,
        warm_up=2 * week_days,
        week_days=week_days,
    )
