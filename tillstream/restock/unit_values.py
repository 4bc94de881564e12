"""What a unit of a product is worth in a region: its cost, or its net price where no cost is recorded."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

import numpy as np

import sql
from tillstream.forecasting.models.panel import Bools, Floats
from tillstream.forecasting.sales.rates import latest_rates
from tillstream.ports.warehouse import Warehouse
from tillstream.restock.keys import LINE, Keys


@dataclass(frozen=True)
class UnitValues:
    """Values of lines in the reporting currency."""

    currency: str
    values: Floats
    """Money per unit; NaN without an exchange rate. Shape (lines,)."""
    is_cost: Bools


def read(warehouse: Warehouse, lines: Keys, first: date, last: date) -> UnitValues:
    """Return the mean cost of the units of each product that its region sold from `first` to `last`, else their mean
    price, at the latest rates. Refreshes the daily totals, and reads these.

    lines: keys of products in stores.
    """
    warehouse.refresh_totals()
    currency, rates = latest_rates(warehouse)
    params = {"first": first, "last": last, "products": lines.distinct(LINE.index("product"))}
    sums: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0] * 4)  # units, net, units with a cost, cost
    for row in warehouse.query(sql.text("restock/unit_values"), params).to_pylist():
        of_product = sums[row["region"], row["product"]]
        if row["currency"] in rates:
            of_product[0] += float(row["units"])
            of_product[1] += float(row["net"]) * rates[row["currency"]]
        if row["costed_units"] and row["cost_currency"] in rates:
            of_product[2] += float(row["costed_units"])
            of_product[3] += float(row["cost"]) * rates[row["cost_currency"]]
    of_lines = np.array([sums[region, product] for region, _, product in lines]).reshape(-1, 4)
    units, net, costed_units, cost = of_lines.T
    is_cost = costed_units > 0
    total, count = np.where(is_cost, cost, net), np.where(is_cost, costed_units, units)
    return UnitValues(currency, np.where(count > 0, total / np.where(count > 0, count, 1), np.nan), is_cost)
