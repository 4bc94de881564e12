"""A shop in the middle of June with alerts: rules to enable, files to add, an evaluation at a time."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import shop_of_two_stores
from alert_values import NOON

from tillstream.adapters.local.clock import ManualClock
from tillstream.alerts import records, rules
from tillstream.alerts.alert import Alert
from tillstream.alerts.condition import AlertSources
from tillstream.alerts.evaluation import Evaluation, evaluate_rules
from tillstream.alerts.rules import AlertRule, RuleDelivery
from tillstream.app import App
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.model.people import UNRESTRICTED

LAST = date(2026, 6, 15)


def open_shop(folder: Path, now: datetime = NOON) -> App:
    return shop_of_two_stores.app(folder, LAST, now=now)


def sources(app: App) -> AlertSources:
    return AlertSources(app.ports, app.contracts, app.settings.reporting_currency, app.queries)


def enable(app: App, kind: str, **parameters: int) -> AlertRule:
    """Enable the first rule of a kind with a channel; its other values are the defaults."""
    stored = rules.get_rule(app.ports, kind)
    values = {**stored.rule.parameters, **{name: Decimal(value) for name, value in parameters.items()}}
    changed = replace(stored.rule, is_enabled=True, parameters=values, delivery=RuleDelivery(("mail",)))
    return rules.save_rule(app.ports, changed, by="boss", version=stored.version).rule


def evaluated(app: App, minutes: float = 0) -> Evaluation:
    clock = app.ports.clock
    assert isinstance(clock, ManualClock)
    clock.advance(minutes * 60)
    result = evaluate_rules(sources(app))
    assert result.failed == {}
    return result


def alerts(app: App) -> list[Alert]:
    """The alerts in progress."""
    return records.active_alerts(app.ports, UNRESTRICTED)


def titles(app: App) -> list[str]:
    return sorted(one.title for one in alerts(app))


def add_file(app: App, folder: Path, name: str, lines: list[str], *, confirm: bool = True) -> str:
    """Ingest lines of the shop's format; return the id of the batch. confirm: whatever it is held for."""
    path = folder / name
    path.write_text("\n".join([shop_of_two_stores.HEADER, *lines]), "cp1252")
    receipt = COMMANDS["ingest"](app, quiet, files=[str(path)], contract="UK").data
    if confirm and receipt["status"] == "held":
        COMMANDS["confirm"](app, quiet, batch=receipt["batch_id"])
    return str(receipt["batch_id"])


def line(sale: str, store: str = "LDS1", units: str = "1", price: int = 10, day: str = "15/06/2026") -> str:
    total = f"{price}.00" if not units.lstrip("-").isdecimal() else f"{int(units) * price}.00"
    where = f"{day},{store},T1,1,A,TO-1,Kite,Toys,store,,United Kingdom"
    return f"{sale},{where},{units},{price}.00,5.00,0.00,{total},0.00,,{total}"
