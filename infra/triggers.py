"""What starts a function."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pushed:
    """A push subscription, authenticated as the account that calls functions; with a type, only events of that type."""

    subscription: str
    topic: str
    type: str = ""


@dataclass(frozen=True)
class Scheduled:
    """A Cloud Scheduler job that calls the function over HTTP. cron: five fields, UTC."""

    cron: str


Trigger = Pushed | Scheduled
