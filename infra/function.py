"""What a function is: its size, its triggers and the roles of its account."""

from dataclasses import dataclass, field
from types import MappingProxyType

from infra.access.grants import Grant

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


@dataclass(frozen=True)
class Function:
    """One function. Its name is also its entry point in functions/main.py."""

    name: str
    does: str
    triggers: tuple[Trigger, ...]
    memory: str
    cpu: str
    concurrency: int
    timeout: int
    """Seconds."""
    least: int
    """Minimum number of instances."""
    most: int
    why: str
    """Reason for its size."""
    grants: tuple[Grant, ...]
    environment: MappingProxyType[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def account(self) -> str:
        """The id of its service account."""
        return f"tillstream-{self.name}"
