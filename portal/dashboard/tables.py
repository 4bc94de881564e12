"""Full tables of the rankings, searched, sorted and paged on the server."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from flask import request

from portal import list_view, metrics
from portal.dashboard.breakdowns import BREAKDOWNS
from portal.dashboard.request_filters import DashboardFilters, here, lines_link
from tillstream.analytics.filters import NAMES

MAX_ROWS = 5_000
"""Maximum rows of a limited ranking (products, customers), largest first."""
SHARE = ("revenue_share", "% of revenue", "share")
AMOUNTS = (("revenue", "Revenue", "money"), ("orders", "Orders", "count"), ("units", "Units", "count"))
LINES = ("lines", "Sale lines", "lines")
Column = tuple[str, str, str]


@dataclass(frozen=True)
class Table:
    """`columns`: key, label and format. `filter`: the filter that a row sets; without one a row links to a search."""

    title: str
    query: str
    key: str
    columns: tuple[Column, ...]
    filter: str = ""
    label: str = ""
    limited: bool = False

    @property
    def heads(self) -> list[dict[str, Any]]:
        """Columns as the template macro `table` expects them."""
        currency = metrics.currency()
        return [
            {
                "key": key,
                "label": label,
                "sort": True,
                "num": kind not in {"name", "text", "day"},
                "unit": currency if kind == "money" else "",
            }
            for key, label, kind in self.columns
        ]

    def rows(self, selection: DashboardFilters) -> list[dict[str, Any]]:
        limit = {"limit": MAX_ROWS} if self.limited else {}
        rows: list[dict[str, Any]] = metrics.ask(self.query, selection.filters, **limit).to_pylist()
        for row in rows:
            value = row["value"] = row[self.key]
            row["name"] = (row[self.label] if self.label else None) or value
            row["link"] = here(**{self.filter: value}) if self.filter and value is not None else ""
            row["lines_link"] = "" if value is None else lines_link(**{self.filter or "q": value})
        return rows


def _splits() -> Iterable[tuple[str, Table]]:
    for name, one in BREAKDOWNS.items():
        amounts = tuple(column for column in AMOUNTS if one.orders or column[0] != "orders")
        shares = () if one.limited else (SHARE,)
        columns = (("name", one.filter.capitalize(), "name"), *amounts, *shares, LINES)
        yield (
            name,
            Table(
                f"{one.called.capitalize()} by revenue",
                one.query,
                one.column,
                columns,
                one.filter,
                one.label,
                one.limited,
            ),
        )


TABLES: dict[str, Table] = dict(_splits()) | {
    "by-country": Table(
        "Countries by revenue",
        "country-shares",
        "country",
        (
            ("name", "Country", "name"),
            AMOUNTS[0],
            SHARE,
            ("customers", "Customers", "count"),
            ("customers_share", "% of customers", "share"),
            ("new_customers", "New", "count"),
            ("new_customers_share", "% of new", "share"),
            LINES,
        ),
        "country",
    ),
    "top-customers": Table(
        "Customers by revenue",
        "top-customers",
        "customer",
        (
            ("name", "Customer", "name"),
            ("country", "Country", "text"),
            *AMOUNTS,
            ("last_sale_date", "Last sale", "day"),
            LINES,
        ),
        label="customer_name",
        limited=True,
    ),
}


def page_of(table: Table, selection: DashboardFilters) -> list_view.Page:
    """Requested page of the table; its links keep the filters."""
    kept = {name: values for name, values in request.args.lists() if name in {*NAMES, "preset"}}
    query = replace(
        list_view.list_query(sorts=[key for key, _, _ in table.columns], default_sort="-revenue"), kept=kept
    )
    words = query.q.casefold().split()
    rows = [row for row in table.rows(selection) if all(word in _text(row) for word in words)]
    ordered = [row for row in rows if row[query.column] is not None]
    ordered.sort(key=lambda row: _order(row[query.column]), reverse=query.down)
    # Rows without a value come last in both sort directions.
    ordered += [row for row in rows if row[query.column] is None]
    return list_view.page_of(query, ordered)


def _text(row: dict[str, Any]) -> str:
    return f"{row['name'] or ''} {row['value'] or ''}".casefold()


def _order(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
