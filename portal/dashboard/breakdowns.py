"""Rankings: sales grouped by region, store, category, product, channel, salesperson or customer."""

from dataclasses import dataclass
from typing import Any

from flask import request

from portal import metrics
from portal.dashboard import charts
from portal.dashboard.request_filters import DashboardFilters, here, lines_link

SHOWN = 20
CUSTOMERS = (5, 10, 20)


@dataclass(frozen=True)
class Breakdown:
    """`filter`: the filter that a row sets. `label`: the column shown in place of the filter value."""

    tile: str
    title: str
    query: str
    column: str
    filter: str
    called: str
    label: str = ""
    orders: bool = True
    limited: bool = False

    def load(self, selection: DashboardFilters) -> dict[str, Any]:
        limit = {"limit": SHOWN + 1} if self.limited else {}
        rows = metrics.ask(self.query, selection.filters, **limit).to_pylist()
        currency = metrics.currency()
        shown = rows[:SHOWN]
        for row in shown:
            row["value"] = row[self.column]
            row["name"] = (row[self.label] if self.label else None) or row["value"]
            row["link"] = self._link(selection, row)
            row["lines_link"] = lines_link(**{self.filter: row["value"]}) if row["value"] is not None else ""
        figure = charts.bars(
            shown[: charts.BARS] if self.limited else shown, "name", currency, rest=[] if self.limited else rows[SHOWN:]
        )
        figure["links"] = [row["link"] for row in shown[: len(figure["labels"])]]
        return {
            "breakdown": self,
            "name": self.tile,
            "rows": shown,
            "more": len(rows) - len(shown),
            "currency": currency,
            "figure": figure,
            "summary": charts.describe_bars(figure, self.called),
        }

    def _link(self, selection: DashboardFilters, row: dict[str, Any]) -> str:
        """Link of a row: the dashboard filtered to its value, or the sale lines if that filter is set already."""
        value = row["value"]
        if value is None:
            return ""
        return lines_link() if selection.values.get(self.filter) == [value] else here(**{self.filter: value})


BREAKDOWNS: dict[str, Breakdown] = {
    "by-region": Breakdown("by-region", "By region", "sales-by-region", "region", "region", "regions"),
    "by-store": Breakdown("by-store", "By store", "sales-by-store", "store_id", "store", "stores"),
    "by-category": Breakdown(
        "by-category", "By category", "sales-by-category", "category", "category", "categories", orders=False
    ),
    "by-product": Breakdown(
        "by-product",
        "By product",
        "sales-by-product",
        "product",
        "product",
        "products",
        "product_name",
        orders=False,
        limited=True,
    ),
    "by-channel": Breakdown("by-channel", "By channel", "sales-by-channel", "channel", "channel", "channels"),
    "by-salesperson": Breakdown(
        "by-salesperson", "By salesperson", "salespeople", "salesperson_id", "salesperson", "salespeople", limited=True
    ),
}


def top_customers(selection: DashboardFilters) -> dict[str, Any]:
    wanted = request.args.get("customers", CUSTOMERS[1], type=int)
    limit = wanted if wanted in CUSTOMERS else CUSTOMERS[1]
    rows = metrics.ask("top-customers", selection.filters, limit=limit).to_pylist()
    for row in rows:
        row["lines_link"] = lines_link(q=row["customer"])
    return {"rows": rows, "currency": metrics.currency(), "limit": limit, "limits": CUSTOMERS}
