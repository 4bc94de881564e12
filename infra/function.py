"""What a function is: its size, its triggers and the roles of its account."""

from dataclasses import dataclass, field
from types import MappingProxyType

from infra.access.grants import Grant
from infra.triggers import Trigger


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
