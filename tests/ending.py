"""Waiting for threads in tests, never for ever: one that does not end fails its test."""

import threading

PATIENCE = 90.0
"""Seconds; for barriers, too."""


def ended(thread: threading.Thread) -> None:
    """Return once it has ended; fail where it has not in time."""
    thread.join(PATIENCE)
    assert not thread.is_alive(), f"{thread.name} does not end"
