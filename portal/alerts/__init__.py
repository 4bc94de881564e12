"""Alerts: those in progress and ended ones, what people do with them, and the rules that raise them."""

from flask import Blueprint

from portal.alerts import bell, pages, rules

blueprint = Blueprint("alerts", __name__, template_folder="templates")

blueprint.get("/alerts", endpoint="listing")(pages.list_alerts)
blueprint.get("/alerts/bell", endpoint="bell")(bell.show_bell)
blueprint.get("/alerts/rules", endpoint="rules")(rules.list_rules)
blueprint.get("/alerts/rules/new", endpoint="new_rule")(rules.new_rule)
blueprint.post("/alerts/rules/new", endpoint="add_rule")(rules.add_rule)
blueprint.get("/alerts/rules/<rule_id>", endpoint="rule")(rules.show_rule)
blueprint.post("/alerts/rules/<rule_id>", endpoint="save_rule")(rules.save_rule)
blueprint.post("/alerts/rules/<rule_id>/enable", endpoint="enable_rule")(rules.enable_rule)
blueprint.post("/alerts/rules/<rule_id>/remove", endpoint="remove_rule")(rules.remove_rule)
blueprint.get("/alerts/<alert_id>", endpoint="show")(pages.show_alert)
blueprint.post("/alerts/<alert_id>/acknowledge", endpoint="acknowledge")(pages.acknowledge_alert)
blueprint.post("/alerts/<alert_id>/snooze", endpoint="snooze")(pages.snooze_alert)
blueprint.get("/api/alerts", endpoint="data")(pages.alerts_data)
blueprint.get("/api/v1/alerts", endpoint="data")(pages.alerts_data)
