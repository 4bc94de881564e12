"""The current lines of a ledger for pandas, with their amounts in one currency and their costs."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

import pandas as pd

EXACT = Context(prec=80)
UNIT = Decimal("1e-9")


def rounded(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.quantize(UNIT, ROUND_HALF_UP, EXACT)


def total(values: Iterable[Any]) -> Decimal | None:
    """The exact sum of what is there, rounded once."""
    there = [value for value in values if value is not None and not pd.isna(value)]
    result = Decimal(0)
    for value in there:
        result = EXACT.add(result, value)
    return rounded(result) if there else None


def ratio(dividend: Any, divisor: Any) -> Decimal | None:
    if dividend is None or not divisor:
        return None
    return rounded(EXACT.divide(Decimal(dividend), Decimal(divisor)))


def product(one: Any, other: Any) -> Decimal | None:
    return None if one is None or other is None else EXACT.multiply(one, other)


def lines(ask: Callable[[str], pd.DataFrame], currency: str) -> pd.DataFrame:
    """All current lines, with what pandas needs; `ask` runs a query on stored tables and views of the ledger."""
    frame = ask(
        "SELECT region, sale_id, store_id, salesperson_id, customer_id, customer_name, product_id, product_name, "
        "category, channel, status, sale_date, country, quantity, discount, net_amount, currency, unit_cost "
        "FROM current_lines"
    )
    frame = frame.astype(object).where(frame.notna(), None)
    frame["sale_date"] = [pd.Timestamp(day).date() for day in frame.sale_date]
    rates = {(pd.Timestamp(day).date(), code): factor for day, code, factor in _rows(ask, "reporting_rates")}
    codes = {(region, code): name for region, code, name in _rows(ask, "product_codes")}
    factors = [
        Decimal(1) if code == currency else rates.get((day, code))
        for day, code in zip(frame.sale_date, frame.currency, strict=True)
    ]
    frame["factor"] = pd.Series(factors, dtype=object, index=frame.index)
    frame["amount"] = _series(frame, product, "net_amount", "factor")
    frame["discounted"] = _series(frame, product, "discount", "factor")
    frame["active"] = frame.status != "cancelled"
    frame["ordered"] = ~frame.status.isin(["cancelled", "returned"])
    frame["sale"] = frame.region + "\x1f" + frame.sale_id
    frame["customer"] = frame.customer_id.where(frame.customer_id.notna(), frame.customer_name)
    frame["product"] = [
        codes.get((region, code)) or codes.get(("*", code)) or code or name
        for region, code, name in zip(frame.region, frame.product_id, frame.product_name, strict=True)
    ]
    _add_costs(frame, ask, rates, currency)
    return frame.rename(columns={"store_id": "store", "salesperson_id": "salesperson"})


def _rows(ask: Callable[[str], pd.DataFrame], table: str) -> list[tuple[Any, ...]]:
    columns = {
        "reporting_rates": "sale_date, currency, factor",
        "product_codes": "region, code, product_id",
        "dim_product_cost": "product_id, region, currency, amount, valid_from, valid_to",
    }
    frame = ask(f"SELECT {columns[table]} FROM {table}")
    return [tuple(None if pd.isna(value) else value for value in row) for row in frame.itertuples(index=False)]


def _series(frame: pd.DataFrame, function: Callable[[Any, Any], Any], one: str, other: str) -> pd.Series:
    pairs = zip(frame[one], frame[other], strict=True)
    return pd.Series([function(a, b) for a, b in pairs], dtype=object, index=frame.index)


def _add_costs(
    frame: pd.DataFrame, ask: Callable[[str], pd.DataFrame], rates: Mapping[Any, Any], currency: str
) -> None:
    """unit cost of the source, else the latest of the catalogue for the region, else for every region."""
    listed: dict[tuple[str, str], list[tuple[date, date, str, Decimal]]] = {}
    for code, region, money, amount, first, last in _rows(ask, "dim_product_cost"):
        days = (pd.Timestamp(first).date() if first else date.min, pd.Timestamp(last).date() if last else date.max)
        listed.setdefault((code, region), []).append((*days, money, amount))

    def chosen(row: Any) -> tuple[Decimal | None, str | None]:
        if row.unit_cost is not None:
            return row.unit_cost, None
        if row.product_id is None:
            return None, None
        for region in (row.region, "*"):
            valid = [one for one in listed.get((row.product, region), ()) if one[0] <= row.sale_date < one[1]]
            if valid:
                _, _, money, amount = max(valid)
                return amount, money
        return None, None

    picked = [chosen(row) for row in frame.itertuples(index=False)]
    costs, factors, converted = [], [], []
    for (unit, money), row in zip(picked, frame.itertuples(index=False), strict=True):
        cost = rounded(product(row.quantity, unit)) if row.active else None
        factor = row.factor if money is None else Decimal(1) if money == currency else rates.get((row.sale_date, money))
        costs.append(cost)
        factors.append(factor)
        converted.append(cost is not None and factor is not None and row.factor is not None)
    frame["from_catalogue"] = [money is not None for _, money in picked]
    frame["has_cost"] = [
        cost is not None and (factor is not None or (money or row.currency) == row.currency)
        for cost, factor, (_, money), row in zip(costs, factors, picked, frame.itertuples(index=False), strict=True)
    ]
    frame["cost"] = pd.Series(
        [product(cost, factor) if good else None for cost, factor, good in zip(costs, factors, converted, strict=True)],
        dtype=object, index=frame.index,
    )  # fmt: skip
    frame["is_costed"] = [cost is not None and factor is not None for cost, factor in zip(costs, factors, strict=True)]
