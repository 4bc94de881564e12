"""Open pages hear of a settlement, and hold no more of the server than they may."""

from collections.abc import Iterator

import pytest
from flask import Flask
from visitor import People, Visitor, Work, indian_file, indian_sale

from portal import live
from portal.live import streams
from tillstream.model.permissions import Role

MANY = {"wsgi.multithread": True}


@pytest.fixture
def reader(person: People, work: Work) -> Visitor:
    analyst = person(Role.ANALYST)
    admin = person(Role.ADMIN)
    admin.upload(indian_file(indian_sale("1")))
    work()
    return analyst


def stream(visitor: Visitor) -> Iterator[bytes]:
    return iter(visitor.client.get("/events?known=0", environ_overrides=MANY).iter_encoded())


def test_the_stream_contains_only_the_number_of_the_last_settlement(reader: Visitor) -> None:
    answer = reader.get("/events")
    assert answer.mimetype == "text/event-stream"
    assert answer.text == f"retry: {streams.AGAIN_LATER}\n\nid: 1\nevent: settled\ndata: 1\n\n"
    assert "settled" not in reader.get("/events?known=1").text
    assert "settled" not in reader.get("/events", headers={"Last-Event-ID": "1"}).text


def test_an_open_stream_is_notified_of_the_next_settlement(reader: Visitor, person: People, work: Work) -> None:
    events = stream(reader)
    assert next(events) == f"retry: {streams.AGAIN_SOON}\n\n".encode()
    assert b"data: 1" in next(events)
    person(Role.ADMIN, login="other").upload(indian_file(indian_sale("2")), name="july.csv")
    work()
    assert b"data: 2" in next(events)


def test_the_number_of_streams_is_limited_and_later_clients_retry(reader: Visitor, portal: Flask) -> None:
    held = [reader.client.get("/events", environ_overrides=MANY) for _ in range(live.STREAMS)]
    late = reader.client.get("/events", environ_overrides=MANY, buffered=True)
    assert f"retry: {streams.AGAIN_LATER}" in late.text
    held[0].close()
    again = reader.client.get("/events", environ_overrides=MANY)
    assert next(iter(again.iter_encoded())) == f"retry: {streams.AGAIN_SOON}\n\n".encode()
    for one in (*held[1:], again):
        one.close()


def test_a_server_that_stops_ends_them(reader: Visitor, portal: Flask) -> None:
    events = stream(reader)
    next(events)
    live.streams_of(portal).end()
    assert list(events) == []


def test_an_anonymous_client_receives_no_events(anonymous: Visitor) -> None:
    assert anonymous.get("/events").status_code == 303
