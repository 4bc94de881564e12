"""States of a connector."""

from enum import StrEnum


class ConnectorState(StrEnum):
    """NEW: it has not run yet. COMPLETE: a backfill that has read its source to the end.
    REQUESTED: a person has requested a run, which begins soon."""

    ON_TIME = "on-time"
    RUNNING = "running"
    REQUESTED = "requested"
    LATE = "late"
    FAILING = "failing"
    PAUSED = "paused"
    NEW = "new"
    COMPLETE = "complete"

    @property
    def is_at_work(self) -> bool:
        return self in {ConnectorState.RUNNING, ConnectorState.REQUESTED}

    @property
    def needs_attention(self) -> bool:
        return self in {ConnectorState.LATE, ConnectorState.FAILING}
