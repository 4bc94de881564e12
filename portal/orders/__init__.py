"""Purchase orders: the list, new orders, sending, receiving, and what happened with each."""

from flask import Blueprint

from portal.orders import actions, editing, lists, page, receipts

blueprint = Blueprint("orders", __name__, template_folder="templates", url_prefix="/orders")

blueprint.add_url_rule("", "listing", lists.listing)
blueprint.add_url_rule("/new", "new", editing.new)
blueprint.add_url_rule("/new", "create", editing.create, methods=["POST"])
blueprint.add_url_rule("/<order_number>", "show", page.show)
blueprint.add_url_rule("/<order_number>/document.<form>", "document", page.document)
blueprint.add_url_rule("/<order_number>/edit", "edit", editing.edit)
blueprint.add_url_rule("/<order_number>/edit", "save", editing.save, methods=["POST"])
blueprint.add_url_rule("/<order_number>/receive", "receive", receipts.show)
blueprint.add_url_rule("/<order_number>/receive", "record_receipt", receipts.record, methods=["POST"])
blueprint.add_url_rule("/<order_number>/receipts/cancel", "cancel_receipt", receipts.cancel, methods=["POST"])
for name, view in (
    ("send", actions.send),
    ("close", actions.close),
    ("reopen", actions.reopen),
    ("cancel", actions.cancel),
):
    blueprint.add_url_rule(f"/<order_number>/{name}", name, view, methods=["POST"])
