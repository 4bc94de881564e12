"""Texts of the pages of alerts."""

import re
from datetime import datetime

from markupsafe import Markup

from portal import formats
from tillstream.alerts.alert import AlertEventKind, AlertState
from tillstream.alerts.kinds import AlertSeverity, KindName, RuleLimit
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
ADVICE: dict[KindName, str] = {
    KindName.FILES_HELD: "Open the file to see what each answer does, then import or discard it.",
    KindName.ROWS_IN_QUARANTINE: "Open the uploads with rows to fix, and correct or discard the rows.",
    KindName.PASS_RATE: "See which rules the rows break, and ask the sender of the files what changed.",
    KindName.DEAD_LETTERS: "Read the error on the page of the pipeline, remove its cause, and start them again.",
    KindName.DATA_LOST: "Restore it from a backup, or have it sent again. An admin decides under Status.",
    KindName.CONNECTOR_LATE: "Open the connector, read the error of its last run, and test its settings.",
    KindName.REGION_LATE: "Ask the sender for the file, or upload it. If no file will come, change the expected "
    "deliveries of the data source.",
    KindName.STORE_SILENT: "Ask the store whether its tills are online. Sales that are sent later count for their day.",
    KindName.UNUSUAL_DAY: "Compare the day with the one a week before. If you find the cause, annotate the day.",
    KindName.LARGE_SALE: "Open the sale and see whether its quantities and prices are right.",
    KindName.GOAL_BEHIND: "See under Goals what is still needed on each day of the month.",
    KindName.PRICE_OFF_LIST: "See whether the price of the sale or the price list is wrong, and correct it.",
    KindName.RETURN_RATE: "See which products come back, and ask the store for the reason.",
    KindName.STOCK_LOW: "See under Restock what to order or to get from another store.",
    KindName.STOCK_OUT: "See under Restock what to order or to get from another store.",
    KindName.STOCK_NEGATIVE: "Count the product, or enter the delivery that is missing.",
}
"""Kind → what a person can do about an alert."""
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
