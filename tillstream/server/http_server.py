"""The HTTP server of a home: waitress with threads for requests, and connections that are kept without threads.

Waitress gives a connection two minutes without activity, however little a client sends, and accepts none beyond its
limit. Here a request has to arrive at a minimum pace, and if all connections are taken, one that has no request is
closed for the next visitor.
"""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum, StrEnum
from ipaddress import IPv6Address, ip_address
from typing import Any, Protocol

import structlog
from waitress.adjustments import Adjustments
from waitress.channel import ClientDisconnected, HTTPChannel
from waitress.server import MultiSocketServer, TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher, WSGITask

from portal.live import HOLD

CONNECTIONS = 800
"""Maximum open connections; each stream is one, and browsers keep several more."""
HEADER_SECONDS = 20.0
"""From the first byte, or from the connection for its first request, until request line and headers are complete."""
ARRIVAL_SECONDS = 2.0
"""In which the headers of most visitors arrive: so long their connections precede those that are only kept."""
BODY_SECONDS, BODY_BYTES = 60.0, 8_192
"""Time for each so many bytes of a body: less than a telephone on the slowest network sends."""
PER_ADDRESS = 100
"""Maximum requests that one address is sending at the same time."""
CHECK_SECONDS = 1.0
LOG_SECONDS = 60.0
NETWORK_BITS = 64
"""Of an IPv6 address: one client has the rest."""
TIMEOUT = (
    b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 56\r\n\r\n"
    b"The request was not sent in time. Send the request again\n"
)
log = structlog.get_logger("tillstream.portal")

MAX_HEADERS = 32 * 1024
"""Bytes of the first line and the headers of a request; the time to find its page grows with the square of slashes."""
THREADS = 16
"""Requests answered at the same time. Requests of tills share a commit while they wait for the disk: the more of them
there are, the fewer the commits."""


class _Held(BaseException):
    """Leaves the service of a request without the steps that end its response; waitress handles each `Exception`."""


class _Task(WSGITask):
    def get_environment(self) -> Any:
        environ = super().get_environment()
        self._holds: list[Callable[[HeldResponse], None]] = []
        environ[HOLD] = self._holds.append  # of the list: with a method of the task, both would be a cycle
        return environ

    def finish(self) -> None:
        if not self._holds or not self.wrote_header or not self.status.startswith("200"):
            super().finish()
            return
        self.channel.is_held = True
        self._holds[0](HeldResponse(self.channel, is_chunked=self.chunked_response))
        raise _Held


class HoldingChannel(HTTPChannel):
    """A connection whose response can be held.

    Its request stays the current one, as if a thread still answered it, so that the loop and the thread that writes
    share the buffers as waitress intends.
    """

    task_class = _Task
    is_held = False

    def service(self) -> None:
        with suppress(_Held):
            super().service()

    def readable(self) -> bool:
        """While it is held, the connection is read, too, to notice that the reader has closed it."""
        if self.is_held:
            return not (self.will_close or self.close_when_flushed)
        return bool(super().readable())

    def received(self, data: bytes) -> bool:
        return False if self.is_held else bool(super().received(data))


class HeldResponse:
    """A response that is written by one thread, until it ends it."""

    __slots__ = ("_channel", "_is_chunked")

    def __init__(self, channel: HoldingChannel, *, is_chunked: bool) -> None:
        self._channel, self._is_chunked = channel, is_chunked

    @property
    def is_open(self) -> bool:
        return bool(self._channel.connected and not self._channel.will_close)

    @property
    def is_read(self) -> bool:
        return not self._channel.total_outbufs_len

    def write(self, data: bytes) -> None:
        with suppress(ClientDisconnected):
            self._channel.write_soon(b"%X\r\n%b\r\n" % (len(data), data) if self._is_chunked else data)

    def end(self) -> None:
        channel = self._channel
        if not self.is_read:
            channel.will_close = True
        elif self._is_chunked:
            with suppress(ClientDisconnected):
                channel.write_soon(b"0\r\n\r\n")
        with channel.requests_lock:
            channel.close_when_flushed = True
            for request in channel.requests:
                request.close()
            channel.requests = []
        if channel.connected:
            channel.server.pull_trigger()


