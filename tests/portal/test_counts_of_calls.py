"""Calls are counted over every process: of one limit nobody gets a second helping at the next instance."""

from concurrent.futures import ThreadPoolExecutor
from math import inf

import pytest
from flask import Flask
from portal_factory import create_app
from visitor import People, Visitor

from portal import TRIES, rate_counts
from portal.rate_counts import COLLECTION, SharedCounts
from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.errors import Conflict, Unavailable
from tillstream.model.permissions import Role


def counts(app: App, every: float = 0) -> SharedCounts:
    return SharedCounts(app.ports, every)


def test_counts_published_with_each_call_reach_other_processes_at_once(app: App) -> None:
    here, there = counts(app), counts(app)
    assert [here.count("a", 60), there.count("a", 60), here.count("a", 60), there.count("b", 60)] == [1, 2, 3, 1]
    assert here.calls("a") == 3


def test_counts_published_once_a_second_reach_other_processes(app: App, clock: ManualClock) -> None:
    here, there = counts(app, 1), counts(app, 1)
    assert here.count("a", 60) == 1
    assert [there.count("a", 60) for _ in range(5)] == [2, 3, 4, 5, 6]
    assert here.count("a", 60) == 2
    clock.advance(1)
    assert there.count("a", 60) == 7
    assert here.count("a", 60) == 9
    written = app.ports.documents.find(COLLECTION)
    assert [(one.data["calls"], one.version) for one in written] == [(9, 4)]


def test_a_window_ends_for_all_at_once_and_the_next_begins_with_its_first_call(app: App, clock: ManualClock) -> None:
    here, there = counts(app), counts(app)
    here.count("a", 60)
    clock.advance(40)
    assert there.count("a", 60) == 2
    assert there.window_end("a") == clock.now().timestamp() + 20
    clock.advance(20)
    assert [there.calls("a"), here.count("a", 60), there.count("a", 60)] == [0, 1, 2]


def test_calls_at_the_same_moment_all_count(app: App) -> None:
    several = [counts(app) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda at: several[at % 4].count("a", 60), range(40)))
    assert max(one.count("a", 60, 0) for one in several) == 40


def test_where_the_documents_are_away_a_process_counts_by_itself(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    one = counts(app)
    one.count("a", 60)

    def away(*_: object, **__: object) -> None:
        raise Unavailable("the documents are away")

    with monkeypatch.context() as patch:
        patch.setattr(app.ports.documents, "get", away)
        assert [one.count("a", 60), one.count("a", 60)] == [2, 3]
    assert counts(app).count("a", 60) == 2
    assert one.count("a", 60) == 5


def test_a_process_whose_writes_all_conflict_counts_by_itself(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    one, lost = counts(app), []

    def overtaken(puts: object) -> None:
        lost.append(puts)
        raise Conflict("Another process was faster.")

    with monkeypatch.context() as patch:
        patch.setattr(app.ports.documents, "put_all", overtaken)
        assert one.count("a", 60) == 1
    assert len(lost) == rate_counts.TRIES
    assert one.count("a", 60) == 2
    assert counts(app).count("a", 60) == 3


def test_counts_of_those_who_never_came_again_are_forgotten(
    app: App, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_counts, "SWEEP_ONE_IN", 1)
    one = counts(app)
    for at in range(20):
        one.count(f"address {at}", 60)
    clock.advance(60)
    one.count("another", 60)
    assert app.ports.documents.count(COLLECTION) == 1


def test_a_process_keeps_the_newest_counts_of_too_many(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_counts, "KEPT", 10)
    one = counts(app, inf)
    for at in range(40):
        one.count(f"address {at}", 60)
        assert one.calls(f"address {at}") == 1
    assert (one.calls("address 0"), one.calls("address 39")) == (0, 1)


def test_counts_of_one_process_write_no_document(app: App, clock: ManualClock) -> None:
    one = counts(app, inf)
    assert [one.count("a", 60), one.count("a", 60)] == [1, 2]
    clock.advance(60)
    assert one.count("a", 60) == 1
    assert app.ports.documents.count(COLLECTION) == 0


def test_tries_to_sign_in_are_counted_over_two_portals(app: App, portal: Flask) -> None:
    both = [Visitor(portal.test_client()), Visitor(create_app(app).test_client())]
    allowed = int(TRIES.split()[0])
    statuses = [both[at % 2].sign_in(f"somebody{at}", "wrong").status_code for at in range(allowed + 4)]
    assert statuses == [401] * allowed + [429] * 4


def test_calls_of_the_api_are_counted_over_two_portals(app: App, person: People, clock: ManualClock) -> None:
    here = person(Role.ADMIN)
    cookie = here.client.get_cookie("tillstream")
    assert cookie
    there = create_app(app).test_client()
    there.set_cookie("tillstream", cookie.value)
    for _ in range(10):
        here.get("/api/openapi.json")
    clock.advance(1)
    here.get("/api/openapi.json")
    answer = there.get("/api/openapi.json")
    assert int(answer.headers["X-RateLimit-Remaining"]) == 1200 - 12
    assert answer.headers["X-RateLimit-Limit"] == "1200"
    assert int(answer.headers["X-RateLimit-Reset"]) == int(clock.now().timestamp()) + 60
    assert answer.headers["Retry-After"] == "59"
