"""Alerts: those in progress and ended ones, what people do with them, and the rules that raise them."""

from flask import Blueprint

from portal.alerts import bell, pages, rules
from portal.managed import ManagedPages
from portal.translation import N_
from tillstream.model.permissions import Action

blueprint = Blueprint("alerts", __name__, template_folder="templates")

blueprint.get("/alerts", endpoint="listing")(pages.list_alerts)
blueprint.get("/alerts/bell", endpoint="bell")(bell.show_bell)
blueprint.get("/alerts/rules", endpoint="rules")(rules.list_rules)
blueprint.get("/alerts/rules/new", endpoint="new_rule")(rules.new_rule)
blueprint.post("/alerts/rules/new", endpoint="add_rule")(rules.add_rule)
blueprint.get("/alerts/rules/<rule_id>", endpoint="rule")(rules.show_rule)
blueprint.post("/alerts/rules/<rule_id>", endpoint="save_rule")(rules.save_rule)
blueprint.get("/alerts/<alert_id>", endpoint="show")(pages.show_alert)
blueprint.get("/api/alerts", endpoint="data")(pages.alerts_data)
blueprint.get("/api/v1/alerts", endpoint="data")(pages.alerts_data)
RULES = ManagedPages(blueprint, "/alerts/rules/<rule_id>", page="", listing="rules")
RULES.button("enable", rules.enable_rule, endpoint="enable_rule")
RULES.button("remove", rules.remove_listed_rule, endpoint="remove_rule")
ALERTS = ManagedPages(blueprint, "/alerts/<alert_id>", access=Action.DECIDE)
ALERTS.button("acknowledge", pages.acknowledge_alert, N_("You take care of this alert: there are no reminders."))
ALERTS.button("snooze", pages.snooze_alert)
