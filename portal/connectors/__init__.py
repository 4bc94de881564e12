"""Connectors: what pulls files and sales from other systems, with their runs; add, test, run, pause and remove them."""

from functools import partial

from flask import Blueprint

from portal.connectors import editing, pages
from portal.managed import ManagedPages
from portal.translation import N_
from tillstream.connectors import due_runs, records
from tillstream.model.errors import Rejected

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
CONNECTORS = ManagedPages(blueprint, "/connectors/<connector>")
CONNECTORS.button("test", editing.send_test, shows=Rejected)
CONNECTORS.button("run", due_runs.request_run, N_("The connector runs as soon as the server is free, within a minute."))
CONNECTORS.button(
    "pause",
    partial(records.pause_connector, is_paused=True),
    N_("The connector is paused. It continues from the same place when you resume it."),
)
CONNECTORS.button(
    "resume", partial(records.pause_connector, is_paused=False), N_("The connector runs again by its schedule.")
)
CONNECTORS.button("remove", records.remove_connector, N_("The connector is removed."))
