"""Alerts and their rules on the command line."""

from dataclasses import dataclass

from tillstream.alerts import published, records, rules
from tillstream.alerts.condition import AlertSources
from tillstream.alerts.kinds import KINDS, kind_of
from tillstream.alerts.preview import DAYS, replay_rule
from tillstream.alerts.rules import AlertRule
from tillstream.app import App
from tillstream.commands.arguments import NoArguments
from tillstream.commands.result import Progress, Result
from tillstream.commands.users import COMMAND_LINE
from tillstream.model.people import UNRESTRICTED


@dataclass(frozen=True, kw_only=True)
class ListedAlerts:
    """ended: also those that have ended."""

    ended: bool = False


@dataclass(frozen=True, kw_only=True)
class OneAlert:
    """alert: its id."""

    alert: str


@dataclass(frozen=True, kw_only=True)
class Snooze:
    alert: str
    hours: int


@dataclass(frozen=True, kw_only=True)
class RulePreview:
    """rule: its id, or a kind, of which the defaults are previewed."""

    rule: str
    days: int = DAYS


def alerts(app: App, progress: Progress, arguments: ListedAlerts) -> Result:
    """The alerts in progress, or all."""
    return Result(published.alerts_json(app.ports, UNRESTRICTED, ended=arguments.ended))


def acknowledge(app: App, progress: Progress, arguments: OneAlert) -> Result:
    return Result(
        published.alert_json(records.acknowledge_alert(app.ports, arguments.alert, UNRESTRICTED, by=COMMAND_LINE))
    )


def snooze(app: App, progress: Progress, arguments: Snooze) -> Result:
    alert = records.snooze_alert(app.ports, arguments.alert, UNRESTRICTED, arguments.hours, by=COMMAND_LINE)
    return Result(published.alert_json(alert))


def list_rules(app: App, progress: Progress, arguments: NoArguments) -> Result:
    return Result(published.rules_json(app.ports))


def preview_rule(app: App, progress: Progress, arguments: RulePreview) -> Result:
    """The alerts that a rule would have raised in the last days."""
    rule = _rule(app, arguments.rule)
    sources = AlertSources(app.ports, app.contracts, app.settings.reporting_currency, app.queries)
    return Result(published.preview_json(rule.name, replay_rule(sources, rule, arguments.days)))


def _rule(app: App, name: str) -> AlertRule:
    """Raises `NotFound`."""
    stored = next((one.rule for one in rules.find_rules(app.ports) if one.rule.id == name), None)
    if stored:
        return stored
    return rules.new_rule(kind_of(name)) if name in KINDS else rules.get_rule(app.ports, name).rule
