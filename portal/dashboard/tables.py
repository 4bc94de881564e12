"""The dashboard area's tables: a whole ranking, searched, sorted and paged on the server."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from flask import request

from portal import list_view, metrics
from portal.dashboard.breakdowns import BREAKDOWNS
from portal.dashboard.request_filters import Asked, here, lines_link
from tillstream.analytics.filters import NAMES

MOST = 5_000
"""The greatest so many are looked through; products and customers may be more than anybody reads."""
SHARE = ("revenue_share", "% of revenue", "share")
AMOUNTS = (("revenue", "Revenue", "money"), ("orders", "Orders", "count"), ("units", "Units", "count"))
LINES = ("lines", "Sale lines", "lines")
Column = tuple[str, str, str]


@dataclass(frozen=True)
class Table:
    """`columns`: key, label and how it is written. `filter` is what a row leads to; without one it is searched for."""

    title: str
    query: str
    key: str
    columns: tuple[Column, ...]
    filter: str = ""
    label: str = ""
    limited: bool = False

    @property
    def heads(self) -> list[dict[str, Any]]:
        """The columns as the part `table` wants them."""
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

    def rows(self, asked: Asked) -> list[dict[str, Any]]:
        limit = {"limit": MOST} if self.limited else {}
        rows: list[dict[str, Any]] = metrics.ask(self.query, asked.filters, **limit).to_pylist()
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
            Table(f"Which {one.called} sell most?", one.query, one.column, columns, one.filter, one.label, one.limited),
        )


TABLES: dict[str, Table] = dict(_splits()) | {
    "by-country": Table(
        "Which countries sell most?",
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
        "Which customers buy most?",
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


def page_of(table: Table, asked: Asked) -> list_view.Page:
    """The part of the table that the address asks for, with the filters kept."""
    kept = {name: values for name, values in request.args.lists() if name in {*NAMES, "preset"}}
    wanted = replace(list_view.asked(sorts=[key for key, _, _ in table.columns], usual="-revenue"), kept=kept)
    words = wanted.q.casefold().split()
    rows = [row for row in table.rows(asked) if all(word in _text(row) for word in words)]
    there = [row for row in rows if row[wanted.column] is not None]
    there.sort(key=lambda row: _order(row[wanted.column]), reverse=wanted.down)
    # What has no value stands last, whichever way is sorted.
    there += [row for row in rows if row[wanted.column] is None]
    return list_view.page_of(wanted, there)


def _text(row: dict[str, Any]) -> str:
    return f"{row['name'] or ''} {row['value'] or ''}".casefold()


def _order(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
