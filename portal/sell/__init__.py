"""Sell: the sale form, an app that keeps sales on the device until the server has them."""

from dataclasses import asdict
from typing import Any

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.api import store_sales
from portal.context import me, ports, scope
from portal.sell import app_files
from portal.sell.products import WholeLedger, earlier_lines, listed_products, promotions, retired_codes
from portal.translation import _
from portal.user_stores import salespeople_in_region, user_store, user_stores
from tillstream.intake import sale_form
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Action

blueprint = Blueprint("sell", __name__, url_prefix="/sell", template_folder="templates")

blueprint.add_url_rule("/worker.js", "worker", app_files.worker)
blueprint.add_url_rule("/app.webmanifest", "manifest", app_files.manifest)

MAX_SALES = 100
MAX_BYTES = 4 * 1024 * 1024


@blueprint.get("/", endpoint="show")
@allow(Action.ENTER_SALES)
def show() -> ResponseReturnValue:
    """The sale form within the portal."""
    return render_template("sell/show.html", styles=app_files.STYLES[-1:], scripts=app_files.SCRIPTS[1:])


@blueprint.get("/offline", endpoint="offline")
@allow(Action.ENTER_SALES)
def offline() -> ResponseReturnValue:
    """The sale form as the browser keeps it: without a menu, and the same for every user."""
    return render_template("sell/offline.html", styles=app_files.STYLES, scripts=app_files.SCRIPTS)


@blueprint.get("/context.json", endpoint="context")
@allow(Action.ENTER_SALES)
def context() -> ResponseReturnValue:
    """What the form keeps of its user: stores, salespeople, limits of a sale, time, and where new outcomes begin."""
    stores = user_stores()
    people = {region: salespeople_in_region(region) for region in dict.fromkeys(one.region for one in stores)}
    return jsonify(
        {
            "login": me().login,
            "name": me().name,
            "salesperson": scope().salesperson,
            "places": [asdict(one) for one in stores],
            "salespeople": people,
            "limits": sale_form.form_limits(),
            "server_time": ports().clock.now().isoformat(),
            "outcomes_since": store_sales.newest_position(),
        }
    )


@blueprint.get("/products.json", endpoint="price_list")
@allow(Action.ENTER_SALES)
def price_list() -> ResponseReturnValue:
    """The products of a store with their prices, its promotions, and the codes of retired products."""
    at = user_store(request.args.get("region", ""), request.args.get("store", ""))
    return jsonify(
        asdict(at) | {"products": listed_products(at), "promotions": promotions(at), "retired": retired_codes(at)}
    )


@blueprint.get("/earlier.json", endpoint="earlier")
@allow(Action.ENTER_SALES)
def earlier() -> ResponseReturnValue:
    """The lines of an earlier sale of a store, and what was returned of it."""
    at = user_store(request.args.get("region", ""), request.args.get("store", ""))
    return jsonify(earlier_lines(at, request.args.get("number", "").strip()))


@blueprint.post("/sales", endpoint="send")
@allow(Action.ENTER_SALES)
def send() -> ResponseReturnValue:
    """Send sales: each is accepted or refused for itself; sending an accepted sale again changes nothing."""
    request.max_content_length = MAX_BYTES
    body = request.get_json(silent=True)
    sales = body.get("sales") if isinstance(body, dict) else None
    if not isinstance(sales, list):
        raise Rejected(_("The request has no list of sales."))
    if len(sales) > MAX_SALES:
        raise Rejected(_("A request can have at most {limit} sales.", limit=MAX_SALES))
    return jsonify({"results": [_enter(sale) for sale in sales], "server_time": ports().clock.now().isoformat()})


def _enter(sale: Any) -> dict[str, str]:
    try:
        sale_id = sale_form.enter_sale(ports(), me().login, scope(), sale, WholeLedger())
    except sale_form.SaleNotAccepted as error:
        return {"id": _id(sale), "status": "refused", "code": error.code, "detail": str(error)}
    return {"id": sale_id, "status": "accepted", "detail": ""}


def _id(sale: Any) -> str:
    names = ("region", "store_id", "number")
    return "/".join(str(sale.get(name, "")) for name in names) if isinstance(sale, dict) else ""
