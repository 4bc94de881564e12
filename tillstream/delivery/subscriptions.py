"""Subscriptions to tables: people add, change, pause and remove them; the job that makes the files notes results."""

import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from tillstream.delivery import file_destinations as destinations
from tillstream.delivery.export_formats import export_format
from tillstream.delivery.file_destinations import check_name_pattern, without_days
from tillstream.delivery.schedule import DeliverySchedule
from tillstream.model.audit import AuditAction
from tillstream.model.dates import instant_text
from tillstream.model.errors import Rejected
from tillstream.people import accounts
from tillstream.people.account_store import User
from tillstream.ports import Ports
from tillstream.records.collection import Collection
from tillstream.records.mail import is_address

EXPLORE, TABLES = "/explore", "/tables/"
"""Paths of the portal that a subscription can have: an exploration, and the rows of a query, whose name follows."""
NEVER = "9999-12-31T00:00:00+00:00"
"""`try_at` of a subscription that is paused."""

MAX_SUBSCRIPTIONS, LONGEST_NAME, LONGEST_ADDRESS = 50, 60, 2_000
"""Maximum subscriptions of a person; maximum characters of a name and of an address."""
BY_PERSON = "By {by}."


@dataclass(frozen=True)
class SubscriptionDraft:
    """What a person chooses. address: a path of the portal and its query. view: the ID of the saved view whose current
    address counts instead; may be empty. to: an e-mail address, or destination: the name of a destination of files,
    to which they go with names of the pattern file_name; keeps: a file of the same name stays there. every, day, hour:
    as in `DeliverySchedule`. skip_empty: without rows, nothing is delivered."""

    name: str
    address: str
    format: str
    to: str
    every: str
    day: int = 0
    hour: int = 7
    view: str = ""
    skip_empty: bool = False
    destination: str = ""
    file_name: str = ""
    keeps: bool = False


@dataclass(frozen=True)
class TableSubscription(SubscriptionDraft):
    """Instants are ISO 8601 text in UTC; empty: never.

    account: when the account of `login` was created, so that a later account of the same name inherits nothing.
    """

    id: str = ""
    login: str = ""
    account: str = ""
    zone: str = "UTC"
    by: str = ""
    created_at: str = ""
    next_due: str = ""
    """The instant for which the next file is made."""
    try_at: str = ""
    """When to make it: `next_due`, or later after a failure."""
    paused: str = ""
    """Why nothing is delivered; empty: it is."""
    error: str = ""
    """Of the last try, if it failed."""
    last_at: str = ""
    """When the last file was made."""
    last_rows: int = 0
    last_mail: str = ""
    """ID of its entry in the outbox of e-mail, or of files; empty if it had no rows and was skipped."""
    last_destination: str = ""
    """Where the last file went; empty: by e-mail."""

    @property
    def schedule(self) -> DeliverySchedule:
        return DeliverySchedule(self.every, self.day, self.hour, self.zone)

    @property
    def audited(self) -> dict[str, Any]:
        """What the audit log shows of it."""
        chosen = {
            name: getattr(self, name)
            for name in ("name", "address", "view", "format", "to", "destination", "file_name")
        }
        return {name: text for name, text in chosen.items() if text} | {"when": self.schedule.words}


SUBSCRIPTIONS = Collection(
    "export_subscriptions",
    TableSubscription,
    "subscription",
    lambda one: one.audited,
    lambda one: f"“{one.name}” of {one.login}",
    missing="There is no such subscription.",
    due_by="try_at",
)
get_subscription, has_due_subscriptions, due_subscriptions = SUBSCRIPTIONS.get, SUBSCRIPTIONS.has_due, SUBSCRIPTIONS.due


def address_arguments(address: str) -> tuple[str, dict[str, list[str]]]:
    """The path of an address, and its arguments: name → texts."""
    path, _, query = address.partition("?")
    return path, parse_qs(query, keep_blank_values=True)


def add_subscription(ports: Ports, login: str, draft: SubscriptionDraft, by: str) -> TableSubscription:
    """Add a subscription, whose first file comes at the next hour of its schedule. Raises `Rejected`, `NotFound`."""
    user = accounts.get_user(ports, login)
    if len(list_subscriptions(ports, login)) >= MAX_SUBSCRIPTIONS:
        raise Rejected(
            f"There can be at most {MAX_SUBSCRIPTIONS} subscriptions of a person. Remove one that is no longer needed."
        )
    fields = asdict(_checked(ports, draft, user))
    created_at = instant_text(ports.clock.now())
    one = TableSubscription(
        **fields,
        id=secrets.token_hex(6),
        login=login,
        account=user.created_at,
        zone=user.time_zone or "UTC",
        by=by,
        created_at=created_at,
    )
    return SUBSCRIPTIONS.add(ports, _scheduled(one, ports.clock.now()), by, AuditAction.EXPORT_SUBSCRIBED)


def change_subscription(ports: Ports, id: str, draft: SubscriptionDraft, by: str) -> TableSubscription:
    """Change what a person chose; a paused subscription stays so. Raises `NotFound`, `Rejected`."""
    user = accounts.get_user(ports, get_subscription(ports, id).login)
    chosen = asdict(_checked(ports, draft, user, id)) | {"zone": user.time_zone or "UTC", "error": ""}

    def changed(old: TableSubscription) -> TableSubscription:
        new = replace(old, **chosen)
        return new if old.paused else _scheduled(new, ports.clock.now())

    return SUBSCRIPTIONS.change(ports, id, by, AuditAction.EXPORT_SUBSCRIPTION_CHANGED, changed)


