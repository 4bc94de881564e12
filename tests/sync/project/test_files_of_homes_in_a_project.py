"""Files of homes in a project: what does not fit the job, what is removed, and what events find."""

import logging
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from e2e.files.test_large_settlements import Refusing
from stateful.steps import like, upload_rows
from sync.project.office_by_function import by_function
from sync.two_homes import NAME, SOURCE, Connected

from tillstream import handlers
from tillstream.model.batch import BatchState
from tillstream.model.errors import TooLarge
from tillstream.model.events import INBOX, STAGING
from tillstream.model.object_names import SYNC_FOLDER
from tillstream.operations import large_settlements
from tillstream.pipeline.settling import large_job, repetition
from tillstream.pipeline.staging import stage
from tillstream.records import batch_originals, batch_records, batch_registration
from tillstream.review import undo
from tillstream.sync import entry_replay, exchange, homes
from tillstream.sync.head_office import LocalOffice
from tillstream.sync.http import signed_calls
from tillstream.sync.http.remote_office import SETTLING_SECONDS
from tillstream.sync.journal import JournalPosition
from tillstream.sync.refusals import Busy


@pytest.fixture
def office(tmp_path: Path) -> by_function:
    return by_function(tmp_path, rows=3)


def upload_lines(two: Connected, first: int, count: int) -> str:
    return upload_rows(two.pair.home, SOURCE, *(like(number=str(first + number)) for number in range(count)))


def own_copy(two: Connected, office: by_function, batch: str) -> str:
    """Load the original of a batch of the home at the head office, as a file of its own, and stage it."""
    home, own = two.pair.home.plain.ports, office.app.ports
    name = f"loaded/0000000000000001/{SOURCE}/own.csv"
    with (
        batch_originals.open_original(home, batch_records.get_batch(home, batch)) as stream,
        own.objects.writer(INBOX, name) as writer,
    ):
        writer.write(stream.read())
    contract = office.app.contracts.version(SOURCE, 1)
    batch = batch_registration.register_batch(own, contract, own.objects.stat(INBOX, name), "chief").batch_id
    assert stage.stage(own, batch, contracts=office.app.contracts).state is BatchState.STAGED
    return batch


def test_a_file_that_does_not_fit_holds_up_nothing_else(two: Connected, office: by_function) -> None:
    upload_lines(two, 1, 1)
    two.pair.check_agreement(two.sync())
    large = upload_lines(two, 10, 6)
    with pytest.raises(Busy, match="6 rows"):
        two.sync()
    own = own_copy(two, office, upload_lines(two, 20, 4))
    small = replace(office.app.ports, warehouse=Refusing(office.app.ports.warehouse, fits=5))
    with pytest.raises(TooLarge, match=rf"batch {large}\) of the home {NAME} cannot be settled"):
        large_settlements.settle_large(small, office.app.contracts)
    assert batch_records.get_batch(small, own).state is BatchState.SETTLED
    assert not large_job.reserve_run(small)  # the run failed
    assert office.run_job() == 1
    assert batch_records.get_batch(small, large).state is BatchState.SETTLED


def test_the_job_settles_nothing_of_a_home_that_was_removed(two: Connected, office: by_function) -> None:
    upload_lines(two, 10, 6)
    with pytest.raises(Busy, match="6 rows"):
        two.sync()
    homes.remove_home(office.app.ports, NAME, "chief")
    assert repetition.repetitions_left_to_job(office.app.ports) == []
    key = homes.get_home(office.app.ports, NAME).public_key
    homes.add_home(office.app.ports, NAME, key, "chief")
    with pytest.raises(Busy, match="6 rows"):
        two.sync()
    assert office.run_job() == 1
    two.pair.check_agreement(two.sync())


def test_many_small_files_are_settled_in_parts(
    two: Connected, office: by_function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry_replay, "MAX_BATCHES", 2)
    for number in range(5):
        upload_lines(two, number, 1)
    two.pair.check_agreement(two.sync())
    settled = {record.settlement_no for record in batch_records.find_batches(office.app.ports, kind=None, limit=None)}
    assert len(settled) == 3


