"""Texts of the pages of webhooks."""

ADDRESS, NO_ADDRESS = "Address", "Enter the address that receives the events."
FILTER = "Filter"
REMOVED = "The webhook is removed."
CHANGED = "The webhook is changed."
PAUSED = "The webhook is paused. Its events are collected for seven days."
RESUMED = "The webhook sends again, first the events that were collected."


def accepted(status: int, milliseconds: int) -> str:
    return f"The receiver accepted the test with {status} after {milliseconds} ms."


def refused(error: str) -> str:
    return f"The test was not accepted. {error}"


def resent(count: int) -> str:
    return f"{count} {'event is' if count == 1 else 'events are'} sent again."
