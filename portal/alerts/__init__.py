"""Alerts: those in progress and ended ones, what people do with them, and the rules that raise them."""

from flask import Blueprint

from portal.alerts import data

blueprint = Blueprint("alerts", __name__, template_folder="templates")

blueprint.get("/api/alerts", endpoint="data")(data.show)
blueprint.get("/api/v1/alerts", endpoint="data")(data.show)
