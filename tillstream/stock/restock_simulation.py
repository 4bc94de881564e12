"""Order policies compared over past sales: simulated as periodic orders with lost sales, once a week for the portal."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

import sql
from tillstream.forecasting.models.panel import Floats, Ints, mean_or_zero
from tillstream.forecasting.sales_reading import MAX_BEHIND
from tillstream.forecasting.sales_series import day_number
from tillstream.model.errors import NotFound, Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Update, update_document
from tillstream.ports.warehouse import Warehouse
from tillstream.stock import past_sales
from tillstream.stock.product_demand import OPEN_DAYS, SumDemand, demand_of_recent_sales
from tillstream.stock.replenishment import whole_packs
from tillstream.stock.row_keys import LINE_COLUMNS, keys_of

QUANTILE, FIXED, ROLLING = "quantile of recent sales", "fixed level", "rolling mean"
ROLLING_DAYS = 48
DEVIATIONS = np.linspace(-2.0, 6.0, 25)
"""Safety stock in standard deviations of the demand, for policies that assume a normal distribution."""
PROBABILITIES = np.concatenate([np.linspace(0.2, 0.95, 16), [0.96, 0.97, 0.98, 0.99, 0.995]])
FACTORS = np.linspace(1.1, 3.0, 10)
"""Multiples of the highest quantile, for fill rates that it does not reach."""
QUANTILES = np.concatenate([PROBABILITIES, FACTORS])
"""Positions of the knob of levels that are quantiles."""

MEASURES = ("cycle_service", "stock_units", "stock_value", "days_short", "orders")

SIMULATED_TIME = timedelta(days=365)
"""Time before the last day with sales that is read; policies are simulated in the second half of its open days."""
FEWEST_CYCLES = 4
_NO_SALES = "There are no sales of products before today in these stores."

COLLECTION, COMPARISON_ID = "restock", "policies"
COMPARISON_INTERVAL = timedelta(days=7)
COMPARED_FILL_RATES = (0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)
"""Fill rates at which policies are compared."""


@dataclass(frozen=True)
class SimulationSetting:
    """What a simulation orders by; days are open days."""

    lead_days: int
    """At least 1."""
    review_days: int
    pack: float = 1.0
    warm_up: int = 12
    """First days that are not measured."""
    most_weeks: float = 8.0
    """Weeks of cover after a delivery, at most."""
    week_days: int = 7
    """Open days of a week."""

    @property
    def days(self) -> int:
        """Days that an order has to last."""
        return self.lead_days + self.review_days


@dataclass(frozen=True)
class OrderPolicy:
    """A rule for levels."""

    knob: Floats
    """Positions, in ascending order of the stock."""
    levels: Callable[[Floats, SimulationSetting], Floats]
    """Returns levels, shape (positions, lines), from the units of past days (lines, days), NaN where not observed."""
    is_fixed: bool = False
    """Whether levels are set once, before the simulation."""


def recent_demand(past: Floats, setting: SimulationSetting) -> SumDemand:
    """Return the demand over the lead time and the review period by recent sales, at `PROBABILITIES`."""
    return demand_of_recent_sales(past[:, -OPEN_DAYS:], np.full(len(past), setting.days), PROBABILITIES)


def levels_of_demand(demand: SumDemand, setting: SimulationSetting) -> Floats:
    """Return the levels at the positions of `QUANTILES`, capped in weeks of cover; shape (positions, lines)."""
    beyond = demand.quantiles[:, -1:] * FACTORS
    cap = demand.daily * (setting.lead_days + setting.week_days * setting.most_weeks)
    return np.asarray(np.minimum(np.hstack([demand.quantiles, beyond]), cap[:, None]).T)


def _recent_quantile(past: Floats, setting: SimulationSetting) -> Floats:
    """Quantile of the demand by recent sales, as for a product without a forecast."""
    return levels_of_demand(recent_demand(past, setting), setting)


def _mean_and_deviations(past: Floats, setting: SimulationSetting) -> Floats:
    """Mean of all past days plus safety stock."""
    mean = mean_or_zero(past)
    deviation = np.sqrt(mean_or_zero((past - mean[:, None]) ** 2))
    levels = setting.days * mean + DEVIATIONS[:, None] * deviation * np.sqrt(setting.days)
    return np.asarray(np.maximum(levels, 0.0))


def _rolling_mean(past: Floats, setting: SimulationSetting) -> Floats:
    """Mean of the last `ROLLING_DAYS` days plus safety stock."""
    return _mean_and_deviations(past[:, -ROLLING_DAYS:], setting)


POLICIES: Mapping[str, OrderPolicy] = {
    QUANTILE: OrderPolicy(QUANTILES, _recent_quantile),
    FIXED: OrderPolicy(DEVIATIONS, _mean_and_deviations, is_fixed=True),
    ROLLING: OrderPolicy(DEVIATIONS, _rolling_mean),
}


@dataclass(frozen=True)
class PolicyCurve:
    """What a policy reaches for each position of its knob; each array has the shape (knobs,)."""

    fill: Floats
    """Share of the demand that was served."""
    cycle_service: Floats
    """Share of the cycles of lines without a day short."""
    stock_units: Floats
    """Mean over the evenings."""
    stock_value: Floats
    days_short: Floats
    """Share of the days of lines on which some demand was not served."""
    orders: Floats
    """Number of order lines."""


def replay_sales(
    units: Floats, policy: OrderPolicy, values: Floats, start: int, setting: SimulationSetting
) -> PolicyCurve:
    """Simulate from the day `start` to the end of past sales.

    A day begins with deliveries; on every `review_days`-th day orders are placed after them, which are delivered
    `lead_days` later. Demand that is not served is lost. The stock of the first day is its level.

    units: shape (lines, days), with days that were not observed as NaN: they have no demand.
    values: money per unit of each line.
    """
    demand = np.nan_to_num(units)
    levels = policy.levels(units[:, :start], setting)
    on_hand = levels.copy()
    arriving = np.zeros((setting.lead_days + 1, *on_hand.shape))  # by day modulo their number
    sums = _MeasuredSums(*on_hand.shape)
    for day in range(start, units.shape[1]):
        on_hand += arriving[day % len(arriving)]
        arriving[day % len(arriving)] = 0.0
        is_measured = day >= start + setting.warm_up
        if (day - start) % setting.review_days == 0:
            if not policy.is_fixed:
                levels = policy.levels(units[:, :day], setting)
            missing = np.maximum(levels - on_hand - arriving.sum(axis=0), 0.0)
            ordered = whole_packs(missing, setting.pack)
            arriving[(day + setting.lead_days) % len(arriving)] += ordered
            if is_measured:
                sums.add_review(ordered)
        lost = np.maximum(demand[:, day] - on_hand, 0.0)
        on_hand = np.maximum(on_hand - demand[:, day], 0.0)
        if is_measured:
            sums.add_day(demand[:, day], lost, on_hand, values)
    return sums.curve()


class _MeasuredSums:
    """Sums over the days that are measured, by knob."""

    def __init__(self, knobs: int, lines: int) -> None:
        self._lines, self._days, self._cycles, self._demand = lines, 0, 0, 0.0
        self._lost, self._units, self._value, self._short, self._orders, self._unserved = np.zeros((6, knobs))
        self._is_short = np.zeros((knobs, lines), dtype=bool)  # in the current cycle

    def add_review(self, ordered: Floats) -> None:
        """Add order lines, and begin a cycle."""
        self._end_cycle()
        self._orders += (ordered > 0).sum(axis=1)

    def add_day(self, demand: Floats, lost: Floats, on_hand: Floats, values: Floats) -> None:
        """Add a day with its lost demand and the stock in the evening."""
        is_short = lost > 0
        self._is_short |= is_short
        self._days += 1
        self._demand += float(demand.sum())
        self._lost += lost.sum(axis=1)
        self._short += is_short.sum(axis=1)
        self._units += on_hand.sum(axis=1)
        self._value += on_hand @ values

    def curve(self) -> PolicyCurve:
        """Return the measures; a cycle that is not complete counts."""
        self._end_cycle()
        days = max(self._days, 1)
        return PolicyCurve(
            fill=1 - self._lost / max(self._demand, np.finfo(np.float64).tiny),
            cycle_service=1 - self._unserved / max(self._cycles * self._lines, 1),
            stock_units=self._units / days,
            stock_value=self._value / days,
            days_short=self._short / (days * self._lines),
            orders=self._orders.copy(),
        )

    def _end_cycle(self) -> None:
        if self._days:
            self._cycles += 1
            self._unserved += self._is_short.sum(axis=1)
            self._is_short[:] = False


@dataclass(frozen=True)
class ComparedPolicy:
    """A policy at a fill rate. The measures are those of `PolicyCurve`."""

    policy: str
    fill: float
    cycle_service: float
    stock_units: float
    stock_value: float
    days_short: float
    orders: float
    change: float | None
    """Stock value against that of the fixed level, as a fraction; None if that does not reach the fill rate."""


@dataclass(frozen=True)
class PolicyCurves:
    """Curves of policies for the same lines and days."""

    curves: Mapping[str, PolicyCurve]

    def at_fill(self, fill: float) -> Sequence[ComparedPolicy]:
        """Return the policies that reach a fill rate."""
        rows: dict[str, dict[str, float]] = {}
        for policy, curve in self.curves.items():
            reached = np.maximum.accumulate(curve.fill)
            if reached[0] <= fill <= reached[-1]:
                rows[policy] = {name: float(np.interp(fill, reached, getattr(curve, name))) for name in MEASURES}
        fixed = rows[FIXED]["stock_value"] if FIXED in rows else 0
        return [
            ComparedPolicy(policy, fill, **row, change=row["stock_value"] / fixed - 1 if fixed else None)
            for policy, row in rows.items()
        ]

    def fill_of_service(self, service: float) -> float:
        """Return the fill rate of levels that are the quantile of recent sales at the probability `service`."""
        return float(np.interp(service, QUANTILES, self.curves[QUANTILE].fill))

    def series(self) -> list[dict[str, Any]]:
        """Return the lines of a chart of stock value against fill rate, by policy, in order of the knob."""
        return [
            {
                "policy": policy,
                "fill": [round(each, 6) for each in curve.fill.tolist()],
                "stock_value": [round(each, 2) for each in curve.stock_value.tolist()],
            }
            for policy, curve in self.curves.items()
        ]


def compare_policies(
    units: Floats,
    values: Floats,
    start: int,
    setting: SimulationSetting,
    policies: Mapping[str, OrderPolicy] = POLICIES,
) -> PolicyCurves:
    """Simulate policies from the day `start` on; `units` has the shape (lines, days), `values` (lines,)."""
    return PolicyCurves(
        {name: replay_sales(units, policy, values, start, setting) for name, policy in policies.items()}
    )


@dataclass(frozen=True)
class SimulationOptions:
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
    setting: SimulationSetting
    comparison: PolicyCurves


def simulate_policies(warehouse: Warehouse, today: date, options: SimulationOptions) -> Simulation:
    """Simulate policies over the sales before today.

    Raises `NotFound` if there are no such sales, and `Rejected` if they are too short or an option is not above 0.
    """
    numbers = (options.lead_days, options.review_days, options.pack, options.top)
    if any(each is not None and each <= 0 for each in numbers):
        raise Rejected("Days, packs and the number of products are above 0.")
    warehouse.refresh_totals()
    last, regions = _end(warehouse, today, options)
    first = last - SIMULATED_TIME
    places = {"regions": regions, "store": options.store}
    open_days = warehouse.query(sql.text("restock/open_days"), {"first": first, "last": last} | places)
    days = open_days.column("sale_date").cast(pa.int32()).to_numpy().astype(np.int64) - day_number(first)
    if not len(days):
        raise NotFound(_NO_SALES)
    setting = _setting(days, options)
    start = len(days) // 2
    if min(start, len(days) - start - setting.warm_up) < FEWEST_CYCLES * max(setting.review_days, setting.lead_days):
        raise Rejected(f"There are sales of {len(days)} days: too few for a lead time of {setting.lead_days} days.")
    until = first + timedelta(days=int(days[start]) - 1)
    best = warehouse.query(sql.text("restock/best_lines"), {"first": first, "last": until, "top": options.top} | places)
    lines, _ = keys_of([best.column(name) for name in LINE_COLUMNS])
    if not len(lines):
        raise NotFound(_NO_SALES)
    past = past_sales.read_past_sales(warehouse, first, last, regions, only=lines)
    worth = past_sales.read_unit_values(warehouse, past.lines, first, last)
    sold = past.dense(0, len(past.lines))[:, days]
    return Simulation(
        first_day=past.days[days[start + setting.warm_up]].item(),
        last_day=past.days[days[-1]].item(),
        open_days=len(days) - start - setting.warm_up,
        lines=len(past.lines),
        costed_lines=int(worth.is_cost.sum()),
        currency=worth.currency,
        setting=setting,
        comparison=compare_policies(sold, np.nan_to_num(worth.values), start, setting),
    )


def _end(warehouse: Warehouse, today: date, options: SimulationOptions) -> tuple[date, list[str]]:
    """The last day of all regions whose sales are not far behind, and these regions."""
    spans = warehouse.query(sql.text("forecasts/span"), {"before": today}).to_pylist()
    last_days = {row["region"]: row["last_day"] for row in spans if options.region in {"", row["region"]}}
    last = max(last_days.values(), default=today)
    regions = [region for region, day in last_days.items() if last - day <= MAX_BEHIND]
    return min((last_days[region] for region in regions), default=today), regions


def _setting(days: Ints, options: SimulationOptions) -> SimulationSetting:
    weeks = (int(days[-1]) - int(days[0]) + 1) / 7
    week_days = min(max(round(len(days) / weeks), 1), 7)
    return SimulationSetting(
        lead_days=week_days if options.lead_days is None else options.lead_days,
        review_days=week_days if options.review_days is None else options.review_days,
        pack=options.pack,
        warm_up=2 * week_days,
        week_days=week_days,
    )


@dataclass(frozen=True)
class PolicyComparison:
    """What `Simulation` has, as of `computed_at`. problem: why there is none, else empty."""

    computed_at: datetime
    problem: str = ""
    first_day: date = date.min
    last_day: date = date.min
    lines: int = 0
    costed_lines: int = 0
    currency: str = ""
    lead_days: int = 0
    review_days: int = 0
    compared: Sequence[Mapping[str, Any]] = ()
    """`ComparedPolicy` of each fill rate and policy that reaches it."""


def stored_comparison(ports: Ports) -> PolicyComparison | None:
    document = ports.documents.get(COLLECTION, COMPARISON_ID)
    if document is None:
        return None
    data = json.loads(document.data["text"])
    days = {name: date.fromisoformat(data[name]) for name in ("first_day", "last_day")}
    return PolicyComparison(**(data | days | {"computed_at": datetime.fromisoformat(data["computed_at"])}))


def refresh_due_comparison(ports: Ports) -> bool:
    """Simulate again a week after the last time; return whether it did. Raises `Unavailable`."""
    last, now = stored_comparison(ports), ports.clock.now()
    if last and now - last.computed_at < COMPARISON_INTERVAL:
        return False
    text = json.dumps(asdict(_simulated(ports, now)), default=lambda value: value.isoformat())  # days and times
    update_document(ports.documents, COLLECTION, COMPARISON_ID, lambda _: Update({"text": text}))
    return True


def _simulated(ports: Ports, now: datetime) -> PolicyComparison:
    try:
        result = simulate_policies(ports.warehouse, now.date(), SimulationOptions())
    except (NotFound, Rejected) as error:
        return PolicyComparison(now, str(error))
    return PolicyComparison(
        now,
        first_day=result.first_day,
        last_day=result.last_day,
        lines=result.lines,
        costed_lines=result.costed_lines,
        currency=result.currency,
        lead_days=result.setting.lead_days,
        review_days=result.setting.review_days,
        compared=[asdict(one) for fill in COMPARED_FILL_RATES for one in result.comparison.at_fill(fill)],
    )
