"""Catalogue: products, stores, salespeople, promotions, suppliers and regions."""

from flask import Blueprint

from portal.catalogue import editing, lists, new_codes, transfer

blueprint = Blueprint("catalogue", __name__, template_folder="templates", url_prefix="/catalogue")

blueprint.add_url_rule("", "show", lists.show_catalogue)
blueprint.add_url_rule("/regions", "regions", lists.list_regions)
blueprint.add_url_rule("/new-codes", "new_codes", new_codes.show_new_codes)
blueprint.add_url_rule("/new-codes", "decide_codes", new_codes.decide_codes, methods=["POST"])
blueprint.add_url_rule("/new-codes/merge", "merge_codes", new_codes.show_merge)
blueprint.add_url_rule("/new-codes/merge", "save_merge", new_codes.save_merge, methods=["POST"])
blueprint.add_url_rule("/new-codes/undo", "undo_code", new_codes.undo_decision, methods=["POST"])
blueprint.add_url_rule("/prices-off-list", "prices_off_list", lists.show_prices_off_list)
blueprint.add_url_rule("/<tab>", "listing", lists.show_entries)
blueprint.add_url_rule("/<tab>/new", "new", editing.show_new_entry)
blueprint.add_url_rule("/<tab>/entry", "entry", editing.show_entry)
blueprint.add_url_rule("/<tab>/save", "save", editing.save_posted_entry, methods=["POST"])
blueprint.add_url_rule("/products/amounts", "save_amount", editing.save_amount, methods=["POST"])
blueprint.add_url_rule("/<tab>/import", "upload", transfer.show_import)
blueprint.add_url_rule("/<tab>/import", "preview", transfer.preview_import, methods=["POST"])
blueprint.add_url_rule("/<tab>/import/apply", "apply", transfer.apply_import, methods=["POST"])
blueprint.add_url_rule("/<tab>/export/<kind>", "export", transfer.export_entries)
