"""Breakdowns: dimensions that split sales, their groups with value, share and change, on a map, and as full tables."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial

from flask import request

from portal import figures, list_view
from portal.context import TemplateContext, scope
from portal.dashboard import charts, request_filters
from portal.dashboard.request_filters import (
    YEAR_BEFORE,
    DashboardFilters,
    FigureComparison,
    dates_in_address,
    here,
    lines_link,
    link_filters,
)
from portal.dashboard.role_layouts import ROLE_LAYOUTS
from portal.list_view import TableHead
from portal.static_files import asset
from portal.translation import N_, _
from portal.value_names import UNKNOWN_VALUE, value_name
from tillstream.analytics.compared_figure import ComparedFigure, total_change
from tillstream.model.countries import country_code
from tillstream.model.permissions import Action
from tillstream.ports.warehouse import QueryParams, Row

DIMENSION_NAMES = {
    "region": (N_("Region"), N_("regions"), N_("By region")),
    "store": (N_("Store"), N_("stores"), N_("By store")),
    "category": (N_("Category"), N_("categories"), N_("By category")),
    "product": (N_("Product"), N_("products"), N_("By product")),
    "channel": (N_("Channel"), N_("channels"), N_("By channel")),
    "salesperson": (N_("Salesperson"), N_("salespeople"), N_("By salesperson")),
    "country": (N_("Country"), N_("countries"), N_("By country")),
    "customer": (N_("Customer"), N_("customers"), N_("By customer")),
}
"""Dimension → its name, its plural, and the title of its breakdown."""
COLUMN_LABELS = N_(
    {
        "revenue": "Revenue",
        "orders": "Orders",
        "units": "Units",
        "revenue_share": "% of revenue",
        "change": "Change",
        "growth": "Change in %",
        "lines": "Lines, any status",
        "region": "Region",
        "country": "Country",
        "last_sale_date": "Last sale",
        "customers": "Customers",
        "customers_share": "% of customers",
        "new_customers": "New",
        "new_customers_share": "% of new",
    }
)

SHOWN = 8
RANKED = 200
"""Groups of a ranked dimension that a tile reads."""
MOVERS = 4
CUSTOMERS = (5, 10, 20)
SORTS = ("revenue", "change", "fall")

MAX_ROWS = 5_000
"""Maximum rows of a ranked table (products, customers), largest first."""
AMOUNTS = (("revenue", "money"), ("orders", "count"), ("units", "count"))
SHARE = ("revenue_share", "share")
CHANGE = (("change", "signed"), ("growth", "growth"))
LINES_COLUMN = ("lines", "lines")
TableColumn = tuple[str, str]
COUNTRY_SHARES = (
    ("customers", "count"),
    ("customers_share", "share"),
    ("new_customers", "count"),
    ("new_customers_share", "share"),
)


@dataclass(frozen=True)
class SalesDimension:
    """`filter`: the filter that a group sets; without one a group links to a search. `column`: its value in the query.

    label: the column shown in place of the value. ranked: the query returns the first groups in a chosen order.
    """

    title: str
    plural: str
    by: str
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
        *DIMENSION_NAMES[name],
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
        *DIMENSION_NAMES["product"],
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
        *DIMENSION_NAMES["customer"],
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
) -> list[Row]:
    """Compared groups, highest revenue first; `limit` and `by_change` apply to a ranked dimension.

    Each has the columns of its query and value, name, code (unless it is the name), link, lines_link, why_link, and
    before, change, growth and total_change of the chosen comparison, as amounts are written.
    """
    params: QueryParams = dict(dimension.params)
    if dimension.ranked:
        change = "year-change" if compared.chosen == YEAR_BEFORE else "change"
        params |= {"limit": limit, "sort": change if by_change else "revenue"}
    rows = figures.rows(dimension.query, selection.filters, **params)
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


def _name(dimension: SalesDimension, row: Row) -> str:
    value = row[dimension.column]
    if value is None:
        return UNKNOWN_VALUE
    named = row[dimension.label] if dimension.label else value_name(dimension.filter, value, row.get("region"))
    return named or str(value)


def has_several_countries(rows: list[Row]) -> bool:
    """Whether the groups of a breakdown by country are in more than one country of the map."""
    return len({country_code(row["value"]) for row in rows if row["value"]} - {None}) > 1


def load_world_map(selection: DashboardFilters) -> TemplateContext:
    """Different names of a country are one area on the map, but separate rows in the ranking."""
    rows = figures.rows("country-shares", selection.filters)
    currency = figures.currency()
    areas: dict[str, list[Row]] = {}
    for row in rows:
        row["link"] = here(country=row["country"]) if row["country"] else ""
        row["lines_link"] = lines_link(country=row["country"]) if row["country"] else ""
        row["code"] = country_code(row["country"]) if row["country"] else None
        if row["code"]:
            areas.setdefault(row["code"], []).append(row)
    figure = charts.world(areas, currency) | {
        "outlines": asset("world.json"),
        "links": [here(country=[row["country"] for row in area]) for area in areas.values()],
    }
    return {
        "rows": rows,
        "nowhere": [row for row in rows if row["code"] is None],
        "currency": currency,
        "figure": figure,
        "summary": charts.describe_world(rows, currency),
    }


def load_breakdown(name: str, selection: DashboardFilters) -> TemplateContext:
    """The first groups by revenue, or by the greatest rise or fall."""
    dimension, comparison = DIMENSIONS[name], request_filters.comparison_of(selection)
    sort = request.args.get("sort", "")
    sort = sort if sort in SORTS and comparison.period else SORTS[0]
    rows = dimension_groups(dimension, selection, comparison, limit=RANKED, by_change=sort != "revenue")
    if sort != "revenue":
        rows.sort(key=lambda row: row["change"], reverse=sort == "change")
    shown = _without_single_region(rows[:SHOWN])
    countries = load_world_map(selection) if name == "by-country" and request.args.get("view") == "map" else None
    return {
        "dimension": dimension,
        "name": name,
        "rows": shown,
        "more": len(rows) - len(shown),
        "compared": comparison,
        "largest": max((abs(row["revenue"]) for row in shown), default=0),
        "sort": sort,
        "sorts": {one: here(_anchor(name), sort=one if one != SORTS[0] else None) for one in SORTS},
        "currency": figures.currency(),
        "several_countries": name == "by-country" and has_several_countries(rows),
        "map": countries,
    }


def movers(selection: DashboardFilters) -> TemplateContext:
    """The groups that rose and fell most, with the total change of which they are part."""
    name = movers_dimension()
    dimension, comparison = DIMENSIONS[name], request_filters.comparison_of(selection)
    rows = dimension_groups(dimension, selection, comparison, limit=RANKED, by_change=True) if comparison.period else []
    rows.sort(key=lambda row: row["change"], reverse=True)
    risers = [row for row in rows if row["change"] > 0][:MOVERS]
    fallers = [row for row in reversed(rows) if row["change"] < 0][:MOVERS]
    shown = _without_single_region([*risers, *fallers])
    return {
        "dimension": dimension,
        "name": name,
        "compared": comparison,
        "total": rows[0]["total_change"] if rows else None,
        "largest": max((abs(row[column]) for row in shown for column in ("change", "total_change")), default=0),
        "risers": risers,
        "fallers": fallers,
        "currency": figures.currency(),
    }


def _without_single_region(rows: list[Row]) -> list[Row]:
    """The groups without their region, if all have the same one."""
    if len({row["region"] for row in rows if row.get("region")}) < 2:
        for row in rows:
            row["region"] = None
    return rows


def movers_dimension() -> str:
    return _chosen("movers", ROLE_LAYOUTS[scope().role].movers)


def splits() -> list[str]:
    """Dimensions of the breakdown tiles: the chosen ones, else those of the role."""
    return [_chosen(f"split-{number}", name) for number, name in enumerate(ROLE_LAYOUTS[scope().role].splits, 1)]


def _anchor(name: str) -> str:
    shown = splits()
    return f"tile-split-{shown.index(name) + 1}" if name in shown else ""


def _chosen(argument: str, default: str) -> str:
    name = request.args.get(argument, default)
    return name if name in DIMENSIONS and scope().may(DIMENSIONS[name].needs) else default


def top_customers(selection: DashboardFilters) -> TemplateContext:
    wanted = request.args.get("customers", CUSTOMERS[0], type=int)
    limit = wanted if wanted in CUSTOMERS else CUSTOMERS[0]
    rows = figures.rows("top-customers", selection.filters, limit=limit)
    for row in rows:
        row["lines_link"] = lines_link(q=row["customer"])
    return {"rows": rows, "currency": figures.currency(), "limit": limit, "limits": CUSTOMERS}


@dataclass(frozen=True)
class RankingTable:
    """`dimension`: what its rows are. `columns`: key and format. `query`: the one of its file."""

    dimension: str
    query: str
    columns: tuple[TableColumn, ...]
    load: Callable[[DashboardFilters], list[Row]]
    params: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return _("{dimensions} by revenue", dimensions=DIMENSION_NAMES[self.dimension][1].capitalize())

    @property
    def labelled(self) -> list[tuple[str, str, str]]:
        """Key, label and format of each column."""
        name = DIMENSION_NAMES[self.dimension][0]
        return [(key, name if key == "name" else COLUMN_LABELS[key], kind) for key, kind in self.columns]

    @property
    def heads(self) -> list[TableHead]:
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


def _groups(name: str, selection: DashboardFilters) -> list[Row]:
    rows = dimension_groups(DIMENSIONS[name], selection, request_filters.comparison_of(selection), limit=MAX_ROWS)
    if name == "by-country":
        shares = {row["country"]: row for row in figures.rows("country-shares", selection.filters)}
        for row in rows:
            row |= {key: shares.get(row["value"], {}).get(key) for key, _ in COUNTRY_SHARES}
    return rows


def _customers(selection: DashboardFilters) -> list[Row]:
    rows = figures.rows("top-customers", selection.filters, limit=MAX_ROWS)
    for row in rows:
        row["value"], row["name"] = row["customer"], row["customer_name"] or row["customer"]
        row["code"] = row["customer"] if row["name"] != row["customer"] else ""
        row["link"], row["lines_link"] = "", lines_link(q=row["customer"])
    return rows


def _of_dimensions() -> Iterable[tuple[str, RankingTable]]:
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
            LINES_COLUMN,
        )
        yield name, RankingTable(name.removeprefix("by-"), one.query, columns, partial(_groups, name), one.params)


TABLES: dict[str, RankingTable] = dict(_of_dimensions()) | {
    "top-customers": RankingTable(
        "customer",
        "top-customers",
        (
            ("name", "name"),
            ("country", "text"),
            *AMOUNTS,
            ("last_sale_date", "day"),
            LINES_COLUMN,
        ),
        _customers,
    ),
}


def table_page(table: RankingTable, selection: DashboardFilters) -> list_view.ListPage:
    """Requested page of the table; its links keep the filters."""
    args = link_filters() | {name: request.args[name] for name in ("compare", "like-for-like") if name in request.args}
    query = replace(list_view.list_query(sorts=[key for key, _ in table.columns], default_sort="-revenue"), kept=args)
    words = query.q.casefold().split()
    rows = [row for row in table.load(selection) if all(word in _text(row) for word in words)]
    return list_view.page_of(query, list_view.in_order(rows, query))


def _text(row: Row) -> str:
    return f"{row['name'] or ''} {row['value'] or ''}".casefold()
