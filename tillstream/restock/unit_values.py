"""What a unit of a product in a store is worth: its cost, or its net price where no cost is recorded."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

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
    """Return the mean cost of the units sold from `first` to `last`, else their mean price, at the latest rates."""
    currency, rates = latest_rates(warehouse)
    sums = np.zeros((4, len(lines)))  # units, net, units with a cost, cost
    params = {"first": first, "last": last} | lines.parameters()
    rows = warehouse.query(sql.text("restock/unit_values"), params)
    of_row = lines.find([rows.column(name) for name in LINE])
    for line, row in zip(of_row[of_row >= 0].tolist(), rows.filter(pa.array(of_row >= 0)).to_pylist(), strict=True):
        if row["currency"] in rates:
            sums[:2, line] += float(row["units"]), float(row["net"]) * rates[row["currency"]]
        if row["costed_units"] and row["cost_currency"] in rates:
            sums[2:, line] += float(row["costed_units"]), float(row["cost"]) * rates[row["cost_currency"]]
    units, net, costed_units, cost = sums
    is_cost = costed_units > 0
    total, count = np.where(is_cost, cost, net), np.where(is_cost, costed_units, units)
    return UnitValues(currency, np.where(count > 0, total / np.where(count > 0, count, 1), np.nan), is_cost)
