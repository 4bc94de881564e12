"""The HTTP server of a home: waitress with threads for requests, and connections that are kept without threads."""

from typing import Any, Protocol

from waitress.adjustments import Adjustments
from waitress.server import MultiSocketServer, TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from tillstream.server.held_responses import HoldingChannel

THREADS = 16
"""Requests answered at the same time. Requests of tills share a commit while they wait for the disk: the more of them
there are, the fewer the commits."""
CONNECTIONS = 800
"""Maximum open connections; each stream is one, and browsers keep several more."""


class Streams(Protocol):
    """The event streams of the portal."""

    def end(self, seconds: float = 0) -> None:
        """End all streams, and wait some seconds for what still writes them."""


class TaskDispatcher(ThreadedTaskDispatcher):
    """Threads for requests. At shutdown they end after the event streams, whose thread reads the ledger, too."""

    def __init__(self, streams: Streams, threads: int = THREADS) -> None:
        super().__init__()
        self._streams = streams
        self.set_thread_count(threads)

    def shutdown(self, cancel_pending: bool = True, timeout: float = 5) -> Any:  # noqa: FBT001, FBT002 - as inherited
        self._streams.end(timeout)
        return super().shutdown(cancel_pending, timeout)


class _Server(TcpWSGIServer):
    channel_class = HoldingChannel


def create_http_server(
    application: Any, streams: Streams, *, threads: int = THREADS, **adjustments: Any
) -> _Server | MultiSocketServer:
    """Create a server that listens on each address of its host; adjustments: as those of waitress."""
    adj = Adjustments(
        connection_limit=CONNECTIONS,
        asyncore_use_poll=True,  # select allows no more than 1,024 open files
        **adjustments,
    )
    sockets: dict[int, Any] = {}
    dispatcher = TaskDispatcher(streams, threads)
    servers = [
        _Server(application, sockets, dispatcher=dispatcher, adj=adj, sockinfo=address) for address in adj.listen
    ]
    if len(servers) == 1:
        return servers[0]
    listened = [(server.effective_host, server.effective_port) for server in servers]
    return MultiSocketServer(sockets, adj, listened, dispatcher, servers[0].log_info)
