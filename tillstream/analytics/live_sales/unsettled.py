"""Sales of stores that are not in the ledger yet, of the rows that a user may see."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tillstream.analytics import queries
from tillstream.analytics.filters import Filters
from tillstream.analytics.live_sales.sales import SHOWN_SALES, View
from tillstream.analytics.query_cache import QueryCache
from tillstream.domain.people import UNRESTRICTED
from tillstream.ports.warehouse import Warehouse

SHARED_SALES = 2_000
"""Sales of the query that all scopes share; a scope has a query of its own only if there are more."""


@dataclass(frozen=True)
class UnsettledSales:
    """`sales`: at most SHOWN_SALES, the latest first; `total` and `revenue`: of all of them."""

    sales: tuple[dict[str, Any], ...]
    total: int
    revenue: Decimal


def unsettled_sales(warehouse: Warehouse, view: View, version: tuple[int, int], cache: QueryCache) -> UnsettledSales:
    """The sales that are not in the ledger as of a version: the last settlement, and the appends of unsettled lines."""
    filters = Filters(currency=view.currency)
    key = ("unsettled-sales", view.currency, version)
    answer = cache.get(key)
    if answer is None:
        answer = queries.run(warehouse, "unsettled-sales", UNRESTRICTED, filters, cache=cache, limit=SHARED_SALES)
        cache.put(key, answer)
    rows = answer.to_pylist()
    if rows and rows[0]["sales"] > len(rows):
        own = queries.run(warehouse, "unsettled-sales", view.scope, filters, cache=cache, limit=SHOWN_SALES).to_pylist()
        first: dict[str, Any] = own[0] if own else {"sales": 0, "total_revenue": None}
        return UnsettledSales(tuple(own), first["sales"], first["total_revenue"] or Decimal(0))
    covers = view.scope.covers_sale
    rows = [row for row in rows if covers(row["region"], row["store_id"], row["salesperson_id"])]
    revenue = sum((row["revenue"] or Decimal(0) for row in rows), Decimal(0))
    return UnsettledSales(tuple(rows[:SHOWN_SALES]), len(rows), revenue)
