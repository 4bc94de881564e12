"""The measures computed with pandas from the current lines of a ledger, without any SQL of the product."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import pandas as pd
from pandas_lines import ratio, total

SPLITTING = {"product", "category", "customer"}
PERIODS: Mapping[str, Callable[[date], Any]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
    "quarter": lambda day: date(day.year, (day.month - 1) // 3 * 3 + 1, 1),
    "year": lambda day: date(day.year, 1, 1),
    "weekday": lambda day: day.isoweekday(),
}
COMPARED = ("revenue", "orders", "average_order_value", "units", "customers")
DAYS_OF_GRACE = timedelta(days=6)


@dataclass(frozen=True)
class Selection:
    """`now`: the selected lines; `before`, `year_before`: those to compare with; `everything`: all lines in scope."""

    now: pd.DataFrame
    everything: pd.DataFrame
    start: date | None = None
    end: date | None = None
    before: pd.DataFrame | None = None
    year_before: pd.DataFrame | None = None

    @cached_property
    def first_days(self) -> pd.Series:
        """Customer → day of the first purchase, up to the end of the selection."""
        active = self.everything[self.everything.active & self.everything.customer.notna()]
        if self.end:
            active = active[active.sale_date <= self.end]
        return active.groupby("customer").sale_date.min()

    def comparable(self, start: date) -> set[tuple[Any, Any]]:
        """Stores that were open in both periods."""
        active = self.everything[self.everything.active]
        stores = active.assign(store=active.store.fillna("")).groupby(["region", "store"]).sale_date.agg(["min", "max"])
        assert self.end
        is_open = (stores["min"] <= start + DAYS_OF_GRACE) & (stores["max"] >= self.end - DAYS_OF_GRACE)
        return set(stores[is_open].index)


def values(selection: Selection, by: Sequence[str], names: Sequence[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    """group → measure → value."""
    frames = [one for one in (selection.now, selection.before, selection.year_before) if one is not None]
    splits = [_split(frame, by) for frame in frames]
    coarse = [name for name in by if name not in SPLITTING]
    wholes = _split(selection.now, coarse)
    result = {}
    for group in sorted({key for split in splits for key in split}, key=repr):
        parts = [split.get(group, frames[0].iloc[:0]) for split in splits]
        whole = wholes.get(tuple(value for name, value in zip(by, group, strict=True) if name in coarse))
        computed = _compute(selection, dict(zip(by, group, strict=True)), parts[0], whole)
        if selection.before is not None:
            computed |= _compared(selection, computed, parts[1], "growth")
        if selection.year_before is not None:
            computed |= _compared(selection, computed, parts[-1], "year_growth")
        result[group] = {name: computed.get(name) for name in names}
    return result


def _split(frame: pd.DataFrame, by: Sequence[str]) -> dict[tuple[Any, ...], pd.DataFrame]:
    if not by:
        return {(): frame}
    keys = [_key(frame, name) for name in by]
    groups: dict[tuple[Any, ...], list[int]] = {}
    for place, key in enumerate(zip(*keys, strict=True)):
        groups.setdefault(key, []).append(place)
    return {key: frame.iloc[places] for key, places in groups.items()}


def _key(frame: pd.DataFrame, name: str) -> list[Any]:
    if name in PERIODS:
        return [PERIODS[name](day) for day in frame.sale_date]
    return [None if pd.isna(value) else value for value in frame[name]]


def _compute(selection: Selection, group: Mapping[str, Any], g: pd.DataFrame, whole: Any) -> dict[str, Any]:
    active = g[g.active]
    costed, named = active[active.is_costed], active[active.customer.notna()]
    status = {name: g[g.status == name] for name in ("cancelled", "pending", "returned")}
    revenue = total(active.amount) or Decimal(0)
    orders = int(g[g.ordered].sale.nunique())
    units, returned = total(active.quantity) or Decimal(0), total(status["returned"].amount) or Decimal(0)
    discount = total(active.discounted)
    listed = None if discount is None else revenue + discount
    cost, covered = total(costed.cost), total(costed.amount)
    catalogue = total(costed[costed.from_catalogue].amount)
    customers = set(named.customer)
    new = {one for one in customers if _is_new(selection, group, one)}
    sales = named.groupby("customer").sale.nunique()
    before_returns = revenue - returned
    whole_orders = int(whole[whole.ordered].sale.nunique()) if whole is not None else 0
    return {
        "revenue": revenue, "orders": orders, "average_order_value": ratio(revenue, orders), "units": units,
        "basket_size": ratio(units, orders), "lines": len(g), "active_lines": len(active),
        "penetration": ratio(orders, whole_orders), "customers": len(customers), "new_customers": len(new),
        "returning_customers": len(customers) - len(new), "repeat_customers": int((sales >= 2).sum()),
        "named_lines": len(named), "anonymous_lines": len(active) - len(named),
        "countries": int(active.country.nunique()), "categories": int(active.category.nunique()),
        "first_sale_date": min(active.sale_date, default=None), "last_sale_date": max(active.sale_date, default=None),
        "cancelled_lines": len(status["cancelled"]), "pending_lines": len(status["pending"]),
        "cancelled_value": total(status["cancelled"].amount) or Decimal(0),
        "pending_value": total(status["pending"].amount) or Decimal(0),
        "returned_lines": len(status["returned"]), "returned_value": returned,
        "return_rate": ratio(-returned, before_returns) if before_returns > 0 else None,
        "discount_value": discount,
        "discount_rate": ratio(discount, listed) if listed is not None and listed > 0 else None,
        "cost": cost, "covered_revenue": covered, "catalogue_revenue": catalogue,
        "margin": None if covered is None or cost is None else covered - cost,
        "margin_rate": None if covered is None or cost is None else ratio(covered - cost, covered),
        "cost_coverage": ratio(covered, revenue), "catalogue_coverage": ratio(catalogue, revenue),
        "costed_lines": int((active.has_cost & active.active).sum()),
        "unconverted_lines": int(active.factor.isna().sum()),
        "cancelled_unconverted_lines": int(status["cancelled"].factor.isna().sum()),
    }  # fmt: skip


def _is_new(selection: Selection, group: Mapping[str, Any], customer: str) -> bool:
    first = selection.first_days[customer]
    if selection.start and first < selection.start:
        return False
    periods = {name: value for name, value in group.items() if name in PERIODS and name != "weekday"}
    return all(PERIODS[name](first) == value for name, value in periods.items())


def _compared(selection: Selection, now: Mapping[str, Any], then: pd.DataFrame, suffix: str) -> dict[str, Any]:
    before = _compute(selection, {}, then, None)
    return {f"{name}_{suffix}": _growth(now[name], before[name]) for name in COMPARED}


def _growth(now: Any, before: Any) -> Decimal | None:
    if now is None or before is None or before <= 0:
        return None
    return ratio(now - before, before)


def like_for_like(selection: Selection, then: pd.DataFrame, start: date) -> Decimal | None:
    """Growth of the revenue of the stores that were open in both periods."""
    stores = selection.comparable(start)

    def revenue(frame: pd.DataFrame) -> Decimal:
        active = frame[frame.active]
        keys = zip(active.region, active.store.fillna(""), strict=True)
        return total(active.amount[[key in stores for key in keys]]) or Decimal(0)

    return _growth(revenue(selection.now), revenue(then))


def abc_classes(selection: Selection) -> dict[str, str]:
    """Product → class."""
    active = selection.now[selection.now.active & selection.now["product"].notna()]
    revenue = {name: total(amounts) or Decimal(0) for name, amounts in active.groupby("product").amount}
    everything = sum((max(one, Decimal(0)) for one in revenue.values()), Decimal(0))
    classes, passed = {}, Decimal(0)
    for name in sorted(revenue, key=lambda one: (-revenue[one], one)):
        share = ratio(passed, everything)
        if revenue[name] <= 0 or share is None:
            classes[name] = "C"
            continue
        classes[name] = "A" if share < Decimal("0.8") else "B" if share < Decimal("0.95") else "C"
        passed += revenue[name]
    return classes


def rfm_scores(selection: Selection) -> pd.DataFrame:
    """Customer → the three scores, ranked from the lowest value to the highest; equal values have the lowest rank."""
    active = selection.now[selection.now.active & selection.now.customer.notna()]
    bought = active[active.status != "returned"].groupby("customer").sale_date.agg(["max", "nunique"])
    spent = pd.Series({name: total(one) or Decimal(0) for name, one in active.groupby("customer").amount}, dtype=object)
    table = pd.DataFrame({"recency": bought["max"], "frequency": bought["nunique"], "monetary": spent[bought.index]})
    ordered = table.assign(recency=[day.toordinal() for day in table.recency], monetary=_places(table.monetary))
    ranks = ordered.rank(method="min").astype(int)
    return 1 + (ranks - 1) * 5 // len(ranks)


def _places(amounts: pd.Series) -> list[int]:
    """The place of each exact amount among all."""
    places = {value: place for place, value in enumerate(sorted(set(amounts)))}
    return [places[value] for value in amounts]


def cohorts(selection: Selection) -> dict[tuple[date, int], tuple[int, int]]:
    """(month of the first purchase, months since) → customers, customers of the cohort."""
    active = selection.now[selection.now.active & selection.now.customer.notna()]
    months = active.assign(month=[day.replace(day=1) for day in active.sale_date])[
        ["customer", "month"]
    ].drop_duplicates()
    months["cohort"] = [selection.first_days[one].replace(day=1) for one in months.customer]
    members = set(months[months.month == months.cohort].customer)
    counted: dict[tuple[date, int], int] = {}
    for row in months[months.customer.isin(members)].itertuples():
        since = (row.month.year - row.cohort.year) * 12 + row.month.month - row.cohort.month
        counted[row.cohort, since] = counted.get((row.cohort, since), 0) + 1
    return {(cohort, since): (count, counted[cohort, 0]) for (cohort, since), count in counted.items()}
