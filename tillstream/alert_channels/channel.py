"""A channel: where the notices of alerts are sent."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tillstream.alert_channels.recipients import Recipient
from tillstream.model.errors import Rejected
from tillstream.people import account_store

EMAIL, WEBHOOK, SLACK, TEAMS, SERVICE = "email", "webhook", "slack", "teams", "service"
KINDS = (EMAIL, WEBHOOK, SLACK, TEAMS, SERVICE)
MAX_NAME = 80


@dataclass(frozen=True)
class ChannelDraft:
    """What an admin enters. kind: one of `KINDS`. recipients: of e-mail, one per line. url: of the others, a secret.

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
        if not 0 < len(self.name.strip()) <= MAX_NAME:
            raise Rejected(f"Enter a name of at most {MAX_NAME} letters.")
        if self.kind not in KINDS:
            raise Rejected(f"A channel is one of: {', '.join(KINDS)}.")
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
    recipients: tuple[Recipient, ...]
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
