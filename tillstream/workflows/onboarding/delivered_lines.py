"""Lines that a region has already, looked up by the sale IDs and amounts of a sample of a new file."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import sql
from tillstream.model.people import Scope
from tillstream.ports import Warehouse

MOST_LINES = 200_000
"""Lines that are compared, if very many lines of the days have amounts of the sample."""


@dataclass(frozen=True)
class LineSearch:
    """What is looked up: lines of the region on these days with one of the sale IDs or amounts."""

    region: str
    days: tuple[date, ...]
    sale_ids: tuple[str, ...]
    amounts: tuple[Decimal, ...]


@dataclass(frozen=True)
class DeliveredLine:
    """A current line of the ledger, and the contract that delivered it."""

    sale_id: str
    line_key: str
    store_id: str | None
    product: str | None
    sale_date: date
    net_amount: Decimal
    contract: str


Delivered = Callable[[LineSearch], Sequence[DeliveredLine]]
"""Looks lines up. Raises `Unavailable`."""


def of_warehouse(warehouse: Warehouse, scope: Scope) -> Delivered:
    """Look up in the ledger; each search is sent once. scope: that of the caller, who may not see other lines."""
    results: dict[LineSearch, Sequence[DeliveredLine]] = {}

    def search(wanted: LineSearch) -> Sequence[DeliveredLine]:
        if not scope.covers_region(wanted.region):
            return []
        if wanted not in results:
            lines = from_rows(search_rows(warehouse, **to_params(wanted)))
            results[wanted] = [line for line in lines if scope.covers_stores([line.store_id])]
        return results[wanted]

    return search


def of_command(run: Callable[..., Iterable[Mapping[str, Any]]]) -> Delivered:
    """Look up with the command `delivered-lines`. run: runs it with `to_params`."""
    return lambda wanted: from_rows(run(**to_params(wanted)))


def to_params(wanted: LineSearch) -> dict[str, Any]:
    """The search as JSON."""
    days, amounts = [day.isoformat() for day in wanted.days], [f"{amount:f}" for amount in wanted.amounts]
    return {"region": wanted.region, "days": days, "sale_ids": list(wanted.sale_ids), "amounts": amounts}


def search_rows(
    warehouse: Warehouse, region: str, days: Sequence[str], sale_ids: Sequence[str], amounts: Sequence[str]
) -> list[dict[str, Any]]:
    """Search the ledger; rows and parameters as JSON."""
    params = {
        "region": region,
        "days": [date.fromisoformat(day) for day in days],
        "sale_ids": list(sale_ids),
        "amounts": [Decimal(amount) for amount in amounts],
        "limit": MOST_LINES,
    }
    rows = warehouse.query(sql.text("ledger/delivered_lines"), params).to_pylist()
    return [row | {"sale_date": row["sale_date"].isoformat(), "net_amount": f"{row['net_amount']:f}"} for row in rows]


def from_rows(rows: Iterable[Mapping[str, Any]]) -> list[DeliveredLine]:
    """The lines of rows as JSON."""
    return [
        DeliveredLine(
            **{
                **row,
                "sale_date": date.fromisoformat(row["sale_date"]),
                "net_amount": Decimal(row["net_amount"]),
            }
        )
        for row in rows
    ]
