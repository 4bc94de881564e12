"""Texts of the subscriptions to tables, and of destinations of files."""

from collections.abc import Iterable

from portal.dashboard.request_filters import PERIOD_CHOICES, PRESETS
from tillstream.analytics.filters import ALL_TIME, OWN_DATES
from tillstream.delivery import schedule
from tillstream.delivery.subscriptions import TableSubscription
from tillstream.records.outbox import FAILED, SENDING, SENT, SUPERSEDED, UNCLEAR, WAITING

EVERY = {schedule.DAY: "Every day", schedule.WEEK: "Every week", schedule.MONTH: "Every month"}
WEEKDAYS = [(str(number), f"On {name}s") for number, name in enumerate(schedule.WEEKDAYS, 1)]
MONTH_DAYS = [(str(day), f"On the {schedule.ordinal(day)}") for day in range(1, schedule.MONTH_DAYS + 1)]
HOURS = [(str(hour), f"{hour}:00") for hour in range(24)]
STATES = {
    WAITING: "waiting to be sent",
    SENDING: "being sent",
    SENT: "sent",
    FAILED: "could not be delivered",
    UNCLEAR: "may have been sent",
    SUPERSEDED: "not sent, replaced by a newer file",
}
LATEST = "Latest period"
TABLE, MEASURES, BY, CURRENCY, COMPARED = "Table", "Measures", "By", "Currency", "Compared with"
NO_VIEW = "This view is not of Explore. Open it, choose a table, and subscribe to that in its menu Export."
SOON = "within a few minutes, or after a load of sales that is under way."
AGAIN = f"The file is delivered again {SOON}"
PAUSED, RESUMED, REQUESTED = "Subscription paused.", "Subscription resumed.", f"The file is sent {SOON}"
KEPT = "The request is kept. E-mail is not set up, so the file is sent once it is."


def compared_days(days: Iterable[str]) -> str:
    return f"{' – '.join(days)}; the period before, if the period moves on"


def compared(label: str) -> str:
    return f"{label} to compare with"


def added(one: TableSubscription, *, sends_mail: bool) -> str:
    when = one.schedule.words
    if one.destination:
        return f"“{one.name}” is delivered to {one.destination} {when}."
    if sends_mail:
        return f"“{one.name}” comes by e-mail {when}."
    return f"“{one.name}” is kept. E-mail is not set up, so its files come once it is."


def removed(name: str) -> str:
    return f"“{name}” is no longer delivered."


def destinations(names: Iterable[str]) -> dict[str, str]:
    """Where files can go, by the name of the destination."""
    return {"": "E-mail", **{name: name for name in names}}


def destination_added(name: str) -> str:
    return f"Destination {name} added. Test it before people subscribe."


def destination_removed(name: str) -> str:
    return f"Destination {name} removed. Its subscriptions are paused when they are due."


def periods(*, has_latest: bool, has_all: bool, days: Iterable[str]) -> dict[str, str]:
    """Periods to choose from. has_latest, has_all: whether the latest period and all time are among them. days: those
    of the address, if it has any."""
    fixed = " – ".join(days)
    return {
        **({"": LATEST} if has_latest else {}),
        **({OWN_DATES: f"The same days each time: {fixed}"} if fixed else {}),
        **({ALL_TIME: PERIOD_CHOICES[ALL_TIME]} if has_all else {}),
        **PRESETS,
    }
