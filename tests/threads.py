"""Joining threads in tests with a time limit: a thread that does not end fails its test."""

import threading

PATIENCE = 90.0
"""Seconds; for barriers, too."""


def join_thread(thread: threading.Thread) -> None:
    """Join the thread; fail if it does not end in time."""
    thread.join(PATIENCE)
    assert not thread.is_alive(), f"{thread.name} does not end"
