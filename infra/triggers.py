"""What starts a function."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finalized:
    """An Eventarc trigger: an object of this (logical) bucket was finalised. Retries are on."""

    bucket: str


@dataclass(frozen=True)
class Pushed:
    """A push subscription, authenticated as the account that calls functions; with a type, only events of that type.

    Not an Eventarc trigger: those have no attribute filter, and every event would start every function.
    """

    subscription: str
    topic: str
    type: str = ""


@dataclass(frozen=True)
class Scheduled:
    """A Cloud Scheduler job that calls the function over HTTP. cron: five fields, UTC."""

    cron: str


Trigger = Finalized | Pushed | Scheduled
