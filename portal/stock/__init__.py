"""Stock: levels by store and product, and what changes them."""

from typing import Any

from flask import Blueprint

from portal.stock import counts, entry, levels, lines, movements, stores
from portal.translation import N_

MENU = N_(
    {
        "transfer": "Send to another store",
        "adjust": "Adjust stock",
        "write-off": "Write off",
        "return": "Return to a supplier",
    }
)
"""Last part of the address of a form → its label in the menu."""

blueprint = Blueprint("stock", __name__, template_folder="templates", url_prefix="/stock")

blueprint.add_url_rule("", "show", levels.show_levels)
blueprint.add_url_rule("/product", "history", levels.show_history)
blueprint.add_url_rule("/new/<movement_form>", "form", entry.show_form)
blueprint.add_url_rule("/new/<movement_form>", "save", entry.save_form, methods=["POST"])
blueprint.add_url_rule("/products.json", "products", lines.products_json)
blueprint.add_url_rule("/movements", "movements", movements.list_movements)
blueprint.add_url_rule("/movement", "movement", movements.show_movement)
blueprint.add_url_rule("/movement/cancel", "cancel", movements.cancel_movement, methods=["POST"])
blueprint.add_url_rule("/transfers", "transfers", movements.list_transfers)
blueprint.add_url_rule("/transfer", "transfer", movements.show_transfer)
blueprint.add_url_rule("/transfer", "confirm", movements.confirm_transfer, methods=["POST"])
blueprint.add_url_rule("/counts", "counts", counts.list_counts)
blueprint.add_url_rule("/counts/new", "new_count", counts.new_count)
blueprint.add_url_rule("/counts/new", "start_count", counts.start_count, methods=["POST"])
blueprint.add_url_rule("/counts/<count_id>", "count", counts.show_count)
blueprint.add_url_rule("/counts/<count_id>/scan", "scan", counts.scan_product, methods=["POST"])
blueprint.add_url_rule("/counts/<count_id>/remove", "remove_line", counts.remove_line, methods=["POST"])
blueprint.add_url_rule("/counts/<count_id>/review", "review_count", counts.show_review)
blueprint.add_url_rule("/counts/<count_id>/review", "confirm_count", counts.confirm_count, methods=["POST"])
blueprint.add_url_rule("/counts/<count_id>/discard", "discard_count", counts.discard_count, methods=["POST"])
blueprint.add_url_rule("/returns", "returns", entry.list_returns)
blueprint.add_url_rule("/returns", "mark_return", entry.mark_return, methods=["POST"])


@blueprint.context_processor
def template_context() -> dict[str, Any]:
    """Names in the templates of all stock pages."""

    return {
        "named_store": stores.named_store,
        "order_number": stores.order_number,
        "statuses": levels.STATUSES,
        "meanings": levels.MEANINGS,
        "tabs": stores.tab_links(),
        "forms": MENU,
    }
