"""Purchase orders: the list, new orders, sending, receiving, and what happened with each."""

from flask import Blueprint

from portal.orders import actions, data, editing, lists, page, receipts

blueprint = Blueprint("orders", __name__, template_folder="templates")

blueprint.add_url_rule("/orders", "listing", lists.listing)
blueprint.add_url_rule("/orders/new", "new", editing.new)
blueprint.add_url_rule("/orders/new", "create", editing.create, methods=["POST"])
blueprint.add_url_rule("/orders/<order_number>", "show", page.show)
blueprint.add_url_rule("/orders/<order_number>/document.<form>", "document", page.document)
blueprint.add_url_rule("/orders/<order_number>/edit", "edit", editing.edit)
blueprint.add_url_rule("/orders/<order_number>/edit", "save", editing.save, methods=["POST"])
blueprint.add_url_rule("/orders/<order_number>/receive", "receive", receipts.show)
blueprint.add_url_rule("/orders/<order_number>/receive", "record_receipt", receipts.record, methods=["POST"])
blueprint.add_url_rule("/orders/<order_number>/receipts/cancel", "cancel_receipt", receipts.cancel, methods=["POST"])
for name, view in (
    ("send", actions.send),
    ("close", actions.close),
    ("reopen", actions.reopen),
    ("cancel", actions.cancel),
):
    blueprint.add_url_rule(f"/orders/<order_number>/{name}", name, view, methods=["POST"])
for root in ("/api/v1/orders", "/api/orders"):
    blueprint.add_url_rule(root, "data", data.listing)
    blueprint.add_url_rule(f"{root}/<order_number>", "one", data.one)
