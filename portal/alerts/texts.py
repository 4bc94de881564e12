"""Texts of the pages of alerts."""

import re
from datetime import datetime

from markupsafe import Markup

from portal import formats
from tillstream.alerts.alert import AlertEventKind, AlertState
from tillstream.alerts.kinds import AlertSeverity, RuleLimit
from tillstream.alerts.rules import AlertRule

_PLURAL = re.compile(r"(?<=ss)es\b|s\b")
"""The ending of the noun in a unit: losses, sale lines, weeks before."""
STATES: dict[str, tuple[str, str]] = {
    AlertState.PENDING: ("Ended", ""),
    AlertState.OPEN: ("Open", "bad"),
    AlertState.ACKNOWLEDGED: ("Acknowledged", "busy"),
    AlertState.SNOOZED: ("Snoozed", "ask"),
    AlertState.ENDED: ("Ended", ""),
}
"""State → label and tone. A pending alert is listed if it ended before."""
SEVERITIES: dict[str, str] = {
    AlertSeverity.INFO: "Info",
    AlertSeverity.WARNING: "Warning",
    AlertSeverity.URGENT: "Urgent",
}
EVENTS: dict[str, str] = {
    AlertEventKind.OPENED: "Opened",
    AlertEventKind.REMINDED: "Open again after the snooze",
    AlertEventKind.ESCALATED: "Escalated, because nobody acknowledged it",
    AlertEventKind.ENDED: "Ended",
    AlertEventKind.ACKNOWLEDGED: "Acknowledged",
    AlertEventKind.SNOOZED: "Snoozed",
}
LIMITS: dict[str, str] = {
    RuleLimit.REGIONS: "Regions",
    RuleLimit.STORES: "Stores",
    RuleLimit.CATEGORIES: "Categories",
    RuleLimit.PRODUCTS: "Products",
}
FILTERS = {"active": "In progress", "ended": "Ended", "": "All"}
HOURS = {"1": "1 hour", "4": "4 hours", "24": "1 day", "168": "1 week"}
"""How long an alert can be snoozed in the portal."""
ACKNOWLEDGED = "You take care of this alert: there are no reminders."
SAVED, REMOVED = "The rule is saved.", "The rule is removed. Its alerts end within a few minutes."
ENABLED, DISABLED = "The rule is enabled.", "The rule is disabled. Its alerts end within a few minutes."
NUMBER = "“{text}” is not a whole number."


def without_sales(reason: str) -> str:
    """reason: a sentence."""
    return f"{reason} No sale has it yet. Check the spelling."


def snoozed(until: datetime) -> Markup:
    return Markup("The alert is snoozed until {}.").format(formats.instant(until))


def threshold(rule: AlertRule, currency: str) -> str:
    """The value at which alerts open, in words."""
    of, value = rule.alert_kind.threshold, rule.threshold
    noun = _PLURAL.sub("", of.unit, count=1) if value == 1 else of.unit
    unit = {"money": currency, "percent": "%"}.get(of.unit, noun)
    return f"{of.label} {value:,f} {unit}"


def previewed(count: int, days: int) -> str:
    if not count:
        return f"This rule would have raised no alert in the last {days} days."
    return f"This rule would have raised {count:,} {'alert' if count == 1 else 'alerts'} in the last {days} days."
