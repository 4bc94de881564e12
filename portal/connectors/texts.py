"""Texts of the pages of connectors."""

from datetime import timedelta

from tillstream.connectors.state import Connector

STATES = {
    "on-time": ("On time", "good"),
    "running": ("Running", "busy"),
    "requested": ("Starts soon", "busy"),
    "late": ("Late", "ask"),
    "failing": ("Failing", "bad"),
    "paused": ("Paused", ""),
    "new": ("Not run yet", ""),
    "complete": ("Complete", "good"),
}
"""Label and tone."""
OUTCOMES = {
    "running": ("Running", "busy"),
    "done": ("Done", "good"),
    "stopped": ("Stopped", "ask"),
    "failed": ("Failed", "bad"),
}
"""Outcome of a run → label and tone. Stopped: its next run continues from there."""
NAME, CONTRACT, SCHEDULE = "Name", "Data source", "Schedule"
NAME_HINT = "Small letters, digits and hyphens, for example erp-sales. It cannot be changed later."
CONTRACT_HINT = "Which contract reads its files. By content: the contract that fits the columns of each file."
CREDENTIAL_HINT = "A reference, never the credential: env:TILLSTREAM_SOURCE_…, file:… or secret:tillstream-source-…"
BY_CONTENT = "By content"
SCHEDULES = {5: "Every 5 minutes", 15: "Every 15 minutes", 30: "Every 30 minutes", 60: "Every hour", 1440: "Every day"}
BACKFILL = "Once, as a backfill"
NO_NAME = "Enter a name."
ADDED, CHANGED, REMOVED = "The connector is added.", "The connector is changed.", "The connector is removed."
PAUSED = "The connector is paused. It continues from the same place when you resume it."
RESUMED = "The connector runs again by its schedule."
REQUESTED = "The connector runs as soon as the server is free, within a minute."
UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))

NO_LAG = "–"


def schedule(connector: Connector) -> str:
    return BACKFILL if connector.is_once else every(connector.every_minutes)


def every(minutes: int) -> str:
    return SCHEDULES.get(minutes, f"Every {minutes} minutes")


def lag(time: timedelta | None) -> str:
    """How long ago a source was read to its end, in its largest unit."""
    if time is None:
        return "never"
    seconds = int(time.total_seconds())
    for unit, size in UNITS:
        if seconds >= size:
            number = seconds // size
            return f"{number} {unit}{'' if number == 1 else 's'}"
    return "less than a minute"


def no_connector(name: str) -> str:
    return f"There is no connector {name}."


def missing(label: str) -> str:
    return f"Enter “{label}”."


def tested(seconds: float, sentence: str) -> str:
    return f"The test passed in {seconds:.1f} seconds. {sentence}"


def failed(seconds: float, reason: str) -> str:
    return f"The test failed after {seconds:.1f} seconds. {reason}"
