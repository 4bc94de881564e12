"""What starts a function."""

from dataclasses import dataclass

DAY = 24 * 60
"""Minutes."""


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

    @property
    def minutes(self) -> int:
        """The interval of a schedule that runs every n minutes or once a day."""
        first, hour = self.cron.split()[:2]
        if hour != "*":
            return DAY
        return 1 if first == "*" else int(first.removeprefix("*/"))


Trigger = Pushed | Scheduled
