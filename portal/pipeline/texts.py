"""Texts of the pipeline pages."""

from tillstream.sync.standing import NEEDS_ATTENTION, Standing

QUEUES = {
    "object-events": "Files to read",
    "batch-events": "Files to import",
    "store-sales": "Sales from tills",
    "sale-events": "Changes for other systems",
}
STANDINGS = {
    Standing.REMOVED: "Removed",
    Standing.HELD: "Held",
    Standing.DIFFERENT: "Ledgers differ",
    Standing.NEW: "No contact yet",
    Standing.LATE: "Late",
    Standing.BEHIND: "Receiving",
    Standing.IN_STEP: "In step",
}
STANDING_TONES = dict.fromkeys(NEEDS_ATTENTION, "bad") | {
    Standing.REMOVED: "quiet",
    Standing.NEW: "quiet",
    Standing.BEHIND: "busy",
    Standing.IN_STEP: "good",
}
SYNC_STOPPED = "The sync is stopped. What was sent stays at the head office."
NOT_ENCRYPTED = "The connection to the head office is not encrypted, so others in its network can read what is sent."
NOTHING_CHOSEN = "Choose whose entry counts: the one of this home, or the one of the head office."
RETRIED = "Stalled jobs are retried."


def syncs_to(address: str) -> str:
    return f"This Tillstream syncs to {address} within a minute. The head office must add it with its key."


def questions_decided(count: int) -> str:
    return f"{count:,} question{'' if count == 1 else 's'} decided. What counts is exchanged with the next sync."


def request_declined(file: str) -> str:
    return f"The request to undo {file} is declined. The head office sees the reason after the next sync."


def home_added(name: str) -> str:
    return f"{name} is added. What it sends is settled here from now on."


def home_removed(name: str) -> str:
    return f"{name} is removed. What it sent stays."


def home_released(name: str) -> str:
    return f"What is held of {name} is settled when it syncs again."


def resent(count: int) -> str:
    return f"{count} {'message was' if count == 1 else 'messages were'} resent."
