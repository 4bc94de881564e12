"""Subscriptions: users who get the executive report by e-mail, every week or month."""

from dataclasses import dataclass, replace
from datetime import datetime

from tillstream.delivery.schedule import DEFAULT_DAY, DEFAULT_HOUR, MONTH, WEEK, DeliverySchedule
from tillstream.model import audit
from tillstream.model.dates import instant_text
from tillstream.model.document_json import from_json
from tillstream.model.errors import Rejected
from tillstream.people import accounts
from tillstream.ports import Ports
from tillstream.ports.documents import Document
from tillstream.records.collection import Collection
from tillstream.records.mail import is_address

EVERY = (MONTH, WEEK)


@dataclass(frozen=True)
class ReportSubscription:
    """to: an e-mail address. every, day, hour, zone: as in `DeliverySchedule`. next_due: instant, ISO 8601 text in
    UTC."""

    login: str
    every: str
    to: str
    zone: str
    by: str
    day: int
    hour: int
    next_due: str

    @property
    def id(self) -> str:
        return f"{self.login}.{self.every}"

    @property
    def schedule(self) -> DeliverySchedule:
        return DeliverySchedule(self.every, self.day, self.hour, self.zone)


def _parsed_subscription(document: Document) -> ReportSubscription:
    """Read a subscription; those of earlier versions have no day and hour, and the last instant instead of the next."""
    defaults = {"day": DEFAULT_DAY[document.data["every"]], "hour": DEFAULT_HOUR, "next_due": ""}
    one = from_json(ReportSubscription, defaults | document.data)
    last_due = document.data.get("last_due")
    return replace(one, next_due=instant_text(one.schedule.next(datetime.fromisoformat(last_due)))) if last_due else one


SUBSCRIPTIONS = Collection(
    "report_subscriptions",
    ReportSubscription,
    "subscription",
    lambda one: {"to": one.to, "when": one.schedule.words},
    lambda one: f"report every {one.every} to {one.login}",
    missing="There is no such subscription.",
    due_by="next_due",
    parse=_parsed_subscription,
)
has_due_reports, due_subscriptions = SUBSCRIPTIONS.has_due, SUBSCRIPTIONS.due


def subscribe_to_report(
    ports: Ports, login: str, every: str, to: str, *, by: str, day: int | None = None, hour: int | None = None
) -> ReportSubscription:
    """Subscribe a user, or change the address and the schedule. Raises `Rejected`, `NotFound`.

    day, hour: as in `DeliverySchedule`, in the time zone of the user's profile.
    """
    address = to.strip()
    if not is_address(address):
        raise Rejected(f"“{to}” is not an e-mail address.")
    if every not in EVERY:
        raise Rejected("A report comes every week or every month.")
    user = accounts.get_user(ports, login)
    when = DeliverySchedule.checked(every, day, hour, user.time_zone or "UTC")
    next_due = instant_text(when.next(ports.clock.now()))
    one = ReportSubscription(login, every, address, when.zone, by, when.day, when.hour, next_due)
    return SUBSCRIPTIONS.put(ports, one, by, audit.AuditAction.REPORT_SUBSCRIBED)


def unsubscribe_from_report(ports: Ports, login: str, every: str, *, by: str) -> None:
    """End a subscription. Raises `NotFound`."""
    SUBSCRIPTIONS.remove(ports, f"{login}.{every}", by, audit.AuditAction.REPORT_UNSUBSCRIBED, shown={})


def list_subscriptions(ports: Ports, login: str = "") -> list[ReportSubscription]:
    """The subscriptions of a user, or of all, by login."""
    stored = SUBSCRIPTIONS.find(ports, {"login": login} if login else None)
    return sorted(stored, key=lambda one: one.id)


def postpone_subscription(ports: Ports, one: ReportSubscription, version: int, until: datetime) -> None:
    """Let the report be due next at an instant, unless the subscription was changed or ended meanwhile."""
    SUBSCRIPTIONS.save_at(ports, replace(one, next_due=instant_text(until)), version)
