"""Notices: events of alerts that channels are to deliver, and the messages that contain them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

COLLECTION = "alert_notices"
WAITING, TAKEN = "waiting", "taken"
EVENTS = {"opened": "New alert", "reminded": "Reminder", "escalated": "Escalated", "ended": "Ended"}
"""Event of an alert → its words in messages."""
MOST_LISTED = 50
"""Notices that one message lists."""


@dataclass(frozen=True)
class Notice:
    """kind: of the event, as in `EVENTS`. path: of the page of the alert. created_at: ISO 8601 UTC text."""

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
        return f"{EVENTS.get(self.kind, self.kind.capitalize())}: {self.title}"

    def to_json(self, portal: str) -> dict[str, Any]:
        """The notice for programs, with its address in the portal as `url`."""
        fields = asdict(self) | {"stores": list(self.stores)}
        return {name: value for name, value in fields.items() if name != "path"} | {"url": portal + self.path}


@dataclass(frozen=True)
class Message:
    """What people read, as plain text."""

    title: str
    text: str


def title_of_several(count: int) -> str:
    return f"{count} notices about alerts"


def compose(notices: Sequence[Notice], portal: str) -> Message:
    """The message of notices, each with its address in the portal."""
    if len(notices) == 1:
        return Message(notices[0].headline, "\n\n".join(filter(None, (notices[0].text, _link(notices[0], portal)))))
    parts = ["\n".join(filter(None, (one.headline, one.text, _link(one, portal)))) for one in notices[:MOST_LISTED]]
    if len(notices) > MOST_LISTED:
        parts.append(f"{len(notices) - MOST_LISTED} more notices are in the portal.")
    return Message(title_of_several(len(notices)), "\n\n".join(parts))


def notice_of_test(channel: str, at: datetime) -> Notice:
    """A notice that a channel sends as a test."""
    text = "This is a test. If you read it, the channel works."
    return Notice(
        f"test-{channel}-{at:%Y%m%d%H%M%S}", "", "", "test", "Tillstream", text, "", "", "", (), at.isoformat()
    )


def _link(notice: Notice, portal: str) -> str:
    return portal + notice.path if portal and notice.path else ""
