"""States of a connector."""

from enum import StrEnum


class ConnectorState(StrEnum):
    """NEW: it has not run yet."""

    ON_TIME = "on-time"
    RUNNING = "running"
    LATE = "late"
    FAILING = "failing"
    PAUSED = "paused"
    NEW = "new"

    @property
    def needs_attention(self) -> bool:
        return self in {ConnectorState.LATE, ConnectorState.FAILING}
