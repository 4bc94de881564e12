"""Nobody keeps others out by connections without a request: tested with sockets, on a clock of the test."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from structlog.testing import capture_logs
from threads import close_server, join_thread
from waiting import wait_for

from tillstream.server import http_server as policy
from tillstream.server.http_server import (
    ARRIVAL_SECONDS,
    BODY_BYTES,
    BODY_SECONDS,
    HEADER_SECONDS,
    MAX_HEADERS,
    CloseReason,
    Connections,
    create_http_server,
)

MOST = 12
"""Of which waitress counts two for itself."""
PER_ADDRESS = 4
PATIENCE = 30.0
REQUEST = b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n"
UNFINISHED = REQUEST[:-4]
OK = b"HTTP/1.1 200 OK"


class NoStreams:
    def end(self, seconds: float = 0) -> None:
        pass


@dataclass
class Served:
    """A server that answers without a body, and its clients."""

    connections: Connections
    waitress: Any
    clock: list[float]
    clients: list[socket.socket] = field(default_factory=list)

    def connect(self, sent: bytes = b"") -> socket.socket:
        """Return a connection that the server has, with what was sent on it."""
        client = socket.create_connection(("127.0.0.1", self.waitress.effective_port), PATIENCE)
        self.clients.append(client)
        own = client.getsockname()
        wait_for(lambda: any(one.addr == own for one in self.channels()), "the server's side")
        if sent:
            client.sendall(sent)
            wait_for(lambda: self.has_begun(client), "the server's side")
        return client

    def visit(self, client: socket.socket | None = None) -> socket.socket:
        """Send a request, on a new connection if none is given, and return the connection when it is idle."""
        client = client or self.connect()
        client.sendall(REQUEST)
        assert read(client).startswith(OK)
        own = client.getsockname()
        wait_for(lambda: not any(one.requests for one in self.channels() if one.addr == own), "the server's side")
        return client

    def channels(self) -> list[Any]:
        return [one for one in list(self.connections.sockets.values()) if isinstance(one, policy.Channel)]

    def has_begun(self, client: socket.socket) -> bool:
        own = client.getsockname()
        return all(one.request is not None for one in self.channels() if one.addr == own)

    def received(self, client: socket.socket) -> int:
        """Bytes of the body that have arrived."""
        own = client.getsockname()
        return sum(one.request.body_bytes_received for one in self.channels() if one.addr == own and one.request)

    def pass_time(self, seconds: float) -> None:
        """Move the clock, and wait until the server has looked at it."""
        self.clock[0] += seconds
        for _ in range(2):  # the first one may be in a round that began before the clock moved
            has_read = threading.Event()
            self.waitress.trigger.pull_trigger(has_read.set)
            assert has_read.wait(PATIENCE)


def answer(environ: Any, start_response: Any) -> list[bytes]:
    environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", "0")])
    return []


def read(client: socket.socket) -> bytes:
    """The first part of a response; nothing if the server has closed the connection."""
    try:
        return client.recv(4096)
    except ConnectionResetError:
        return b""


@pytest.fixture
def served() -> Iterator[Served]:
    clock = [0.0]
    connections = Connections(clock=lambda: clock[0], most=MOST, per_address=PER_ADDRESS)
    waitress = create_http_server(answer, NoStreams(), connections, threads=1, host="127.0.0.1", port=0)
    thread = threading.Thread(target=waitress.run, daemon=True)
    thread.start()
    served = Served(connections, waitress, clock)
    yield served
    for client in served.clients:
        client.close()
    close_server(waitress)
    join_thread(thread)


def test_a_request_line_that_is_not_finished_in_time_ends_its_connection(served: Served) -> None:
    silent, begun = served.connect(), served.connect(UNFINISHED)
    served.pass_time(HEADER_SECONDS - 1)
    begun.sendall(b"\r\nAccept")
    late = served.connect(UNFINISHED)
    served.pass_time(1)
    assert read(silent) == b""
    assert read(begun).startswith(b"HTTP/1.1 408 ")
    late.sendall(b"\r\n\r\n")
    assert read(late).startswith(OK)
    assert served.connections.closed == {CloseReason.HEADERS: 2}


def test_a_request_line_or_headers_without_end_are_refused(served: Served) -> None:
    long = served.connect(b"GET /a" + b"/" * MAX_HEADERS + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert read(long).startswith(b"HTTP/1.0 431 ")


def test_a_connection_that_is_kept_for_the_next_request_may_be_silent_for_longer(served: Served) -> None:
    client = served.connect()
    for _ in range(3):
        served.visit(client)
        served.pass_time(HEADER_SECONDS * 2)


def test_a_slow_upload_arrives_and_one_without_progress_ends(served: Served) -> None:
    size = 3 * BODY_BYTES
    head = b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: %d\r\n\r\n" % size
    slow, still = served.connect(head), served.connect(head + b"x")
    for number in range(1, 4):
        served.pass_time(BODY_SECONDS - 2)
        slow.sendall(b"x" * BODY_BYTES)
        if number < 3:
            sent = number * BODY_BYTES
            wait_for(lambda: served.received(slow) == sent, "the server's side")  # noqa: B023 - called at once
            served.pass_time(1)
    assert read(slow).startswith(OK)
    assert read(still).startswith(b"HTTP/1.1 408 ")
    assert served.connections.closed == {CloseReason.BODY: 1}


def test_unfinished_requests_leave_room_for_visitors(served: Served) -> None:
    upload = served.connect(b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 5\r\n\r\nab")
    kept = served.visit()
    held = []
    for _ in range(3 * MOST):
        held.append(served.connect(UNFINISHED))
        served.pass_time(ARRIVAL_SECONDS / 3)
    served.visit()
    assert len(served.connections.sockets) <= MOST
    assert [read(one) for one in held[: 2 * MOST]] == [b""] * 2 * MOST  # the oldest
    served.visit(kept)
    upload.sendall(b"cde")
    assert read(upload).startswith(OK)
    assert set(served.connections.closed) == {CloseReason.ROOM}


def test_connections_without_a_request_leave_room_after_unfinished_ones(served: Served) -> None:
    kept = []
    for _ in range(2 * MOST):
        kept.append(served.visit())
        served.pass_time(0.01)
    assert [read(one) for one in kept[:MOST]] == [b""] * MOST
    served.visit(kept[-1])


def test_a_flood_of_connections_that_have_just_begun_leaves_room(served: Served) -> None:
    held = [served.connect(UNFINISHED) for _ in range(2 * MOST)]
    served.visit()
    held[-1].sendall(b"\r\n\r\n")
    assert read(held[-1]).startswith(OK)


def test_an_address_sends_few_requests_at_once(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        policy, "client_network", lambda address: address
    )  # the tests have addresses of this machine only
    held = [served.connect(UNFINISHED) for _ in range(PER_ADDRESS + 3)]
    served.pass_time(1)
    assert [read(one) for one in held[:3]] == [b""] * 3
    held[3].sendall(b"\r\n\r\n")
    assert read(held[3]).startswith(OK)
    assert served.connections.closed == {CloseReason.ADDRESS: 3}


def test_clients_on_this_machine_may_be_a_proxy_and_are_not_limited_by_address(served: Served) -> None:
    held = [served.connect(UNFINISHED) for _ in range(PER_ADDRESS + 3)]
    served.pass_time(1)
    assert not served.connections.closed
    held[0].sendall(b"\r\n\r\n")
    assert read(held[0]).startswith(OK)


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("127.0.0.1", ""),
        ("::1", ""),
        ("::ffff:127.0.0.1", ""),
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "20010db800010002"),
        ("fe80::1%eth0", "fe80000000000000"),
    ],
)
def test_a_client_is_an_address_or_a_network(address: str, client: str) -> None:
    assert policy.client_network(address) == client


def test_closed_connections_are_logged_together(served: Served) -> None:
    with capture_logs() as lines:
        for _ in range(5):
            served.connect(UNFINISHED)
        served.pass_time(HEADER_SECONDS)
        served.pass_time(1)
        for _ in range(2):
            served.connect()
        served.pass_time(HEADER_SECONDS)
        served.pass_time(policy.LOG_SECONDS)
    assert [(line["event"], line["headers"]) for line in lines] == [
        ("connections closed", 5),
        ("connections closed", 2),
    ]
