"""Full tables of the rankings, searched, sorted and paged on the server."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from flask import request

from portal import figures, list_view
from portal.dashboard import compared, texts
from portal.dashboard.dimensions import DIMENSIONS, groups
from portal.dashboard.request_filters import DashboardFilters, kept, lines_link

MAX_ROWS = 5_000
"""Maximum rows of a ranked table (products, customers), largest first."""
AMOUNTS = (("revenue", "money"), ("orders", "count"), ("units", "count"))
SHARE = ("revenue_share", "share")
CHANGE = (("change", "signed"), ("growth", "growth"))
LINES = ("lines", "lines")
Column = tuple[str, str]
COUNTRY_SHARES = (
    ("customers", "count"),
    ("customers_share", "share"),
    ("new_customers", "count"),
    ("new_customers_share", "share"),
)


@dataclass(frozen=True)
class Table:
    """`dimension`: what its rows are. `columns`: key and format. `query`: the one of its file."""

    dimension: str
    query: str
    columns: tuple[Column, ...]
    load: Callable[[DashboardFilters], list[dict[str, Any]]]
    params: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return texts.ranking(self.dimension)

    @property
    def labelled(self) -> list[tuple[str, str, str]]:
        """Key, label and format of each column."""
        name = texts.DIMENSIONS[self.dimension][0]
        return [(key, name if key == "name" else texts.COLUMNS[key], kind) for key, kind in self.columns]

    @property
    def heads(self) -> list[dict[str, Any]]:
        """Columns as the template macro `table` expects them."""
        currency = figures.currency()
        return [
            {
                "key": key,
                "label": label,
                "sort": True,
                "num": kind not in {"name", "text", "day"},
                "unit": currency if kind in {"money", "signed"} else "",
            }
            for key, label, kind in self.labelled
        ]


def _groups(name: str, selection: DashboardFilters) -> list[dict[str, Any]]:
    rows = groups(DIMENSIONS[name], selection, compared.of(selection), limit=MAX_ROWS)
    if name == "by-country":
        shares = {row["country"]: row for row in figures.ask("country-shares", selection.filters).to_pylist()}
        for row in rows:
            row |= {key: shares.get(row["value"], {}).get(key) for key, _ in COUNTRY_SHARES}
    return rows


def _customers(selection: DashboardFilters) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = figures.ask("top-customers", selection.filters, limit=MAX_ROWS).to_pylist()
    for row in rows:
        row["value"], row["name"] = row["customer"], row["customer_name"] or row["customer"]
        row["code"] = row["customer"] if row["name"] != row["customer"] else ""
        row["link"], row["lines_link"] = "", lines_link(q=row["customer"])
    return rows


def _of_dimensions() -> Iterable[tuple[str, Table]]:
    for name, one in DIMENSIONS.items():
        amounts = tuple(column for column in AMOUNTS if one.orders or column[0] != "orders")
        region = (("region", "text"),) if one.filter in {"store", "salesperson"} else ()
        shares = COUNTRY_SHARES if name == "by-country" else ()
        columns = (
            ("name", "name"),
            *region,
            amounts[0],
            SHARE,
            *CHANGE,
            *amounts[1:],
            *shares,
            LINES,
        )
        yield name, Table(name.removeprefix("by-"), one.query, columns, partial(_groups, name), one.params)


TABLES: dict[str, Table] = dict(_of_dimensions()) | {
    "top-customers": Table(
        "customer",
        "top-customers",
        (
            ("name", "name"),
            ("country", "text"),
            *AMOUNTS,
            ("last_sale_date", "day"),
            LINES,
        ),
        _customers,
    ),
}


def page_of(table: Table, selection: DashboardFilters) -> list_view.Page:
    """Requested page of the table; its links keep the filters."""
    args = kept() | {name: request.args[name] for name in ("compare", "like-for-like") if name in request.args}
    query = replace(list_view.list_query(sorts=[key for key, _ in table.columns], default_sort="-revenue"), kept=args)
    words = query.q.casefold().split()
    rows = [row for row in table.load(selection) if all(word in _text(row) for word in words)]
    return list_view.page_of(query, list_view.in_order(rows, query))


def _text(row: dict[str, Any]) -> str:
    return f"{row['name'] or ''} {row['value'] or ''}".casefold()
