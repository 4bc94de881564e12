"""A channel: where notices of alerts are sent, who gets them within which scope, and the messages that contain them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tillstream.model.errors import NotFound, Rejected
from tillstream.model.people import UNRESTRICTED, Scope
from tillstream.people import account_store, accounts
from tillstream.ports import Ports
from tillstream.records.mail import is_address

NOTICES_COLLECTION = "alert_notices"
WAITING, TAKEN = "waiting", "taken"
EVENT_WORDS = {"opened": "New alert", "reminded": "Reminder", "escalated": "Escalated", "ended": "Ended"}
"""Event of an alert → its words in messages."""
MAX_LISTED = 50
"""Notices that one message lists."""

MAX_RECIPIENTS = 50

EMAIL, WEBHOOK, SLACK, TEAMS, SERVICE = "email", "webhook", "slack", "teams", "service"
CHANNEL_KINDS = (EMAIL, WEBHOOK, SLACK, TEAMS, SERVICE)
MAX_CHANNEL_NAME = 80


@dataclass(frozen=True)
class Notice:
    """kind: of the event, as in `EVENT_WORDS`. path: of the page of the alert. created_at: ISO 8601 UTC text."""

    id: str
    alert_id: str
    rule_id: str
    kind: str
    title: str
    text: str
    path: str
    severity: str
    region: str
    stores: tuple[str, ...]
    created_at: str

    @classmethod
    def parse(cls, id: str, data: Mapping[str, Any]) -> "Notice":
        names = (name for name in cls.__dataclass_fields__ if name not in {"id", "stores"})
        return cls(id=id, stores=tuple(data["stores"]), **{name: data[name] or "" for name in names})

    @property
    def headline(self) -> str:
        """Such as: New alert: Milk is out of stock."""
        return f"{EVENT_WORDS.get(self.kind, self.kind.capitalize())}: {self.title}"

    def to_json(self, portal: str) -> dict[str, Any]:
        """The notice for programs, with its address in the portal as `url`."""
        fields = asdict(self) | {"stores": list(self.stores)}
        return {name: value for name, value in fields.items() if name != "path"} | {"url": portal + self.path}


@dataclass(frozen=True)
class NoticeMessage:
    """What people read, as plain text."""

    title: str
    text: str


def digest_title(count: int) -> str:
    return f"{count} notices about alerts"


def compose_notices(notices: Sequence[Notice], portal: str) -> NoticeMessage:
    """The message of notices, each with its address in the portal."""
    if len(notices) == 1:
        return NoticeMessage(
            notices[0].headline, "\n\n".join(filter(None, (notices[0].text, _link(notices[0], portal))))
        )
    parts = ["\n".join(filter(None, (one.headline, one.text, _link(one, portal)))) for one in notices[:MAX_LISTED]]
    if len(notices) > MAX_LISTED:
        parts.append(f"{len(notices) - MAX_LISTED} more notices are in the portal.")
    return NoticeMessage(digest_title(len(notices)), "\n\n".join(parts))


def test_notice(channel: str, at: datetime) -> Notice:
    """A notice that a channel sends as a test."""
    text = "This is a test. If you read it, the channel works."
    return Notice(
        f"test-{channel}-{at:%Y%m%d%H%M%S}", "", "", "test", "Tillstream", text, "", "", "", (), at.isoformat()
    )


def _link(notice: Notice, portal: str) -> str:
    return portal + notice.path if portal and notice.path else ""


@dataclass(frozen=True)
class ChannelRecipient:
    """login: of the user who reads the address; empty: the address gets all notices."""

    address: str
    login: str = ""

    def __str__(self) -> str:
        return self.address if self.login in {"", self.address} else f"{self.login} {self.address}"


def parse_recipients(ports: Ports, text: str) -> tuple[ChannelRecipient, ...]:
    """Read one recipient per line: an address, or a sign-in name and an address. Raises `Rejected`.

    An address that is the sign-in name of a user belongs to that user.
    """
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if not 1 <= len(lines) <= MAX_RECIPIENTS:
        raise Rejected(f"Enter the e-mail addresses of 1 to {MAX_RECIPIENTS} recipients, one per line.")
    return tuple(dict.fromkeys(_recipient(ports, words) for words in lines))


def recipients_within_scope(
    ports: Ports, recipients: Sequence[ChannelRecipient], notices: Sequence[Notice]
) -> Iterator[tuple[str, list[Notice]]]:
    """Each address with the notices that its reader may see; addresses without any are left out."""
    for recipient in recipients:
        scope = _scope(ports, recipient.login) if recipient.login else UNRESTRICTED
        visible = [notice for notice in notices if scope and covers_notice(scope, notice)]
        if visible:
            yield recipient.address, visible


def covers_notice(scope: Scope, notice: Notice) -> bool:
    """Whether all that a notice is about is visible. A notice without a region is about several, or the pipeline."""
    if not notice.region:
        return scope.regions is None and scope.stores is None
    return scope.covers_region(notice.region) and scope.covers_stores(notice.stores or None)


def _recipient(ports: Ports, words: list[str]) -> ChannelRecipient:
    *logins, address = words
    if len(logins) > 1 or not is_address(address):
        raise Rejected(f"“{' '.join(words)}” is not an e-mail address, or a sign-in name and an e-mail address.")
    if logins and not _scope(ports, logins[0]):
        raise Rejected(f"There is no active user “{logins[0]}”.")
    login = logins[0] if logins else address
    return ChannelRecipient(address, login if _scope(ports, login) else "")


def _scope(ports: Ports, login: str) -> Scope | None:
    """The scope of a user; None for one that is stopped or missing."""
    try:
        user = accounts.get_user(ports, login)
    except NotFound:
        return None
    return None if user.disabled else user.scope


@dataclass(frozen=True)
class ChannelDraft:
    """What an admin enters. kind: one of `CHANNEL_KINDS`. recipients: of e-mail, one per line. url: of the others, a
    secret.

    digest_hour, time_zone: when the notices that are collected are sent, every day; hour from 0 to 23.
    """

    name: str
    kind: str
    url: str = ""
    recipients: str = ""
    digest_hour: int = 7
    time_zone: str = "UTC"

    def check(self) -> None:
        """Check what all kinds have in common. Raises `Rejected`."""
        if not 0 < len(self.name.strip()) <= MAX_CHANNEL_NAME:
            raise Rejected(f"Enter a name of at most {MAX_CHANNEL_NAME} letters.")
        if self.kind not in CHANNEL_KINDS:
            raise Rejected(f"A channel is one of: {', '.join(CHANNEL_KINDS)}.")
        if not 0 <= self.digest_hour <= 23:
            raise Rejected("Choose an hour from 0 to 23.")
        if self.time_zone not in {*account_store.time_zone_names(), "UTC"}:
            raise Rejected(f"There is no time zone “{self.time_zone}”.")


@dataclass(frozen=True)
class AlertChannel:
    """receiver: a description without secrets, such as Slack or https://example.com. created_at: ISO 8601 UTC text."""

    id: str
    name: str
    kind: str
    receiver: str
    recipients: tuple[ChannelRecipient, ...]
    digest_hour: int
    time_zone: str
    is_paused: bool
    created_by: str
    created_at: str

    def next_digest(self, now: datetime) -> datetime:
        """The first instant after now at which collected notices are sent, in UTC."""
        zone = ZoneInfo(self.time_zone)
        today = now.astimezone(zone).date()
        days = (today + timedelta(days=number) for number in (0, 1))
        instants = (datetime.combine(day, time(self.digest_hour), zone).astimezone(UTC) for day in days)
        return next(at for at in instants if at > now)
