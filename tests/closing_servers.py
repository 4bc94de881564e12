"""Closing a waitress server whose loop runs in another thread."""

from contextlib import suppress
from typing import Any


def close_server(server: Any) -> None:
    """End its tasks, then its loop, which waits for no client that keeps its connections."""
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
