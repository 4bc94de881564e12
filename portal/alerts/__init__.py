"""Alerts: those in progress and ended ones, what people do with them, and the rules that raise them."""

from flask import Blueprint

from portal.alerts import bell, data, pages, rule_pages

blueprint = Blueprint("alerts", __name__, template_folder="templates")

blueprint.get("/alerts", endpoint="listing")(pages.listing)
blueprint.get("/alerts/bell", endpoint="bell")(bell.show)
blueprint.get("/alerts/rules", endpoint="rules")(rule_pages.listing)
blueprint.get("/alerts/rules/new", endpoint="new_rule")(rule_pages.new)
blueprint.post("/alerts/rules/new", endpoint="add_rule")(rule_pages.add)
blueprint.get("/alerts/rules/<rule_id>", endpoint="rule")(rule_pages.show)
blueprint.post("/alerts/rules/<rule_id>", endpoint="save_rule")(rule_pages.save)
blueprint.post("/alerts/rules/<rule_id>/enable", endpoint="enable_rule")(rule_pages.enable)
blueprint.post("/alerts/rules/<rule_id>/remove", endpoint="remove_rule")(rule_pages.remove)
blueprint.get("/alerts/<alert_id>", endpoint="show")(pages.show)
blueprint.post("/alerts/<alert_id>/acknowledge", endpoint="acknowledge")(pages.acknowledge)
blueprint.post("/alerts/<alert_id>/snooze", endpoint="snooze")(pages.snooze)
blueprint.get("/api/alerts", endpoint="data")(data.show)
blueprint.get("/api/v1/alerts", endpoint="data")(data.show)