class Phase(IntEnum):
    """What a connection is for at a moment; if all are taken, those of the smallest phase are closed first."""

    HEADERS = 0
    """Nothing, or part of the request line and headers, has arrived."""
    IDLE = 1
    """Kept for a next request."""
    UNREAD = 2
    """The client has not read the response yet."""
    ARRIVING = 3
    """As HEADERS, for less than ARRIVAL_SECONDS."""
    BODY = 4
    ANSWERED = 5
    """By a thread, or by an open stream: never closed for others."""


class CloseReason(StrEnum):
    """Why a connection was closed, as in the log and in metrics."""

    HEADERS = "slow-headers"
    BODY = "slow-body"
    ADDRESS = "address-limit"
    ROOM = "room-for-others"


class Channel(HoldingChannel):
    """A connection with the progress of the request that is being received."""

    request: Any = None
    """What has arrived of a request; None if nothing has."""

    def __init__(self, server: Any, *arguments: Any, **named: Any) -> None:
        self._now: Callable[[], float] = server.connections.clock
        self.began_at = self.active_at = self._now()
        """When the first byte of the request arrived, and the last one."""
        self._is_first = True
        self._pace: tuple[float, int] | None = None
        """Instant at which the body had so many bytes; renewed after BODY_BYTES."""
        super().__init__(server, *arguments, **named)
        self.client = client_network(self.addr[0])

    @property
    def phase(self) -> Phase:
        if self.requests:
            return Phase.ANSWERED
        if self.total_outbufs_len or self.close_when_flushed or self.will_close:
            return Phase.UNREAD
        if self.request is None and not self._is_first:
            return Phase.IDLE
        if self.request is not None and self.request.body_rcv is not None:
            return Phase.BODY
        return Phase.ARRIVING if self._now() - self.began_at < ARRIVAL_SECONDS else Phase.HEADERS

    @property
    def body_pace(self) -> float:
        """Bytes of the body a second."""
        received = 0 if self.request is None else self.request.body_bytes_received
        return float(received / max(1.0, self._now() - self.began_at))

    def received(self, data: bytes) -> bool:
        before = self.request
        is_used = super().received(data)
        self.active_at = self._now()
        if self.request is not None and self.request is not before:
            self._begin()
        return is_used

    def service(self) -> None:
        self._is_first = False
        super().service()

    def overdue(self) -> CloseReason | None:
        """Return why a request is not received further; None if its time is not over."""
        phase, now = self.phase, self._now()
        if phase is Phase.ANSWERED:
            self._begin()  # the next request is not read meanwhile
        elif phase is Phase.HEADERS and now - self.began_at >= HEADER_SECONDS:
            return CloseReason.HEADERS
        elif phase is Phase.BODY:
            received = self.request.body_bytes_received
            if self._pace is None or received - self._pace[1] >= BODY_BYTES:
                self._pace = now, received
            elif now - self._pace[0] >= BODY_SECONDS:
                return CloseReason.BODY
        return None

    def _begin(self) -> None:
        self.began_at, self._pace = self._now(), None

    def refuse(self) -> None:
        """Close the connection, with status 408 if the client has sent a part of a request."""
        if self.request is None:
            self.handle_close()
            return
        self.request.close()
        self.request = None
        with suppress(ClientDisconnected):
            self.write_soon(TIMEOUT)
        self.close_when_flushed = True

    # A channel that was closed in a round of the loop is still asked in this round.
    def readable(self) -> bool:
        return self._fileno is not None and super().readable()

    def writable(self) -> bool:
        return self._fileno is not None and bool(super().writable())


