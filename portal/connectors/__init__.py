"""Connectors: what pulls files and sales from other systems, with their runs; add, test, run, pause and remove them."""

from flask import Blueprint

from portal.connectors import editing, pages

blueprint = Blueprint("connectors", __name__, template_folder="templates")

blueprint.add_url_rule("/connectors", "listing", pages.list_connectors)
blueprint.add_url_rule("/connectors/<connector>", "show", pages.show_connector)
blueprint.add_url_rule("/new-connector", "kinds", editing.list_kinds)
blueprint.add_url_rule("/new-connector/<connector_kind>", "new", editing.new_connector)
blueprint.add_url_rule("/new-connector/<connector_kind>", "add", editing.add_connector, methods=["POST"])
blueprint.add_url_rule("/new-connector/<connector_kind>/test", "test_new", editing.test_new, methods=["POST"])
blueprint.add_url_rule("/connectors/<connector>/edit", "edit", editing.edit_connector)
blueprint.add_url_rule("/connectors/<connector>/edit", "change", editing.change_connector, methods=["POST"])
blueprint.add_url_rule("/connectors/<connector>/edit/test", "test_change", editing.test_change, methods=["POST"])
for name, view in (
    ("test", editing.test_connector),
    ("run", editing.run_connector),
    ("pause", editing.pause_connector),
    ("resume", editing.resume_connector),
    ("remove", editing.remove_connector),
):
    blueprint.add_url_rule(f"/connectors/<connector>/{name}", name, view, methods=["POST"])
