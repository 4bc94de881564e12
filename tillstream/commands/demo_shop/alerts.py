"""The demo's alerts: the rule of missing stock is enabled, and all rules are evaluated once."""

from dataclasses import replace

from tillstream.alerts import rules
from tillstream.alerts.evaluation import evaluate
from tillstream.alerts.sources import AlertSources
from tillstream.app import App
from tillstream.domain.alerts.kind import KindName


def add(app: App, by: str) -> None:
    """Enable the rule, unless people changed it, and evaluate."""
    stored = rules.get(app.ports, KindName.STOCK_OUT.value)
    if not stored.version:
        rules.save(app.ports, replace(stored.rule, is_enabled=True), by=by, version=0)
    evaluate(AlertSources(app.ports, app.contracts, app.settings.reporting_currency))
