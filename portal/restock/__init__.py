"""Restock: what stores should order or get from other stores, and decisions about it."""

from flask import Blueprint

from portal.restock import decide, lines, policies, settings

blueprint = Blueprint("restock", __name__, template_folder="templates", url_prefix="/restock")

blueprint.get("", endpoint="show")(lines.show)
blueprint.post("/update", endpoint="update")(lines.update)
blueprint.post("/decide", endpoint="decide")(decide.decide)
blueprint.get("/policies", endpoint="policies")(policies.show)
blueprint.get("/settings", endpoint="settings")(settings.show)
blueprint.post("/settings", endpoint="save_settings")(settings.save)
