"""Open streams take no thread from requests, and end with the server."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest
from flask import Flask
from threads import close_server, join_thread
from visitor import PASSWORD, Visitor

from portal import live
from tillstream.app import App
from tillstream.domain.people import Role
from tillstream.people import accounts
from tillstream.server.connections import Connections
from tillstream.server.http_server import create_http_server

MANY = 30


@dataclass
class Server:
    """A server with one thread for requests, and connections to it."""

    portal: Flask
    cookie: str
    waitress: Any
    connections: list[HTTPConnection] = field(default_factory=list)

    def get(self, path: str) -> HTTPResponse:
        connection = HTTPConnection("127.0.0.1", self.waitress.effective_port, timeout=30)
        self.connections.append(connection)
        connection.request("GET", path, headers={"Cookie": self.cookie})
        return connection.getresponse()


@pytest.fixture
def server(app: App, portal: Flask) -> Iterator[Server]:
    accounts.add(app.ports, "asha", "Asha", Role.ADMIN, password=PASSWORD)
    visitor = Visitor(portal.test_client())
    visitor.sign_in("asha")
    name = portal.config["SESSION_COOKIE_NAME"]
    cookie = visitor.client.get_cookie(name)
    assert cookie is not None
    waitress = create_http_server(portal, live.streams_of(portal), Connections(), threads=1, host="127.0.0.1", port=0)
    thread = threading.Thread(target=waitress.run, daemon=True)
    thread.start()
    server = Server(portal, f"{name}={cookie.value}", waitress)
    yield server
    for connection in server.connections:
        connection.close()
    close_server(waitress)
    join_thread(thread)


def test_many_open_streams_leave_the_thread_of_requests_free(server: Server) -> None:
    held = [server.get("/live/events?known=0") for _ in range(MANY)]
    assert [answer.readline() for answer in held] == [b"retry: 1000\n"] * MANY
    assert live.streams_of(server.portal).open == MANY
    began = time.monotonic()
    assert server.get("/api/kpis").status == 200
    assert time.monotonic() - began < 10


def test_the_end_of_the_server_ends_open_streams(server: Server) -> None:
    held = [server.get("/events?known=0") for _ in range(3)]
    for answer in held:
        answer.readline()
    began = time.monotonic()
    server.waitress.task_dispatcher.shutdown()
    assert time.monotonic() - began < 5
    assert live.streams_of(server.portal).open == 0
