"""Products for the scripts of the forms."""

from dataclasses import asdict

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.stock import product_codes, stores
from tillstream.model.people import Action


@allow(Action.MANAGE_STOCK)
def products() -> ResponseReturnValue:
    """The products that a scanned code or a typed text names, in the store of the form."""
    place, text = stores.chosen(), request.args.get("q", "").strip()
    return jsonify({"products": [asdict(one) for one in product_codes.search(place, text)] if place else []})
