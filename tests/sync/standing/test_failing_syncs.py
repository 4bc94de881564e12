"""Syncs that fail again and again: both sides list them as action required after a day."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from stateful.steps import like, upload_rows
from sync.two_homes import NAME, SOURCE, Pair, pair

from tillstream.model.errors import Rejected, Unavailable
from tillstream.sync import exchange, homes, sync_status
from tillstream.sync.head_office import LocalOffice
from tillstream.sync.homes import HomeStanding
from tillstream.sync.journal import Parcel

PAUSE = timedelta(minutes=50)
TIMES = 31
DAY = timedelta(hours=24)


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Pair]:
    with pair(tmp_path) as both:
        sync_status.begin_sync(both.home.plain.ports, "https://head-office.example.com", "chief")
        yield both


def fail(*_arguments: Any) -> Any:
    raise Rejected("It cannot be read.")


def failures(two: Pair) -> Iterator[bool]:
    """Sync for more than a day; yields whether the first failure was longer than a day ago."""
    started = two.home.clock.now()
    for _ in range(TIMES):
        with pytest.raises(Rejected, match="cannot be read"):
            two.sync()
        yield two.home.clock.now() - started > DAY
        two.home.clock.advance(PAUSE.total_seconds())


def of_home(two: Pair) -> HomeStanding:
    return homes.standing_of_home(homes.get_home(two.office.ports, NAME), two.clock.now())


def needs_attention(two: Pair) -> tuple[bool, bool]:
    """Whether the home and the head office need attention."""
    return homes.sync_needs_attention(two.home.plain.ports), homes.sync_needs_attention(two.office.ports)


def test_what_is_refused_for_a_day_needs_attention_on_both_sides(two: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    upload_rows(two.home, SOURCE, like())
    two.sync()
    upload_rows(two.home, SOURCE, like(number="2"))
    with monkeypatch.context() as patch:
        patch.setattr(LocalOffice, "apply", fail)
        for is_late in failures(two):
            assert needs_attention(two) == (is_late, is_late)
            assert of_home(two) is (HomeStanding.LATE if is_late else HomeStanding.BEHIND)
    two.check_agreement(two.sync())
    assert (needs_attention(two), of_home(two)) == ((False, False), HomeStanding.IN_STEP)


@pytest.mark.parametrize("call", ["compare", "compare_stock", "reference_state", "requests"])
def test_each_part_of_a_sync_that_fails_for_a_day_needs_attention(
    two: Pair, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    monkeypatch.setattr(LocalOffice, call, fail)
    for number, is_late in enumerate(failures(two)):
        assert needs_attention(two) == (is_late, False)
        if number % 10 == 0:
            upload_rows(two.home, SOURCE, like(number=str(number)))  # that something is sent is no end of the sync


def test_a_home_from_which_something_arrives_each_day_is_not_late(two: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "PARCEL_ENTRIES", 1)
    for number in range(4):
        upload_rows(two.home, SOURCE, like(number=str(number)))
    apply: Callable[..., Any] = LocalOffice.apply

    def break_off(office: LocalOffice, parcel: Parcel) -> Any:
        apply(office, parcel)
        raise Unavailable("The connection broke before the answer.")

    with monkeypatch.context() as patch:
        patch.setattr(LocalOffice, "apply", break_off)
        for _ in range(3):
            with pytest.raises(Unavailable):
                two.sync()
            assert of_home(two) is HomeStanding.BEHIND
            two.home.clock.advance(timedelta(hours=23).total_seconds())
    two.check_agreement(two.sync())
