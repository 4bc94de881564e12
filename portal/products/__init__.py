"""The page about products: ABC classes by revenue."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal import figures, list_view
from portal.access import allow
from portal.dashboard import selection_form
from portal.dashboard.request_filters import kept, lines_link, read
from portal.products import texts
from tillstream.model.dates import ALL_TIME
from tillstream.model.people import Action

blueprint = Blueprint("products", __name__, template_folder="templates")

MAX_PRODUCTS = 5_000
"""Products that are listed, those with the highest revenue."""
SORTS = tuple(texts.COLUMNS)


@blueprint.get("/products")
@allow(Action.SEE_NUMBERS)
def show() -> ResponseReturnValue:
    """Products of the selected sales by ABC class."""
    selection = read(default=ALL_TIME)
    query = list_view.list_query(sorts=SORTS, filters=("class",), default_sort="-revenue")
    chosen = next((one for one in query.chosen["class"] if one in texts.CLASSES), "all")
    query = replace(query, kept=kept(), chosen={"class": () if chosen == "all" else (chosen,)})
    filters = selection.filters
    rows = figures.ask("products-by-class", filters, limit=MAX_PRODUCTS, **{"class": chosen}).to_pylist()
    words = query.q.casefold().split()
    matching = [row for row in rows if all(word in _text(row) for word in words)]
    return render_template(
        "products/show.html",
        classes=figures.ask("abc-classes", filters).to_pylist(),
        class_texts=texts.CLASSES,
        all_label=texts.ALL,
        chosen=chosen,
        page=list_view.page_of(query, list_view.in_order(matching, query)),
        columns=_columns(),
        all_products=rows[0]["matching"] if rows else 0,
        most=MAX_PRODUCTS,
        lines_of=lambda row: lines_link(product=row["product"]),
        currency=figures.currency(),
        args=kept(),
        **selection_form.context(selection, ("class", "q", "sort")),
    )


def _columns() -> list[dict[str, Any]]:
    """Columns as the template macro `table` expects them."""
    return [
        {
            "key": key,
            "label": label,
            "sort": True,
            "num": key in {"revenue", "share", "cumulative_share", "units"},
            "unit": figures.currency() if key == "revenue" else "",
            "hint": texts.CUMULATIVE if key == "cumulative_share" else "",
        }
        for key, label in texts.COLUMNS.items()
    ]


def _text(row: dict[str, Any]) -> str:
    return f"{row['product']} {row['product_name'] or ''} {row['category'] or ''}".casefold()
