"""Stock: levels by store and product, and what changes them."""

from typing import Any

from flask import Blueprint

from portal.stock import (
    arrivals,
    count_end,
    counts,
    entry,
    history,
    levels,
    lookup,
    movements,
    names,
    returns,
    tabs,
    texts,
)

blueprint = Blueprint("stock", __name__, template_folder="templates", url_prefix="/stock")

blueprint.add_url_rule("", "show", levels.show)
blueprint.add_url_rule("/product", "history", history.show)
blueprint.add_url_rule("/new/<movement_form>", "form", entry.show)
blueprint.add_url_rule("/new/<movement_form>", "save", entry.save, methods=["POST"])
blueprint.add_url_rule("/products.json", "products", lookup.products)
blueprint.add_url_rule("/movements", "movements", movements.listing)
blueprint.add_url_rule("/movement", "movement", movements.show)
blueprint.add_url_rule("/movement/cancel", "cancel", movements.cancel, methods=["POST"])
blueprint.add_url_rule("/transfers", "transfers", arrivals.listing)
blueprint.add_url_rule("/transfer", "transfer", arrivals.show)
blueprint.add_url_rule("/transfer", "confirm", arrivals.confirm, methods=["POST"])
blueprint.add_url_rule("/counts", "counts", counts.listing)
blueprint.add_url_rule("/counts/new", "new_count", counts.new)
blueprint.add_url_rule("/counts/new", "start_count", counts.start, methods=["POST"])
blueprint.add_url_rule("/counts/<count_id>", "count", counts.show)
blueprint.add_url_rule("/counts/<count_id>/scan", "scan", counts.scan, methods=["POST"])
blueprint.add_url_rule("/counts/<count_id>/remove", "remove_line", counts.remove, methods=["POST"])
blueprint.add_url_rule("/counts/<count_id>/review", "review_count", count_end.show)
blueprint.add_url_rule("/counts/<count_id>/review", "confirm_count", count_end.confirm, methods=["POST"])
blueprint.add_url_rule("/counts/<count_id>/discard", "discard_count", counts.discard, methods=["POST"])
blueprint.add_url_rule("/returns", "returns", returns.listing)
blueprint.add_url_rule("/returns", "mark_return", returns.mark, methods=["POST"])


@blueprint.context_processor
def template_context() -> dict[str, Any]:
    """Names in the templates of all stock pages."""

    return {
        "named_store": names.store,
        "order_number": names.order_number,
        "statuses": texts.STATUSES,
        "meanings": texts.MEANINGS,
        "tabs": tabs.links(),
        "forms": texts.MENU,
    }
