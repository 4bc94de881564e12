"""Clock: the only source of "now"."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Raises nothing; may be called from any thread and process."""

    def now(self) -> datetime:
        """The current instant, timezone-aware, in UTC."""

    def tick(self) -> int:
        """Microseconds since 1970, strictly greater than every earlier tick of this clock."""

    def sleep(self, seconds: float) -> None:
        """Wait; a test clock advances its time instead."""
