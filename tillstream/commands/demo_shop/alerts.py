"""The demo's alerts: the rule of missing stock is enabled, and all rules are evaluated once."""

from dataclasses import replace

from tillstream.alerts import rules
from tillstream.alerts.condition import AlertSources
from tillstream.alerts.evaluation import evaluate_rules
from tillstream.alerts.kinds import KindName
from tillstream.app import App


def add(app: App, by: str) -> None:
    """Enable the rule, unless people changed it, and evaluate."""
    stored = rules.get_rule(app.ports, KindName.STOCK_OUT.value)
    if not stored.version:
        rules.save_rule(app.ports, replace(stored.rule, is_enabled=True), by=by, version=0)
    evaluate_rules(AlertSources(app.ports, app.contracts, app.settings.reporting_currency))
