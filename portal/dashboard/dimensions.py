"""Dimensions that split sales, and their compared groups."""

from dataclasses import dataclass, field
from typing import Any

from portal import figures
from portal.context import scope
from portal.dashboard import texts
from portal.dashboard.request_filters import (
    YEAR_BEFORE,
    DashboardFilters,
    FigureComparison,
    dates_in_address,
    here,
    lines_link,
)
from portal.value_names import UNKNOWN_VALUE, value_name
from tillstream.model.compared_figure import ComparedFigure, total_change
from tillstream.model.people import Action


@dataclass(frozen=True)
class SalesDimension:
    """`filter`: the filter that a group sets; without one a group links to a search. `column`: its value in the query.

    label: the column shown in place of the value. ranked: the query returns the first groups in a chosen order.
    """

    title: str
    plural: str
    query: str
    column: str
    filter: str = ""
    params: dict[str, str] = field(default_factory=dict)
    label: str = ""
    ranked: bool = False
    orders: bool = True
    needs: Action = Action.SEE_NUMBERS


def _of_totals(name: str, *, orders: bool = True, needs: Action = Action.SEE_NUMBERS) -> SalesDimension:
    return SalesDimension(
        *texts.DIMENSIONS[name],
        "sales-by-dimension-compared",
        "item",
        name,
        {"dimension": name},
        orders=orders,
        needs=needs,
    )


DIMENSIONS: dict[str, SalesDimension] = {
    "by-region": _of_totals("region"),
    "by-store": _of_totals("store"),
    "by-category": _of_totals("category", orders=False),
    "by-product": SalesDimension(
        *texts.DIMENSIONS["product"],
        "products-compared",
        "product",
        "product",
        label="product_name",
        ranked=True,
        orders=False,
    ),
    "by-channel": _of_totals("channel"),
    "by-salesperson": _of_totals("salesperson", needs=Action.SEE_PERSONAL),
    "by-country": _of_totals("country"),
    "by-customer": SalesDimension(
        *texts.DIMENSIONS["customer"],
        "customers-compared",
        "customer",
        label="customer_name",
        ranked=True,
        orders=False,
        needs=Action.SEE_PERSONAL,
    ),
}


def visible_dimensions() -> dict[str, SalesDimension]:
    """The dimensions that the user may see."""
    bounds = scope()
    return {name: one for name, one in DIMENSIONS.items() if bounds.may(one.needs)}


def dimension_groups(
    dimension: SalesDimension,
    selection: DashboardFilters,
    compared: FigureComparison,
    *,
    limit: int,
    by_change: bool = False,
) -> list[dict[str, Any]]:
    """Compared groups, highest revenue first; `limit` and `by_change` apply to a ranked dimension.

    Each has the columns of its query and value, name, code (unless it is the name), link, lines_link, why_link, and
    before, change, growth and total_change of the chosen comparison, as amounts are written.
    """
    params: dict[str, Any] = dict(dimension.params)
    if dimension.ranked:
        change = "year-change" if compared.chosen == YEAR_BEFORE else "change"
        params |= {"limit": limit, "sort": change if by_change else "revenue"}
    rows: list[dict[str, Any]] = figures.ask(dimension.query, selection.filters, **params).to_pylist()
    rows = [row for row in rows if row["lines"] or compared.amount(row, "before")]
    exact = [compared.amount(row, "change") for row in rows]
    for row in rows:
        value = row["value"] = row[dimension.column]
        row["name"] = _name(dimension, row)
        row["code"] = value if value and row["name"] != value else ""
        filters = filters_of(dimension.filter, value, row.get("region"))
        row["link"], row["lines_link"] = _links(selection, value, filters)
        row["why_link"] = compared.link(**filters) if filters and compared.period else ""
        figure = ComparedFigure.of_whole(row["revenue"], compared.amount(row, "before")).in_currency(figures.currency())
        row |= {"before": figure.before, "change": figure.change, "growth": figure.growth}
    if rows and compared.period:
        total = total_change(compared.amount(rows[0], "total_change"), exact, (row["change"] for row in rows))
        rows = [row | {"total_change": total} for row in rows]
    return rows


def filters_of(filter_name: str, value: str | None, region: str | None) -> dict[str, str]:
    """Filters that select one group; a store or salesperson is one of its region. Empty without a value or a filter."""
    if not filter_name or value is None:
        return {}
    return ({"region": region} if region else {}) | {filter_name: value}


def _links(selection: DashboardFilters, value: str | None, filters: dict[str, str]) -> tuple[str, str]:
    """The dashboard filtered to a group, or its sale lines if that filter is set already; and its sale lines.

    The dates are kept, as the latest period of a region or store can be another one.
    """
    if value is None:
        return "", ""
    lines = lines_link(**filters or {"q": value})
    if not filters or all(selection.values.get(name) == [chosen] for name, chosen in filters.items()):
        return lines, lines
    dates = dates_in_address(selection.latest) if selection.latest and not selection.preset else {}
    return here(**dates, **filters), lines


def _name(dimension: SalesDimension, row: dict[str, Any]) -> str:
    value = row[dimension.column]
    if value is None:
        return UNKNOWN_VALUE
    named = row[dimension.label] if dimension.label else value_name(dimension.filter, value, row.get("region"))
    return named or str(value)