def pause_subscription(ports: Ports, id: str, by: str) -> TableSubscription:
    """Deliver nothing until it is resumed. Raises `NotFound`."""

    def paused(old: TableSubscription) -> TableSubscription:
        return replace(old, paused=BY_PERSON.format(by=by), try_at=NEVER)

    return SUBSCRIPTIONS.change(ports, id, by, AuditAction.EXPORT_SUBSCRIPTION_PAUSED, paused)


def resume_subscription(ports: Ports, id: str, by: str) -> TableSubscription:
    """Deliver again, at the next hour of the schedule. Raises `NotFound`."""

    def resumed(old: TableSubscription) -> TableSubscription:
        return _scheduled(replace(old, paused="", error=""), ports.clock.now())

    return SUBSCRIPTIONS.change(ports, id, by, AuditAction.EXPORT_SUBSCRIPTION_RESUMED, resumed)


def send_subscription_now(ports: Ports, id: str, by: str) -> TableSubscription:
    """Make a file at once, besides those of the schedule; a paused subscription stays paused. Raises `NotFound`."""
    now = instant_text(ports.clock.now())

    def due(old: TableSubscription) -> TableSubscription:
        return replace(old, error="", next_due=now, try_at=now)

    return SUBSCRIPTIONS.change(ports, id, by, AuditAction.EXPORT_REQUESTED, due)


def remove_subscription(ports: Ports, id: str, by: str) -> TableSubscription:
    """End a subscription. Raises `NotFound`."""
    return SUBSCRIPTIONS.remove(ports, id, by, AuditAction.EXPORT_UNSUBSCRIBED)


def list_subscriptions(ports: Ports, login: str = "") -> list[TableSubscription]:
    """The subscriptions of a person, or of all, by person and name."""
    stored = SUBSCRIPTIONS.find(ports, {"login": login} if login else None)
    return sorted(stored, key=lambda one: (one.login, one.name.casefold(), one.id))


def note_subscription(ports: Ports, changed: TableSubscription, version: int) -> None:
    """Note what a try did, unless the subscription was changed or ended meanwhile."""
    SUBSCRIPTIONS.save_at(ports, changed, version)


def try_later(ports: Ports, one: TableSubscription, version: int, after: timedelta, error: str) -> None:
    """Note a try that failed, and when the next one is, unless the subscription was changed or ended meanwhile."""
    note_subscription(ports, replace(one, try_at=instant_text(ports.clock.now() + after), error=error), version)


def pause_with_reason(ports: Ports, one: TableSubscription, version: int, reason: str) -> None:
    """Pause a subscription that can no longer be delivered, unless it was changed or ended meanwhile."""
    paused = replace(one, paused=reason, try_at=NEVER)
    why = {"why": reason}
    entry = SUBSCRIPTIONS.entry(ports, one.login, AuditAction.EXPORT_SUBSCRIPTION_PAUSED, one, None, why)
    SUBSCRIPTIONS.save_at(ports, paused, version, entry)


def _checked(ports: Ports, draft: SubscriptionDraft, user: User, id: str = "") -> SubscriptionDraft:
    """The draft as it is stored. id: of the subscription that it changes."""
    name, to = " ".join(draft.name.split()), draft.to.strip()
    if not name or len(name) > LONGEST_NAME:
        raise Rejected(f"Enter a name for the subscription, with at most {LONGEST_NAME} characters.")
    if draft.destination:
        destinations.get_destination(ports, draft.destination)
        to = ""
    elif not is_address(to):
        raise Rejected(f"“{draft.to}” is not an e-mail address.")
    pattern = check_name_pattern(draft.file_name) if draft.destination else ""
    path = draft.address.partition("?")[0]
    if len(draft.address) > LONGEST_ADDRESS or not (path == EXPLORE or path.startswith(TABLES)):
        raise Rejected("This page has no table to subscribe to.")
    export_format(draft.format)
    when = DeliverySchedule.checked(draft.every, draft.day, draft.hour, user.time_zone or "UTC")
    checked = replace(draft, name=name, to=to, day=when.day, file_name=pattern)
    if draft.destination:
        _check_file_name(ports, checked, id)
    return checked


def _check_file_name(ports: Ports, draft: SubscriptionDraft, id: str) -> None:
    """Raise `Rejected` if files of another subscription have the name of these, because they replaced each other."""
    own = without_days(draft.file_name, draft.name, draft.format)
    for other in list_subscriptions(ports):
        same_place = other.id != id and other.destination == draft.destination
        if same_place and without_days(other.file_name, other.name, other.format) == own:
            raise Rejected(
                f"The subscription “{other.name}” of {other.login} delivers files of the same name to "
                f"{draft.destination}. Change the name of the subscription or of the file."
            )


def _scheduled(one: TableSubscription, now: datetime) -> TableSubscription:
    following = instant_text(one.schedule.next(now))
    return replace(one, next_due=following, try_at=following)
