"""Stock: levels by store and product, and what changes them."""

from typing import Any

from flask import Blueprint

from portal.stock import arrivals, entry, levels, lookup, movements, tabs, texts

blueprint = Blueprint("stock", __name__, template_folder="templates", url_prefix="/stock")

blueprint.add_url_rule("", "show", levels.show)
blueprint.add_url_rule("/new/<form>", "form", entry.show)
blueprint.add_url_rule("/new/<form>", "save", entry.save, methods=["POST"])
blueprint.add_url_rule("/products.json", "products", lookup.products)
blueprint.add_url_rule("/movements", "movements", movements.listing)
blueprint.add_url_rule("/movement", "movement", movements.show)
blueprint.add_url_rule("/movement/cancel", "cancel", movements.cancel, methods=["POST"])
blueprint.add_url_rule("/transfers", "transfers", arrivals.listing)
blueprint.add_url_rule("/transfer", "transfer", arrivals.show)
blueprint.add_url_rule("/transfer", "confirm", arrivals.confirm, methods=["POST"])


@blueprint.context_processor
def template_context() -> dict[str, Any]:
    """Names in the templates of all stock pages."""
    return {"statuses": texts.STATUSES, "meanings": texts.MEANINGS, "tabs": tabs.links(), "forms": texts.MENU}
