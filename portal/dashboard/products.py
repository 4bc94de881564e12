"""The page about products: ABC classes by revenue."""

from dataclasses import replace

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal import figures, list_view
from portal.access import allow
from portal.dashboard import filter_bar
from portal.dashboard.request_filters import lines_link, link_filters, read_filters
from portal.list_view import TableHead
from portal.translation import N_, _
from tillstream.analytics.filters import ALL_TIME
from tillstream.model.permissions import Action
from tillstream.ports.warehouse import Row

CLASSES = N_(
    {
        "A": ("Class A", "Few products that make most of the revenue: never let them sell out"),
        "B": ("Class B", "Products that make a smaller part of the revenue"),
        "C": ("Class C", "Many products that make very little of the revenue, or none"),
    }
)
"""ABC class → its label and meaning."""
COLUMNS = N_(
    {
        "product_name": "Product",
        "category": "Category",
        "abc_class": "Class",
        "revenue": "Revenue",
        "share": "Share",
        "cumulative_share": "Cumulative share",
        "units": "Units",
    }
)

blueprint = Blueprint("products", __name__, template_folder="templates")

MAX_PRODUCTS = 5_000
"""Products that are listed, those with the highest revenue."""
SORTS = tuple(COLUMNS)


@blueprint.get("/products", endpoint="show")
@allow(Action.SEE_NUMBERS)
def show_products() -> ResponseReturnValue:
    """Products of the selected sales by ABC class."""
    selection = read_filters(default=ALL_TIME)
    query = list_view.list_query(sorts=SORTS, filters=("class",), default_sort="-revenue")
    chosen = next((one for one in query.chosen["class"] if one in CLASSES), "all")
    query = replace(query, kept=link_filters(), chosen={"class": () if chosen == "all" else (chosen,)})
    filters = selection.filters
    rows = figures.rows("products-by-class", filters, limit=MAX_PRODUCTS, **{"class": chosen})
    words = query.q.casefold().split()
    matching = [row for row in rows if all(word in _text(row) for word in words)]
    return render_template(
        "products/show.html",
        classes=figures.rows("abc-classes", filters),
        class_texts=CLASSES,
        all_label=_("All"),
        chosen=chosen,
        page=list_view.page_of(query, list_view.in_order(matching, query)),
        columns=_columns(),
        all_products=rows[0]["matching"] if rows else 0,
        most=MAX_PRODUCTS,
        lines_of=lambda row: lines_link(product=row["product"]),
        currency=figures.currency(),
        args=link_filters(),
        **filter_bar.selection_context(selection, ("class", "q", "sort")),
    )


def _columns() -> list[TableHead]:
    """Columns as the template macro `table` expects them."""
    return [
        {
            "key": key,
            "label": label,
            "sort": True,
            "num": key in {"revenue", "share", "cumulative_share", "units"},
            "unit": figures.currency() if key == "revenue" else "",
            "hint": _("Share of this product and all products with a higher revenue together")
            if key == "cumulative_share"
            else "",
        }
        for key, label in COLUMNS.items()
    ]


def _text(row: Row) -> str:
    return f"{row['product']} {row['product_name'] or ''} {row['category'] or ''}".casefold()
