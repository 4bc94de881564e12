"""The sync of a local server: only with a head office, once a minute, and less often while it fails."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from stateful.steps import like, upload_rows
from sync.two_homes import SOURCE, Connected, connected

from tillstream.app.home_sync import BackgroundSync
from tillstream.sync import sync_status

BY = "chief"


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Connected]:
    with connected(tmp_path) as both:
        both.pair.set_clock()
        yield both


def background(two: Connected) -> BackgroundSync:
    app = two.pair.home.plain
    settings = app.settings.model_copy(update={"connect_private": "127.0.0.1"})
    return BackgroundSync(replace(app, settings=settings), pause=0)


def turn(syncs: BackgroundSync) -> list[str]:
    syncs.pause = 0
    return syncs.turn(threading.Event())


def test_a_home_with_a_head_office_syncs_by_itself_until_it_is_stopped(two: Connected) -> None:
    home, syncs = two.pair.home, background(two)
    upload_rows(home, SOURCE, like())
    assert turn(syncs) == []
    assert sync_status.sync_lag(home.plain.ports).settlements == 1, "without an address, nothing is sent"
    sync_status.begin_sync(home.plain.ports, two.address, BY)
    assert (turn(syncs), sync_status.sync_lag(home.plain.ports).settlements) == ([], 0)
    sync_status.stop_sync(home.plain.ports, BY)
    upload_rows(home, SOURCE, like(number="2"))
    assert (turn(syncs), sync_status.sync_lag(home.plain.ports).settlements) == ([], 1)


def test_pauses_grow_while_it_fails(two: Connected) -> None:
    syncs, stopping = background(two), threading.Event()
    sync_status.begin_sync(two.pair.home.plain.ports, "http://127.0.0.1:1", BY)
    pauses = []
    for waited in (60.0, 120.0, 240.0, 480.0, 900.0):
        syncs.pause = waited
        stopping.wait = lambda _seconds: False  # type: ignore[method-assign, assignment]
        (failure,) = syncs.turn(stopping)
        assert "cannot be reached" in failure
        pauses.append(syncs.pause)
    assert pauses == [120.0, 240.0, 480.0, 900.0, 900.0]
    sync_status.begin_sync(two.pair.home.plain.ports, two.address, BY)
    two.pair.set_clock()
    assert (syncs.turn(stopping), syncs.pause) == ([], 60.0)


def test_a_server_that_stops_syncs_no_more(two: Connected) -> None:
    sync_status.begin_sync(two.pair.home.plain.ports, two.address, BY)
    stopping = threading.Event()
    stopping.set()
    syncs = background(two)
    syncs.pause = 60.0
    assert syncs.turn(stopping) == []
    assert sync_status.get_status(two.pair.home.plain.ports).sent_at == ""
