"""The destinations of the marts, for the pipeline page."""

from dataclasses import dataclass

from portal.context import ports
from tillstream.marts import destinations


@dataclass(frozen=True)
class ListedCopy:
    """behind: settlements that it lacks; None: it was never written. written_at, next_at: ISO 8601, or empty.
    error: of the last run."""

    name: str
    to: str
    every: str
    behind: int | None
    written_at: str
    next_at: str
    error: str


def listed() -> list[ListedCopy]:
    """All destinations, by name."""
    return [
        ListedCopy(
            one.name,
            one.to,
            one.every,
            destinations.settlements_behind(ports(), one) if one.done_at else None,
            one.done_at,
            one.next_at,
            one.error,
        )
        for one in destinations.find_destinations(ports())
    ]
