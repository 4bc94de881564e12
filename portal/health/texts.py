"""Texts of the status page."""

from collections.abc import Collection, Iterable

from tillstream.records.losses import Resolution

OPEN = "open"
RESOLUTIONS = {
    Resolution.RESTORED: "It is restored from a backup",
    Resolution.SENT_AGAIN: "It was sent again",
    Resolution.ACCEPTED: "Accept the loss",
}
"""How a loss can be dealt with."""
DEALT_WITH = {
    Resolution.RESTORED: "Restored",
    Resolution.SENT_AGAIN: "Sent again",
    Resolution.ACCEPTED: "Accepted as lost",
}
"""How a loss was dealt with."""
DECIDED = {
    Resolution.RESTORED: "It is whole again.",
    Resolution.SENT_AGAIN: "The loss is dealt with: it was sent again.",
    Resolution.ACCEPTED: "The loss is accepted.",
    OPEN: "The loss is open again.",
}
CHOOSE = "Choose how the loss was dealt with."


def resolutions(choices: Collection[Resolution]) -> dict[str, str]:
    """The decisions among which a person can choose."""
    return {one.value: label for one, label in RESOLUTIONS.items() if one in choices}


def project(name: str, location: str) -> str:
    return f"{name}, {location}"


def places(dataset: str, buckets: Iterable[str]) -> tuple[str, ...]:
    return (f"dataset {dataset}", *(f"bucket {name}" for name in buckets))
