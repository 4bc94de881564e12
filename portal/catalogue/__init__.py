"""Catalogue: products, stores, salespeople, promotions, suppliers and regions."""

from flask import Blueprint

from portal.catalogue import amounts, editing, lists, new_codes, prices_off_list, transfer

blueprint = Blueprint("catalogue", __name__, template_folder="templates", url_prefix="/catalogue")

blueprint.add_url_rule("", "show", lists.show)
blueprint.add_url_rule("/regions", "regions", lists.regions)
blueprint.add_url_rule("/new-codes", "new_codes", new_codes.show)
blueprint.add_url_rule("/new-codes", "decide_codes", new_codes.decide, methods=["POST"])
blueprint.add_url_rule("/new-codes/merge", "merge_codes", new_codes.merge)
blueprint.add_url_rule("/new-codes/merge", "save_merge", new_codes.save_merge, methods=["POST"])
blueprint.add_url_rule("/new-codes/undo", "undo_code", new_codes.undo, methods=["POST"])
blueprint.add_url_rule("/prices-off-list", "prices_off_list", prices_off_list.show)
blueprint.add_url_rule("/<tab>", "listing", lists.listing)
blueprint.add_url_rule("/<tab>/new", "new", editing.new)
blueprint.add_url_rule("/<tab>/entry", "entry", editing.show)
blueprint.add_url_rule("/<tab>/save", "save", editing.save, methods=["POST"])
blueprint.add_url_rule("/products/amounts", "save_amount", amounts.save, methods=["POST"])
blueprint.add_url_rule("/<tab>/import", "upload", transfer.upload)
blueprint.add_url_rule("/<tab>/import", "preview", transfer.preview, methods=["POST"])
blueprint.add_url_rule("/<tab>/import/apply", "apply", transfer.apply, methods=["POST"])
blueprint.add_url_rule("/<tab>/export/<kind>", "export", transfer.export)
