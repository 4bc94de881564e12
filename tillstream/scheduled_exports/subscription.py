"""What a subscription to a table is: the address of the table, a format, a schedule, and where its files go."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from tillstream.mail.schedule import Schedule

EXPLORE, TABLES = "/explore", "/tables/"
"""Paths of the portal that a subscription can have: an exploration, and the rows of a query, whose name follows."""
NEVER = "9999-12-31T00:00:00+00:00"
"""`try_at` of a subscription that is paused."""


@dataclass(frozen=True)
class Draft:
    """What a person chooses. address: a path of the portal and its query. view: the ID of the saved view whose current
    address counts instead; may be empty. to: an e-mail address, or destination: the name of a destination of files,
    to which they go with names of the pattern file_name; keeps: a file of the same name stays there. every, day, hour:
    as in `Schedule`. skip_empty: without rows, nothing is delivered."""

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
class Subscription(Draft):
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
    def schedule(self) -> Schedule:
        return Schedule(self.every, self.day, self.hour, self.zone)

    @property
    def data(self) -> dict[str, Any]:
        """The fields of its document."""
        return asdict(self)

    @property
    def audited(self) -> dict[str, Any]:
        """What the audit log shows of it."""
        chosen = {
            name: getattr(self, name)
            for name in ("name", "address", "view", "format", "to", "destination", "file_name")
        }
        return {name: text for name, text in chosen.items() if text} | {"when": self.schedule.words}


def parse(data: Mapping[str, Any]) -> Subscription:
    """Read a document."""
    names = {one.name for one in fields(Subscription)}
    return Subscription(**{name: value for name, value in data.items() if name in names})


def arguments_of(address: str) -> tuple[str, dict[str, list[str]]]:
    """The path of an address, and its arguments: name → texts."""
    path, _, query = address.partition("?")
    return path, parse_qs(query, keep_blank_values=True)


def text_of(at: datetime) -> str:
    """An instant as text."""
    return at.isoformat(timespec="seconds")
