"""Joining threads in tests with a time limit: a thread that does not end fails its test; closing servers in theirs."""

import threading
from contextlib import suppress
from typing import Any

PATIENCE = 90.0
"""Seconds; for barriers, too."""


def join_thread(thread: threading.Thread) -> None:
    """Join the thread; fail if it does not end in time."""
    thread.join(PATIENCE)
    assert not thread.is_alive(), f"{thread.name} does not end"


def close_server(server: Any) -> None:
    """End the tasks of a waitress server whose loop runs in another thread, then the loop; it waits for no client."""
    # One that still answers must not find the server's sockets closed.
    server.task_dispatcher.shutdown()
    # In its own thread: what another one closes while it waits for its sockets is a bad descriptor to it.
    # Woken by something else, the loop may close the trigger before this call has written into it.
    with suppress(OSError):
        server.trigger.pull_trigger(lambda: _close(server))


def _close(server: Any) -> None:
    """The loop ends once it has no socket."""
    server.close()
    for channel in list(server.active_channels.values()):
        channel.handle_close()
