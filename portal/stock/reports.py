"""Reports of stock: value, shrinkage, slow stock, classes of products, and sales without a place in stock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import list_view
from portal.access import allow
from portal.context import ports, scope
from portal.figures import ask, currency, parse_filters, requested_filters
from portal.list_view import ListPage, ListQuery
from portal.translation import N_
from tillstream.model.columns import COSTS
from tillstream.model.permissions import Action
from tillstream.stock.movements import REASONS

TITLES = N_(
    {
        "value": "Value",
        "shrinkage": "Shrinkage",
        "slow": "Slow stock",
        "classes": "Classes",
        "unplaced": "Sales without a place",
    }
)
"""Name in the address → label of a report."""
LEADS = N_(
    {
        "value": "What is in stock, and what it is worth by the catalogue.",
        "shrinkage": "Units that were lost or turned up: differences between counts and the expected units, "
        "write-offs, adjustments, losses between stores, and returns that cannot be sold again.",
        "slow": "Dead stock had no sale for some days. Slow stock lasts 180 days or longer at its recent sales.",
        "classes": "A products make 80% of the revenue together, B products the next 15%. The weekly sales of X "
        "products are steady, those of Z products vary by more than their mean.",
        "unplaced": "Sale lines that change no stock, because they lack a store, a product or a quantity.",
    }
)
CHOICES = N_(
    {
        "by": "Rows",
        "speed": "Stock",
        "days": "Dead after days",
        "abc": "ABC class",
        "xyz": "XYZ class",
        "missing": "Lacks",
    }
)
"""Parameter of a report → label of its field."""
VALUES = {
    "count-difference": N_("Difference at a count"),
    "write-off": N_("Write-off"),
    "adjustment": N_("Adjustment"),
    "transfer-loss": N_("Lost between stores"),
    "unsellable-return": N_("Unsellable return"),
    "dead": N_("Dead"),
    "slow": N_("Slow"),
} | REASONS
"""Word of a query → its label."""
HEADERS = N_(
    {
        "abc_class": "ABC",
        "category": "Category",
        "cause": "Cause",
        "currency": "Currency",
        "days_of_cover": "Days of cover",
        "days_without_sale": "Days without a sale",
        "events": "Events",
        "first_sale_date": "First day",
        "gained_units": "Units gained",
        "last_sale_date": "Last day",
        "last_sold": "Last sale",
        "lines": "Lines",
        "lost_cost": "Loss at cost",
        "lost_units": "Units lost",
        "low_products": "Low",
        "missing": "Lacks",
        "name": "Name",
        "negative_products": "Negative",
        "net_amount": "Net amount",
        "on_hand": "On hand",
        "out_products": "Out",
        "product_name": "Product",
        "products": "Products",
        "quantity": "Quantity",
        "reason": "Reason",
        "region": "Region",
        "revenue": "Revenue",
        "sale_date": "Day",
        "sale_id": "Sale",
        "speed": "Stock",
        "stock_cost": "Value at cost",
        "stock_units": "In stock",
        "store_id": "Store",
        "store_name": "Store",
        "uncosted_products": "Without a cost",
        "uncosted_units": "Units without a cost",
        "units": "Units",
        "squared_variation": "Variation",
        "xyz_class": "XYZ",
    }
)
"""Column of a query → its header."""
NUMBERS = frozenset(
    {
        "days_of_cover", "days_without_sale", "events", "gained_units", "lines", "lost_cost", "lost_units",
        "low_products", "negative_products", "net_amount", "on_hand", "out_products", "products", "quantity",
        "revenue", "stock_cost", "stock_units", "uncosted_products", "uncosted_units", "units", "squared_variation",
    }
)  # fmt: skip
MONEY = frozenset({"lost_cost", "revenue", "stock_cost"})
"""Columns in the currency of the page."""

DAYS = 90
"""Days of the period of a report, if the address has none."""
OF_SALES, OF_FACTS = "sales", "facts"
"""A report of a period: of its sales, by the filters, or of its counts and movements, by parameters."""


@dataclass(frozen=True)
class Report:
    """A report and the query of its table. choices: parameter → what it can be. summary: query of the table above.

    period: OF_SALES, OF_FACTS or empty. today: whether the query needs it.
    """

    query: str
    columns: tuple[str, ...]
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    period: str = ""
    today: bool = False
    paged: bool = True
    summary: str = ""
    summary_columns: tuple[str, ...] = ()


REPORTS: dict[str, Report] = {
    "value": Report(
        "stock-value",
        (
            "name", "region", "units", "products", "stock_cost", "uncosted_products", "low_products", "out_products",
            "negative_products",
        ),
        {"by": ("store", "region", "category", "supplier")},
        paged=False,
    ),
    "shrinkage": Report(
        "stock-shrinkage",
        (
            "store_name", "region", "cause", "reason", "events", "lost_units", "gained_units", "lost_cost",
            "uncosted_units",
        ),
        period=OF_FACTS,
        paged=False,
    ),
    "slow": Report(
        "stock-slow",
        (
            "product_name", "store_name", "region", "speed", "on_hand", "days_without_sale", "last_sold",
            "days_of_cover", "stock_cost",
        ),
        {"speed": ("all", "dead", "slow"), "days": ("90", "30", "60", "180", "365")},
        today=True,
    ),
    "classes": Report(
        "abc-xyz-products",
        (
            "product_name", "category", "abc_class", "xyz_class", "squared_variation", "revenue", "units",
            "stock_units", "stock_cost",
        ),
        {"abc": ("all", "A", "B", "C"), "xyz": ("all", "X", "Y", "Z", "none")},
        period=OF_SALES,
        summary="abc-xyz-classes",
        summary_columns=("abc_class", "xyz_class", "products", "revenue", "stock_units", "stock_cost"),
    ),
    "unplaced": Report(
        "unplaced-sales",
        ("sale_date", "region", "sale_id", "missing", "store_id", "product_name", "quantity", "net_amount", "currency"),
        {"missing": ("all", "store", "product", "quantity")},
        period=OF_SALES,
        summary="unplaced-counts",
        summary_columns=("region", "missing", "lines", "first_sale_date", "last_sale_date"),
    ),
}  # fmt: skip
"""Name in the address → report."""


@allow(Action.SEE_NUMBERS)
def show_report(report: str) -> ResponseReturnValue:
    """A report with its table, within the scope of the user."""
    if report not in REPORTS:
        abort(404)
    described = REPORTS[report]
    first, last = _period()
    chosen = {name: _choice(name, values) for name, values in described.choices.items()}
    query = list_view.list_query(filters=(*described.choices, "from", "to"))
    filters = {name: values for name, values in requested_filters().items() if name not in {"from", "to"}}
    params: dict[str, Any] = dict(chosen)
    if described.period == OF_SALES:
        filters |= {"from": [first.isoformat()], "to": [last.isoformat()]}
    if described.period == OF_FACTS:
        params |= {"first": first.isoformat(), "last": last.isoformat()}
    if described.today:
        params["today"] = ports().clock.now().date().isoformat()
    page = _page(described, query, lambda **paging: ask(described.query, parse_filters(filters), **params, **paging))
    summary = ask(described.summary, parse_filters(filters)).to_pylist() if described.summary else []
    return render_template(
        "stock_files/report.html",
        report=report,
        title=TITLES[report],
        lead=LEADS[report],
        links=[(url_for("stock_files.report", report=name), words) for name, words in TITLES.items()],
        page=page,
        query=query,
        columns=_columns(described.columns),
        summary=summary,
        summary_columns=_columns(described.summary_columns),
        choices={name: [(value, choice(value)) for value in values] for name, values in described.choices.items()},
        chosen=chosen,
        labels=CHOICES,
        values=VALUES,
        period=(first, last) if described.period else None,
        export={"table": described.query, **params, **filters},
        currency=currency(),
    )


def _page(described: Report, query: ListQuery, rows_of: Callable[..., Any]) -> ListPage:
    if not described.paged:
        return list_view.page_of(query, rows_of().to_pylist())
    rows = rows_of(limit=query.size + 1, offset=query.first).to_pylist()
    total = rows[0]["matching"] if rows else None
    return ListPage(query, rows[: query.size], total, more=len(rows) > query.size)


def _columns(names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Columns of a table, without those that the user may not see."""
    hidden = frozenset[str]() if scope().may(Action.SEE_COSTS) else COSTS
    return [
        {
            "key": name,
            "label": HEADERS[name],
            "num": name in NUMBERS,
            "money": name in MONEY,
        }
        for name in names
        if name not in hidden
    ]


def _choice(name: str, values: tuple[str, ...]) -> str:
    wanted = request.args.get(name, "")
    return wanted if wanted in values else values[0]


def _period() -> tuple[date, date]:
    """First and last day of the request; by default the last 90 days."""
    today = ports().clock.now().date()
    last = _day("to") or today
    return _day("from") or last - timedelta(days=DAYS - 1), last


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


def choice(value: str) -> str:
    """The label of a value of a parameter."""
    return N_({"all": "All", "none": "None"}).get(value) or VALUES.get(value) or value.capitalize()
