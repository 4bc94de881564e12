"""Subscriptions: users who get the executive report by e-mail, every week or month."""

from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from tillstream.delivery.schedule import DEFAULT_DAY, DEFAULT_HOUR, MONTH, WEEK, DeliverySchedule
from tillstream.model import audit
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.people import accounts
from tillstream.ports import Ports
from tillstream.ports.documents import Put
from tillstream.records import audit_log
from tillstream.records.mail import is_address

SUBSCRIPTIONS_COLLECTION = "report_subscriptions"
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
    next_due = _text(when.next(ports.clock.now()))
    one = ReportSubscription(login, every, address, when.zone, by, when.day, when.hour, next_due)
    subject = f"report every {every} to {login}"
    after = {"to": address, "when": when.words}
    entry = audit_log.entry(ports, by, audit.AuditAction.REPORT_SUBSCRIBED, subject, None, after)
    ports.documents.put_all([Put(SUBSCRIPTIONS_COLLECTION, one.id, asdict(one)), entry])
    return one


def unsubscribe_from_report(ports: Ports, login: str, every: str, *, by: str) -> None:
    """End a subscription. Raises `NotFound`."""
    document = ports.documents.get(SUBSCRIPTIONS_COLLECTION, f"{login}.{every}")
    if document is None:
        raise NotFound("There is no such subscription.")
    audit_log.record(ports, by, audit.AuditAction.REPORT_UNSUBSCRIBED, f"report every {every} to {login}")
    ports.documents.delete(SUBSCRIPTIONS_COLLECTION, document.id)


def list_subscriptions(ports: Ports, login: str = "") -> list[ReportSubscription]:
    """The subscriptions of a user, or of all, by login."""
    documents = ports.documents.find(SUBSCRIPTIONS_COLLECTION, {"login": login} if login else None)
    return sorted((_parse(one.data) for one in documents), key=lambda one: one.id)


def has_due_reports(ports: Ports) -> bool:
    """Whether a report has to be made now. Reads one document."""
    first = ports.documents.find(SUBSCRIPTIONS_COLLECTION, order_by="next_due", limit=1)
    return any(_parse(one.data).next_due <= _text(ports.clock.now()) for one in first)


def due_subscriptions(ports: Ports) -> list[tuple[ReportSubscription, int]]:
    """The subscriptions whose report has to be made now, with the versions of their documents."""
    now = _text(ports.clock.now())
    stored = [(_parse(one.data), one.version) for one in ports.documents.find(SUBSCRIPTIONS_COLLECTION)]
    return [(one, version) for one, version in stored if one.next_due <= now]


def postpone_subscription(ports: Ports, one: ReportSubscription, version: int, until: datetime) -> None:
    """Let the report be due next at an instant, unless the subscription was changed or ended meanwhile."""
    with suppress(Conflict):
        ports.documents.put(
            SUBSCRIPTIONS_COLLECTION, one.id, asdict(one) | {"next_due": _text(until)}, if_version=version
        )


def _parse(data: dict[str, Any]) -> ReportSubscription:
    """Read a subscription; those of earlier versions have no day and hour, and the last instant instead of the next."""
    defaults = {"day": DEFAULT_DAY[data["every"]], "hour": DEFAULT_HOUR}
    fields = defaults | {name: value for name, value in data.items() if name != "last_due"}
    if last_due := data.get("last_due"):
        when = DeliverySchedule(fields["every"], fields["day"], fields["hour"], fields["zone"])
        fields["next_due"] = _text(when.next(datetime.fromisoformat(last_due)))
    return ReportSubscription(**fields)


def _text(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