def test_a_call_that_broke_off_between_entries_is_continued(two: Connected, office: by_function) -> None:
    home = two.pair.home.plain.ports
    first, second = upload_lines(two, 1, 1), upload_lines(two, 10, 6)
    undo.undo_batch(home, first, "owner")
    upload_lines(two, 20, 6)
    undo.undo_batch(home, second, "owner")
    two.pair.set_clock()
    (parcel,) = exchange.journal_parcels(home, JournalPosition())
    head = LocalOffice(office.app.ports, office.app.contracts, NAME, two.pair.clock.now())
    positions = set[int]()
    for _ in range(4):
        with suppress(Busy):
            head.apply(parcel)
        positions.add(homes.get_home(office.app.ports, NAME).number)
        office.run_job()
    assert len(positions) > 1  # it broke off between entries
    assert homes.get_home(office.app.ports, NAME).position == parcel.end
    two.pair.check_agreement(two.sync())


def sync_during_six_minutes(two: Connected, monkeypatch: pytest.MonkeyPatch, then: Callable[[], object]) -> None:
    """Sync to a head office that is busy for six minutes."""
    clock = two.pair.home.clock
    until = clock.now() + timedelta(minutes=6)

    def sleep(seconds: float) -> None:
        for each in (clock, two.pair.clock):
            each.advance(seconds)
        if clock.now() > until:
            then()

    monkeypatch.setattr(clock, "sleep", sleep)
    two.pair.check_agreement(two.pair.sync(replace(two.remote(), patience=SETTLING_SECONDS)))
    assert clock.now() > until


def test_the_clock_of_a_home_that_waits_for_the_job_is_right(
    two: Connected, office: by_function, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_lines(two, 10, 6)
    sync_during_six_minutes(two, monkeypatch, office.run_job)


def test_the_clock_of_a_home_that_waits_for_its_turn_is_right(
    two: Connected, office: by_function, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_lines(two, 1, 1)
    with ExitStack() as turn:
        turn.enter_context(signed_calls.shared_turns(office.app.ports)(NAME))
        sync_during_six_minutes(two, monkeypatch, turn.close)


def test_parts_are_deleted_although_the_job_settles_the_file(
    two: Connected, office: by_function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "SMALL_ORIGINAL", 100)
    monkeypatch.setattr(exchange, "PART_BYTES", 64)
    upload_lines(two, 10, 6)
    with pytest.raises(Busy, match="6 rows"):
        two.sync()
    assert [*office.app.ports.objects.list(STAGING, f"{SYNC_FOLDER}/")] == []
    assert office.run_job() == 1
    two.pair.check_agreement(two.sync())


def test_the_event_of_an_original_of_a_home_is_left_to_the_sync(two: Connected, office: by_function) -> None:
    large = upload_lines(two, 10, 6)
    with pytest.raises(Busy, match="6 rows"):
        two.sync()
    record = batch_records.get_batch(office.app.ports, large)
    event = {"bucket": record.bucket, "name": record.object, "generation": record.generation, "size": record.size}
    assert handlers.stage_object(office.app, event) == {"batch": large, "outcome": "left to the sync"}
    assert handlers.stage_batch(office.app, {"batch_id": large})["outcome"] == "left to the sync"
    assert batch_records.get_batch(office.app.ports, large) == record


def test_busy_is_no_fault_and_has_the_time_of_the_next_try(two: Connected, caplog: pytest.LogCaptureFixture) -> None:
    upload_lines(two, 10, 6)
    started, ports = two.pair.home.clock.now(), two.pair.home.plain.ports
    with caplog.at_level(logging.INFO, "portal"), pytest.raises(Busy, match="6 rows"):
        two.sync()
    assert {(line.levelname, line.exc_info) for line in caplog.records if line.name == "portal"} == {("INFO", None)}
    assert len([line for line in caplog.records if line.getMessage().startswith("busy on POST")]) == 5
    assert (ports.clock.now() - started).total_seconds() == 120
