"""Texts of the subscriptions to tables."""

from collections.abc import Iterable

from portal.dashboard import texts as dashboard_texts
from tillstream.domain.dates.presets import ALL_TIME, OWN
from tillstream.mail import schedule
from tillstream.outbox.outbox import FAILED, SENDING, SENT, UNCLEAR, WAITING

EVERY = {schedule.DAY: "Every day", schedule.WEEK: "Every week", schedule.MONTH: "Every month"}
WEEKDAYS = [(str(number), f"On {name}s") for number, name in enumerate(schedule.WEEKDAYS, 1)]
MONTH_DAYS = [(str(day), f"On the {schedule.nth(day)}") for day in range(1, schedule.MONTH_DAYS + 1)]
HOURS = [(str(hour), f"{hour}:00") for hour in range(24)]
STATES = {
    WAITING: "waiting to be sent",
    SENDING: "being sent",
    SENT: "sent",
    FAILED: "could not be sent",
    UNCLEAR: "may have been sent",
}
LATEST = "Latest period"
TABLE, MEASURES, BY, CURRENCY = "Table", "Measures", "By", "Currency"
NO_VIEW = "This view is not of Explore. Open it, choose a table, and subscribe to that in its menu Export."
PAUSED, RESUMED, REQUESTED = "Subscription paused.", "Subscription resumed.", "The file is sent within a few minutes."


def compared(label: str) -> str:
    return f"{label} to compare with"


def added(name: str, when: str) -> str:
    return f"“{name}” comes by e-mail {when}."


def removed(name: str) -> str:
    return f"“{name}” no longer comes by e-mail."


def periods(*, has_latest: bool, days: Iterable[str]) -> dict[str, str]:
    """Periods to choose from; days: those of the address, if it has any."""
    fixed = " – ".join(days)
    return {
        **({"": LATEST} if has_latest else {}),
        **({OWN: f"The same days each time: {fixed}"} if fixed else {}),
        ALL_TIME: dashboard_texts.ALL_TIME,
        **dashboard_texts.PRESETS,
    }
