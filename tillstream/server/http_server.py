"""The HTTP server of a home: waitress with threads for requests, and connections that are kept without threads."""

from typing import Any, Protocol

from waitress.adjustments import Adjustments
from waitress.server import MultiSocketServer, TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from tillstream.server.connections import Channel, Connections

THREADS = 16
"""Requests answered at the same time. Requests of tills share a commit while they wait for the disk: the more of them
there are, the fewer the commits."""


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
    channel_class = Channel

    def __init__(self, application: Any, connections: Connections, **named: Any) -> None:
        self.connections = connections
        super().__init__(application, connections.sockets, **named)

    def readable(self) -> bool:
        """Called in each round of the loop, before it waits for what is readable."""
        self.connections.care()
        return bool(super().readable())


def create_http_server(
    application: Any, streams: Streams, connections: Connections, *, threads: int = THREADS, **adjustments: Any
) -> _Server | MultiSocketServer:
    """Create a server that listens on each address of its host; adjustments: as those of waitress."""
    adj = Adjustments(
        connection_limit=connections.most,
        asyncore_use_poll=True,  # select allows no more than 1,024 open files
        **adjustments,
    )
    dispatcher = TaskDispatcher(streams, threads)
    servers = [
        _Server(application, connections, dispatcher=dispatcher, adj=adj, sockinfo=address) for address in adj.listen
    ]
    if len(servers) == 1:
        return servers[0]
    listened = [(server.effective_host, server.effective_port) for server in servers]
    return MultiSocketServer(connections.sockets, adj, listened, dispatcher, servers[0].log_info)
