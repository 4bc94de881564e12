"""Texts of the page of reports."""

from tillstream.delivery import schedule
from tillstream.records.outbox import FAILED, SENDING, SENT, UNCLEAR, WAITING
from tillstream.reports import facts

EVERY = {facts.WEEK: "Every week", facts.MONTH: "Every month"}
DAYS = {
    facts.WEEK: [(number, f"On {name}s") for number, name in enumerate(schedule.WEEKDAYS, 1)],
    facts.MONTH: [(day, f"On the {schedule.ordinal(day)}") for day in range(1, schedule.MONTH_DAYS + 1)],
}
"""Days to choose from: number in the schedule, and its text."""
HOURS = [(hour, f"at {hour}:00") for hour in range(24)]
SUBSCRIBED = "The report comes by e-mail."
KEPT = "The subscription is kept. E-mail is not set up, so reports come once it is."
KEPT_MESSAGE = "The message is kept. E-mail is not set up, so it is sent once it is."
UNSUBSCRIBED = "The report no longer comes by e-mail."
SENT_AGAIN = "The message is sent within a few minutes."
STATES = {
    WAITING: "Waiting",
    SENDING: "Being sent",
    SENT: "Sent",
    FAILED: "Failed",
    UNCLEAR: "Unclear: it may have been sent",
}
