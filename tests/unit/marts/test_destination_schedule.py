"""When a destination of the marts is due: each day at its time, each hour, or after settlements; later if it fails."""

from datetime import UTC, datetime, timedelta

import pytest

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.marts import destinations
from tillstream.marts.destinations import (
    DAY,
    HOUR,
    SETTLEMENT,
    MartDestination,
    MartDestinationDraft,
    has_failed_long,
    is_destination_due,
)
from tillstream.marts.state import MartState
from tillstream.model.errors import Rejected
from tillstream.records import data_version

DRAFT = MartDestinationDraft("lake", "/data/marts")
STATE = MartState(4, "2026-06-01T00:00:00+00:00")
HOURS = timedelta(hours=1)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 6, 1, 6, tzinfo=UTC))


def added(app: App, every: str = DAY) -> MartDestination:
    return destinations.add_destination(app.ports, MartDestinationDraft("lake", "/data/marts", every=every), "ada")


def done(app: App, version: int = 7) -> MartDestination:
    destinations.note_done(app.ports, "lake", app.ports.clock.now(), version, STATE)
    return destinations.get_destination(app.ports, "lake")


def failed(app: App) -> MartDestination:
    destinations.note_failure(app.ports, "lake", app.ports.clock.now(), "no connection")
    return destinations.get_destination(app.ports, "lake")


@pytest.mark.parametrize(("every", "hours"), [(DAY, 24), (HOUR, 1), (SETTLEMENT, 24)])
def test_it_is_due_at_once_and_then_after_its_interval(app: App, clock: ManualClock, every: str, hours: int) -> None:
    assert is_destination_due(added(app, every), 7, clock.now())
    one, last = done(app), clock.now() + hours * HOURS
    assert not is_destination_due(one, 7, last - timedelta(seconds=1))
    assert is_destination_due(one, 7, last)


def test_a_settlement_makes_it_due_after_a_minute(app: App, clock: ManualClock) -> None:
    added(app, SETTLEMENT)
    one = done(app, version=7)
    assert not is_destination_due(one, 8, clock.now() + timedelta(seconds=59))
    assert is_destination_due(one, 8, clock.now() + timedelta(seconds=60))
    assert not is_destination_due(one, 7, clock.now() + timedelta(seconds=60))


def test_neither_short_delays_nor_runs_on_request_move_the_time_of_day(app: App, clock: ManualClock) -> None:
    added(app)
    first = datetime.fromisoformat(done(app).next_at)
    clock.advance((23 * HOURS).total_seconds())
    assert datetime.fromisoformat(done(app).next_at) == first
    clock.advance((HOURS + timedelta(minutes=5)).total_seconds())
    assert datetime.fromisoformat(done(app).next_at) == first + 24 * HOURS
    clock.advance((26 * HOURS).total_seconds())
    assert datetime.fromisoformat(done(app).next_at) == clock.now() + 24 * HOURS


def test_pauses_double_while_it_fails_up_to_an_hour(app: App, clock: ManualClock) -> None:
    added(app, SETTLEMENT)
    pauses = [(datetime.fromisoformat(failed(app).next_at) - clock.now()).total_seconds() / 60 for _ in range(8)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    one = failed(app)
    assert not is_destination_due(one, 99, clock.now() + timedelta(minutes=59)), "also after a settlement"
    assert (one.failures, one.error) == (9, "no connection")
    one = done(app)
    assert (one.failures, one.error, one.failing_since) == (0, "", "")


def test_it_needs_attention_after_a_day_of_failures_or_without_a_run(app: App, clock: ManualClock) -> None:
    added(app, HOUR)
    failed(app)
    clock.advance((24 * HOURS).total_seconds() - 1)
    assert not has_failed_long(failed(app), clock.now())
    clock.advance(1)
    assert has_failed_long(failed(app), clock.now())
    assert destinations.count_failed_long(app.ports) == 1
    one = done(app)
    assert not has_failed_long(one, clock.now() + 25 * HOURS)
    assert has_failed_long(one, clock.now() + 25 * HOURS + timedelta(seconds=1)), "no run for a day longer than an hour"


def test_it_is_behind_by_the_settlements_that_it_lacks(app: App) -> None:
    one = added(app)
    data_version.reset_data_version(app.ports.documents, 9)
    assert (destinations.settlements_behind(app.ports, one), destinations.settlements_behind(app.ports, done(app))) == (
        9,
        5,
    )
    data_version.reset_data_version(app.ports.documents, 3)
    assert destinations.settlements_behind(app.ports, done(app)) == 0, (
        "after the home was restored from an older backup"
    )


@pytest.mark.parametrize(
    ("draft", "message"),
    [
        (MartDestinationDraft("My DB", "/data"), "small letters"),
        (MartDestinationDraft("db", "/data", every="week"), "every day, hour or settlement"),
        (MartDestinationDraft("lake", "/other"), "a destination lake already"),
        (MartDestinationDraft("other", "/data/marts"), "lake is the destination at this address already"),
    ],
)
def test_wrong_and_double_destinations_are_rejected(app: App, draft: MartDestinationDraft, message: str) -> None:
    destinations.add_destination(app.ports, DRAFT, "ada")
    with pytest.raises(Rejected, match=message):
        destinations.add_destination(app.ports, draft, "ada")
    assert [one.name for one in destinations.find_destinations(app.ports)] == ["lake"]


def test_a_run_that_ends_after_the_removal_leaves_nothing(app: App) -> None:
    added(app)
    destinations.remove_destination(app.ports, "lake", "ada")
    destinations.note_done(app.ports, "lake", app.ports.clock.now(), 7, STATE)
    assert destinations.find_destinations(app.ports) == []