def client_network(text: str) -> str:
    """The address of a client, or its network if it is one of IPv6; empty if it is on this machine."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    if address.is_loopback:
        return ""
    return f"{int(address) >> NETWORK_BITS:x}" if isinstance(address, IPv6Address) else str(address)


class Connections:
    """The open connections of a server. Only the thread of its loop closes them."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        most: int = CONNECTIONS,
        per_address: int | None = PER_ADDRESS,
    ) -> None:
        """per_address: None behind proxies, whose address is that of all clients.

        Clients on this machine are not limited by address either: one of them may be a proxy that is not configured.
        """
        self.clock, self.most, self._per_address = clock, most, per_address
        self.sockets: dict[int, Any] = {}
        """By file descriptor, also those that are no connections, as waitress keeps and counts them."""
        self.closed: Counter[CloseReason] = Counter()
        self._check_at = self._log_at = float("-inf")
        self._logged: Counter[CloseReason] = Counter()

    @property
    def open(self) -> int:
        return len(self._channels())

    def care(self) -> None:
        """Close what takes too long, and one connection if all are taken; called in each round of the loop."""
        now = self.clock()
        if now >= self._check_at:
            self._check_at = now + CHECK_SECONDS
            self._check()
        if len(self.sockets) >= self.most:
            self._make_room()
        if self.closed != self._logged and now >= self._log_at:
            self._log_at = now + LOG_SECONDS
            counts = {reason.name.lower(): count for reason, count in (self.closed - self._logged).items()}
            self._logged = self.closed.copy()
            log.warning("connections closed", open=self.open, **counts)

    def _channels(self) -> list[Channel]:
        return [one for one in list(self.sockets.values()) if isinstance(one, Channel)]

    def _check(self) -> None:
        incoming: dict[str, list[Channel]] = {}
        for channel in self._channels():
            if channel.will_close:  # waitress first waits until the client reads
                channel.handle_close()
            elif reason := channel.overdue():
                self.closed[reason] += 1
                channel.refuse()
            elif channel.phase in {Phase.HEADERS, Phase.ARRIVING, Phase.BODY}:
                incoming.setdefault(channel.client, []).append(channel)
        if self._per_address is None:
            return
        for client, channels in incoming.items():
            surplus = len(channels) - self._per_address if client else 0
            for channel in sorted(channels, key=lambda one: one.began_at)[: max(0, surplus)]:
                self.closed[CloseReason.ADDRESS] += 1
                channel.handle_close()

    def _make_room(self) -> None:
        """Close the connection that others need least, if there is one without a request that is answered."""
        channels = [(one.phase, one) for one in self._channels()]
        incomplete = {Phase.HEADERS, Phase.ARRIVING}
        incoming = Counter(channel.client for phase, channel in channels if phase in incomplete)

        def need(of_phase: tuple[Phase, Channel]) -> tuple[int, int, float]:
            phase, channel = of_phase
            if phase in incomplete:  # the oldest of the client that has most of them
                return phase, -incoming[channel.client], channel.began_at
            return phase, 0, channel.body_pace if phase is Phase.BODY else channel.active_at

        phase, channel = min(channels, key=need, default=(Phase.ANSWERED, None))
        if phase is not Phase.ANSWERED and channel is not None:
            self.closed[CloseReason.ROOM] += 1
            channel.handle_close()


class EventStreams(Protocol):
    """The event streams of the portal."""

    def end(self, seconds: float = 0) -> None:
        """End all streams, and wait some seconds for what still writes them."""


class TaskDispatcher(ThreadedTaskDispatcher):
    """Threads for requests. At shutdown they end after the event streams, whose thread reads the ledger, too."""

    def __init__(self, streams: EventStreams, threads: int = THREADS) -> None:
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
    application: Any, streams: EventStreams, connections: Connections, *, threads: int = THREADS, **adjustments: Any
) -> _Server | MultiSocketServer:
    """Create a server that listens on each address of its host; adjustments: as those of waitress."""
    adj = Adjustments(
        connection_limit=connections.most,
        max_request_header_size=MAX_HEADERS,
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
