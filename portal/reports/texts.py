"""Texts of the page of reports."""

from tillstream.mail import outbox
from tillstream.reports import period

EVERY = {
    period.WEEK: ("Every week", "On Mondays at 7:00, of the week before"),
    period.MONTH: ("Every month", "On the 2nd at 7:00, of the month before"),
}
SUBSCRIBED = "The report comes by e-mail."
UNSUBSCRIBED = "The report no longer comes by e-mail."
SENT_AGAIN = "The message is sent within a minute."
STATES = {
    outbox.WAITING: "Waiting",
    outbox.SENDING: "Being sent",
    outbox.SENT: "Sent",
    outbox.FAILED: "Failed",
    outbox.UNCLEAR: "Unclear: it may have been sent",
}
