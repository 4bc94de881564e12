"""Texts of the saved views."""

START_CHANGED = "Start page changed."


def saved(name: str) -> str:
    return f"View “{name}” saved."


def deleted(name: str) -> str:
    return f"View “{name}” deleted."
