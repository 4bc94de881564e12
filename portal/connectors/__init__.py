"""Connectors: what pulls files and sales from other systems, with their runs; add, test, run, pause and remove them."""

from flask import Blueprint

from portal.connectors import actions, editing, pages

blueprint = Blueprint("connectors", __name__, template_folder="templates")

blueprint.add_url_rule("/connectors", "listing", pages.listing)
blueprint.add_url_rule("/connectors/<connector>", "show", pages.show)
blueprint.add_url_rule("/new-connector", "kinds", editing.kinds)
blueprint.add_url_rule("/new-connector/<connector_kind>", "new", editing.new)
blueprint.add_url_rule("/new-connector/<connector_kind>", "add", editing.add, methods=["POST"])
blueprint.add_url_rule("/new-connector/<connector_kind>/test", "test_new", editing.test_new, methods=["POST"])
blueprint.add_url_rule("/connectors/<connector>/edit", "edit", editing.edit)
blueprint.add_url_rule("/connectors/<connector>/edit", "change", editing.change, methods=["POST"])
blueprint.add_url_rule("/connectors/<connector>/edit/test", "test_change", editing.test_change, methods=["POST"])
for name in ("test", "run", "pause", "resume", "remove"):
    blueprint.add_url_rule(f"/connectors/<connector>/{name}", name, getattr(actions, name), methods=["POST"])
