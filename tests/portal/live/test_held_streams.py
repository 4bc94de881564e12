"""Open streams take no thread from requests, and end with the server."""

import gc
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import pytest
from flask import Flask
from threads import close_server, join_thread
from visitor import PASSWORD, Visitor
from waiting import wait_for

from portal import live
from portal.live import page, streams
from tillstream.analytics import live_sales
from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.server.http_server import Connections, create_http_server

MANY = 30
SOME = 5
"""Requests and their contexts that the server is still about to give up."""
PATIENCE = 30.0


@dataclass
class Server:
    """A server with one thread for requests, and connections to it."""

    portal: Flask
    cookie: str
    waitress: Any
    connections: list[HTTPConnection] = field(default_factory=list)
    responses: list[HTTPResponse] = field(default_factory=list)
    """A response keeps its connection if the server will close it."""

    def get(self, path: str) -> HTTPResponse:
        connection = HTTPConnection("127.0.0.1", self.waitress.effective_port, timeout=30)
        self.connections.append(connection)
        connection.request("GET", path, headers={"Cookie": self.cookie})
        self.responses.append(connection.getresponse())
        return self.responses[-1]


@pytest.fixture
def server(app: App, portal: Flask) -> Iterator[Server]:
    accounts.add_account(app.ports, "asha", "Asha", Role.ADMIN, password=PASSWORD)
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
    for one in (*server.responses, *server.connections):
        one.close()
    close_server(waitress)
    join_thread(thread)


def opened(server: Server, count: int, path: str = "/live/events?known=0") -> list[HTTPResponse]:
    """Streams that the server has, the first line of which is read."""
    before = live.streams_of(server.portal).open
    held = [server.get(path) for _ in range(count)]
    assert [answer.readline() for answer in held] == [b"retry: 1000\n"] * count
    wait_for(lambda: live.streams_of(server.portal).open == before + count, "the streams")
    return held


def read_event(answer: HTTPResponse, name: str) -> str:
    """The data of the next event of a name."""
    while (line := answer.readline()) != f"event: {name}\n".encode():
        assert line
    return answer.readline().decode()


def test_many_open_streams_leave_the_thread_of_requests_free(server: Server) -> None:
    opened(server, MANY)
    assert server.get("/api/kpis").status == 200


def test_many_open_streams_have_one_thread_together(server: Server) -> None:
    opened(server, 1)
    before = threading.active_count()
    opened(server, MANY)
    assert threading.active_count() == before


def test_many_streams_of_one_scope_take_the_queries_of_one(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    queried: list[str] = []
    today = live_sales.sales_of_today

    def counted(*values: Any, **named: Any) -> Any:
        queried.append(threading.current_thread().name)
        return today(*values, **named)

    monkeypatch.setattr(live_sales, "sales_of_today", counted)
    monkeypatch.setattr(page, "_minute", lambda at: at.replace(hour=0, minute=0, second=0, microsecond=0))
    first = read_event(opened(server, 1)[0], "today")
    for answer in opened(server, MANY):
        assert read_event(answer, "today") == first
    assert queried == ["live-streams"]


def test_a_stream_keeps_neither_its_request_nor_its_context(server: Server) -> None:
    """What each open page costs the server is its connection, with a small state beside it."""
    first = opened(server, 1)
    read_event(first[0], "today")
    before = kept()
    held = opened(server, MANY)
    for answer in held:
        read_event(answer, "today")
    now = kept()
    assert now["_Held"] - before["_Held"] == now["Channel"] - before["Channel"] == MANY
    assert now["_Group"] == before["_Group"]
    for kind in ("RequestContext", "Request", "Response", "Sender", "_Task"):
        assert now[kind] <= before[kind] + SOME, kind


def kept() -> Counter[str]:
    gc.collect()
    return Counter(type(one).__name__ for one in gc.get_objects())


def test_a_reader_who_leaves_is_noticed_without_an_event(server: Server) -> None:
    opened(server, 2)
    server.responses[0].close()
    wait_for(lambda: live.streams_of(server.portal).open == 1, "the streams")


def test_without_a_reader_nothing_runs(server: Server) -> None:
    opened(server, 2)
    for response in server.responses:
        response.close()
    wait_for(lambda: "live-streams" not in {thread.name for thread in threading.enumerate()}, "the streams")


def test_a_stream_ends_after_its_time_and_the_page_connects_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "STREAM_SECONDS", 0.2)
    assert server.get("/events?known=0").read().startswith(b"retry: 1000\n")
    wait_for(lambda: live.streams_of(server.portal).open == 0, "the streams")


def test_more_streams_than_the_server_holds_are_answered_at_once(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "HELD", 1)
    opened(server, 1)
    assert server.get("/live/events?known=0").read().startswith(b"retry: 5000\n")


def test_the_end_of_the_server_ends_open_streams(server: Server) -> None:
    held = opened(server, 3, "/events?known=0")
    server.waitress.task_dispatcher.shutdown()
    assert live.streams_of(server.portal).open == 0
    for answer in held:
        answer.read()
