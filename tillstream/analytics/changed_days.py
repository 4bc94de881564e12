"""Queries on the changes of settlements, which read only the days that these settlements changed."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import sql
from sql.limits import NO_DAY, limited, where
from tillstream.analytics.catalogue import Query
from tillstream.analytics.query_cache import QueryCache
from tillstream.ports.warehouse import Warehouse

MOST_DAYS = 1_000
"""With more days, the query reads the whole ledger."""
_ROWS = where(
    {
        "sale_versions": "sale_date IN UNNEST(@changed_days)",
        # a settlement that commits now has other days
        "settlements": "settlement_no <= @last_settlement",
        "listed_changes": "settlement_no <= @last_settlement",
    }
)


def on_changed_days(
    warehouse: Warehouse, query: Query, text: str, params: Mapping[str, Any], last: int, cache: QueryCache | None
) -> tuple[str, dict[str, Any]]:
    """Return the text and parameters of a query, limited if it reads the changes after a settlement.

    last: the last settlement of the ledger.
    """
    if "after" not in params or not query.reads("visible_versions"):
        return text, dict(params)
    days = _days(warehouse, params["after"], min(last, params.get("through", last)), cache)
    if len(days) > MOST_DAYS:
        return text, dict(params)
    limits = {"changed_days": days or [NO_DAY], "last_settlement": last}
    return limited(text, _ROWS), {**params, **limits}


def _days(warehouse: Warehouse, after: int, last: int, cache: QueryCache | None) -> list[date]:
    key = ("changed days", after, last)
    answer = cache.get(key) if cache else None
    if answer is None:
        answer = warehouse.query(sql.text("ledger/changed_days"), {"after": after, "last": last})
        if cache:
            cache.put(key, answer)
    days: list[date] = answer.column("sale_date").to_pylist()
    return days
