"""Noted digests are those of the whole ledger, whatever was settled, undone, corrected or restored; and only what was
touched is read for them."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from large_settlements import with_jobs
from stateful.operations import OPERATIONS
from stateful.schedules import draw
from stateful.sources import Fix
from stateful.steps import fix, like, process, upload_rows
from sync import restores
from sync.digests.digests_of_before import digests
from sync.two_homes import NAME, SOURCE, Pair, pair

from examples import examples, one_in
from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.review import replay, undo
from tillstream.sync import agreement, digest_notes, homes, journal
from tillstream.sync.refusals import OPEN_QUESTION, Refused

MANY = 200


@pytest.fixture
def whole_reads(monkeypatch: pytest.MonkeyPatch) -> list[Ports]:
    """The ledgers that were read as a whole, one for each time."""
    reads, read = list[Ports](), agreement.sums_of_all_batches

    def recorded(ports: Ports, number: int = agreement.EVERY_SETTLEMENT) -> Any:
        reads.append(ports)
        return read(ports, number)

    monkeypatch.setattr(agreement, "sums_of_all_batches", recorded)
    return reads


def check(two: Pair) -> None:
    """The digests of both sides are those of the whole ledger, and stay so when they are computed again."""
    home, office = two.home.plain.ports, two.office.ports
    for _ in range(2):
        number = journal.last_settlement_number(home)
        assert agreement.own_digests(home, number) == digests(home, number)
        assert agreement.digests_of_home(office, homes.get_home(office, NAME)) == digests(
            office, agreement.EVERY_SETTLEMENT, NAME
        )


@contextmanager
def until_a_question() -> Iterator[None]:
    """End the block at a question of corrections before and after a restore, which a person has to answer."""
    try:
        yield
    except Refused as refused:
        if refused.code != OPEN_QUESTION:
            raise


def play(folder: Path, seed: int) -> None:
    """Play a schedule with syncs and restores of both sides between its steps."""
    schedule, rng = draw(seed, crashes=False), Random(seed)
    with pair(folder, numbered=schedule.numbered) as two:
        if rng.random() < 0.5:
            two.office = with_jobs(two.office, 500_000)[0]
        steps = iter(schedule.steps)

        def act() -> None:
            name, number = next(steps)
            with suppress(Rejected):
                OPERATIONS[name][1](two.home, Random(number))
            two.home.clock.advance(rng.choice([1, 1, 1, 60, 90_000]))
            if rng.random() < 0.5:
                check(two)

        with until_a_question():
            restores.play(two, folder, rng, len(schedule.steps), act)
            two.home.wait()
            assert two.sync_until_done(rng).agrees
        two.home.wait()
        check(two)


@pytest.mark.parametrize("seed", one_in(2, range(examples(8))))
def test_digests_follow_random_settlements_undos_corrections_and_restores(tmp_path: Path, seed: int) -> None:
    play(tmp_path, seed)


@pytest.mark.long
def test_digests_follow_hundreds_of_random_schedules(tmp_path: Path) -> None:
    for seed in range(2000, 2000 + MANY):
        play(tmp_path / str(seed), seed)


def test_what_a_settlement_touched_is_read_and_not_the_ledger(two: Pair, whole_reads: list[Ports]) -> None:
    home = two.home
    first = upload_rows(home, SOURCE, like(), like(product="Q"))
    two.check_agreement(two.sync())
    assert len(whole_reads) == 2
    bad = upload_rows(home, SOURCE, like(number="2"), like(number="3", fault="qty"))
    two.check_agreement(two.sync())
    fix(home, bad, Fix(2, like(number="3"), "edit"))
    two.check_agreement(two.sync())
    process(home, replay.replay_batch(home.plain.ports, home.plain.contracts, bad, None, "owner"))
    undo.undo_batch(home.plain.ports, first, "owner")
    two.check_agreement(two.sync())
    check(two)
    assert len(whole_reads) == 2
    assert agreement.get_touched(two.office.ports, homes.get_home(two.office.ports, NAME)).batches == {}


def test_the_whole_ledger_is_read_once_a_day(two: Pair, whole_reads: list[Ports]) -> None:
    upload_rows(two.home, SOURCE, like())
    two.sync()
    two.home.clock.advance(agreement.NOTED_FOR.total_seconds() - 1)
    two.check_agreement(two.sync())
    assert len(whole_reads) == 2
    two.home.clock.advance(1)
    two.check_agreement(two.sync())
    assert len(whole_reads) == 4


def test_a_difference_is_proved_by_the_whole_ledgers(two: Pair, whole_reads: list[Ports]) -> None:
    upload_rows(two.home, SOURCE, like())
    two.sync()
    for ports, name in ((two.home.plain.ports, agreement.OWN_HOME), (two.office.ports, NAME)):
        before = digest_notes.get_notes(ports, name)
        assert before
        digest_notes.save_notes(ports, name, replace(before, digests={"2024-01-01": f"wrong in {name}"}))
    two.check_agreement(two.sync())
    assert len(whole_reads) > 2
    two.check_agreement(two.sync())


def test_a_project_proves_a_difference_once_an_hour(two: Pair, whole_reads: list[Ports]) -> None:
    two.office = with_jobs(two.office, 500_000)[0]
    upload_rows(two.home, SOURCE, like())
    two.sync()
    office = two.office.ports
    whole_reads.clear()
    day = f"{two.clock.now():%Y-%m-%d}"
    theirs = {day: "other"}
    for _ in range(3):
        assert two.local().compare(theirs) == [day]
    assert whole_reads == []  # the notes are of this hour
    two.clock.advance(agreement.DOUBTED_AFTER.total_seconds())
    for _ in range(3):
        assert two.local().compare(theirs) == [day]
    assert whole_reads == [office]


def test_sums_that_do_not_have_the_noted_digest_are_not_used(two: Pair, whole_reads: list[Ports]) -> None:
    upload_rows(two.home, SOURCE, like())
    two.sync()
    ports = two.office.ports
    (sums,) = ports.documents.find(digest_notes.NOTED_SUMS)
    ports.documents.put(digest_notes.NOTED_SUMS, sums.id, {"sums": {"a batch": "1 2 3"}})
    upload_rows(two.home, SOURCE, like(number="2"))
    whole_reads.clear()
    two.check_agreement(two.sync())
    assert whole_reads == [ports]
    check(two)


def test_the_batches_of_a_day_fill_several_documents(two: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest_notes, "BATCHES_IN_DOCUMENT", 2)
    monkeypatch.setattr(digest_notes, "DOCUMENTS_AT_ONCE", 1)
    batches = []
    for number in range(5):
        batches.append(upload_rows(two.home, SOURCE, like(number=str(number))))
        two.check_agreement(two.sync())
    undo.undo_batch(two.home.plain.ports, batches[0], "owner")
    two.check_agreement(two.sync())
    check(two)
    assert len(two.office.ports.documents.find(digest_notes.NOTED_SUMS)) == 3
    two.home.clock.advance(timedelta(days=2).total_seconds())
    two.check_agreement(two.sync())
    upload_rows(two.home, SOURCE, like(number="8"))
    two.check_agreement(two.sync())
    check(two)


def test_more_touched_batches_than_are_noted_read_the_whole_ledger(
    two: Pair, whole_reads: list[Ports], monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_rows(two.home, SOURCE, like())
    two.sync()
    monkeypatch.setattr(agreement, "MAX_TOUCHED", 2)
    whole_reads.clear()
    for number in range(3):
        upload_rows(two.home, SOURCE, like(number=str(number)))
    two.check_agreement(two.sync())
    assert len(whole_reads) == 2
    two.check_agreement(two.sync())
    assert len(whole_reads) == 2
