"""Stock: levels by store and product, and what changes them."""

from typing import Any

from flask import Blueprint

from portal.stock import levels, tabs, texts

blueprint = Blueprint("stock", __name__, template_folder="templates", url_prefix="/stock")

blueprint.add_url_rule("", "show", levels.show)


@blueprint.context_processor
def template_context() -> dict[str, Any]:
    """Names in the templates of all stock pages."""
    return {"statuses": texts.STATUSES, "meanings": texts.MEANINGS, "tabs": tabs.links()}
