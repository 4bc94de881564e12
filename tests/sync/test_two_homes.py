"""A home and its head office: what is held, refused, sent in parts, and taken back after a restore."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from stateful.sources import Fix, Sale
from stateful.steps import fix, like, process, upload_rows
from sync.two_homes import NAME, Pair, lines

from tillstream.model.batch import Batch, BatchState
from tillstream.model.errors import Rejected
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.ports.bus import Message
from tillstream.records import batch_records
from tillstream.review import correction_submission, replay, undo
from tillstream.sync import exchange, home_identity, homes, sync_status
from tillstream.sync.refusals import CLOCK_OFF, Refused

SOURCE = "Testland"


def uploaded(two: Pair, number: str = "1") -> str:
    return upload_rows(two.home, SOURCE, like(number=number), like(number=number, product="Q"))


def test_a_batch_keeps_its_id_its_contract_and_its_place_in_time(two: Pair) -> None:
    batch = uploaded(two)
    two.check_agreement(two.sync())
    here, there = (batch_records.get_batch(app.ports, batch) for app in (two.home.plain, two.office))
    for name in ("batch_id", "contract", "contract_version", "received_seq", "received_at", "sha256", "file"):
        assert getattr(here, name) == getattr(there, name)
    assert (here.home, there.home) == ("", NAME)


def test_undos_fixes_and_replays_follow(two: Pair) -> None:
    bad = upload_rows(two.home, SOURCE, like(), like(number="2", fault="qty"))
    other = uploaded(two, "3")
    two.sync()
    fix(two.home, bad, Fix(2, like(number="2"), "edit"))
    undo.undo_batch(two.home.plain.ports, other, "manager")
    replay.replay_batch(two.home.plain.ports, two.home.plain.contracts, bad, None, "manager")
    two.home.wait()
    two.check_agreement(two.sync())
    assert batch_records.get_batch(two.office.ports, other).state is BatchState.UNDONE
    assert batch_records.get_batch(two.office.ports, bad).state is BatchState.REPLAYED


def test_the_head_office_decides_nothing_about_a_batch_of_a_home(two: Pair) -> None:
    batch = uploaded(two)
    two.sync()
    ports, contracts = two.office.ports, two.office.contracts
    with pytest.raises(Rejected, match="batch of the home berlin-1"):
        undo.undo_batch(ports, batch, "chief")
    with pytest.raises(Rejected, match="batch of the home berlin-1"):
        replay.replay_batch(ports, contracts, batch, None, "chief")
    with pytest.raises(Rejected, match="batch of the home berlin-1"):
        correction_submission.check_correctable(ports, batch_records.get_batch(ports, batch))


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_clock_that_is_off_holds_everything_until_it_is_right(two: Pair, minutes: int) -> None:
    uploaded(two)
    two.set_clock(off=timedelta(minutes=minutes))
    with pytest.raises(Refused, match=r"clock of the home is 6 minutes") as refused:
        exchange.sync_home(two.home.plain.ports, two.home.plain.contracts, two.local())
    assert refused.value.code == CLOCK_OFF
    assert homes.get_home(two.office.ports, NAME).held
    assert "clock" in sync_status.get_status(two.home.plain.ports).error
    two.check_agreement(two.sync())
    assert not homes.get_home(two.office.ports, NAME).held


def test_a_batch_from_the_future_is_held_until_it_is_released(two: Pair) -> None:
    two.home.clock.advance(3600)
    uploaded(two)
    two.home.clock.advance(-3600)
    with pytest.raises(Refused, match="in the future"):
        two.sync()
    assert not lines(two.office)
    homes.release_home(two.office.ports, NAME, "chief")
    two.check_agreement(two.sync())


def test_a_large_original_is_sent_in_parts(two: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "SMALL_ORIGINAL", 10)
    monkeypatch.setattr(exchange, "PART_BYTES", 16)
    uploaded(two)
    two.check_agreement(two.sync())


def test_a_late_message_of_a_till_is_decided_after_the_file_as_in_the_home(two: Pair) -> None:
    home, sale = two.home, Sale("1", "S1", "2024-03-01", 9, (("P", 5, 7),))
    home.app.ports.bus.publish(TOPIC_STORE_SALES, [Message(sale.body())])
    home.sales[sale.body().decode()] = sale
    home.clock.advance(60)
    upload_rows(home, SOURCE, like())
    home.worker.run_until_idle()
    two.check_agreement(two.sync())


def test_another_version_of_a_contract_at_the_head_office_does_not_change_what_is_read(two: Pair) -> None:
    batch = uploaded(two)
    contract = two.home.plain.ports.documents.get("contracts", f"{SOURCE}@1")
    assert contract
    two.office.ports.documents.put("contracts", f"{SOURCE}@1", contract.data | {"channel": "elsewhere"})
    two.check_agreement(two.sync())
    assert batch_records.get_batch(two.office.ports, batch).contract == f"{SOURCE}-at-{NAME}"


def restored(two: Pair, copy: Path) -> None:
    """Put a copy of the home's folder back."""
    two.home.stop()
    shutil.rmtree(two.home.home)
    shutil.copytree(copy, two.home.home)
    two.home.start()


def saved(two: Pair, copy: Path) -> None:
    two.home.stop()
    shutil.copytree(two.home.home, copy)
    two.home.start()


def test_what_a_restored_backup_lacks_comes_back_and_nothing_doubles(two: Pair, tmp_path: Path) -> None:
    first = uploaded(two)
    two.sync()
    saved(two, tmp_path / "copy")
    bad = upload_rows(two.home, SOURCE, like(number="2"), like(number="3", fault="qty"))
    fix(two.home, bad, Fix(2, like(number="3"), "edit"))
    undo.undo_batch(two.home.plain.ports, first, "manager")
    two.sync()
    before = lines(two.office)
    restored(two, tmp_path / "copy")
    again = upload_rows(two.home, SOURCE, like(number="2"), like(number="3", fault="qty"))  # the same bytes once more
    new = uploaded(two, "4")
    result = two.sync()
    two.check_agreement(result)
    assert result.recovered == 2
    assert home_identity.get_identity(two.home.plain.ports).epoch == 2
    assert batch_records.get_batch(two.home.plain.ports, first).state is BatchState.UNDONE
    assert before < lines(two.office)
    assert {again, new} <= {one.batch_id for one in batch_records.find_batches(two.office.ports)}
    two.check_agreement(two.sync())


def test_two_copies_of_a_home_take_turns(two: Pair, tmp_path: Path) -> None:
    uploaded(two)
    two.sync()
    saved(two, tmp_path / "other")
    for number in ("2", "3", "4", "5"):
        uploaded(two, number)
        two.check_agreement(two.sync())
        two.home.stop()
        two.home.home.rename(tmp_path / "before")
        (tmp_path / "other").rename(two.home.home)
        (tmp_path / "before").rename(tmp_path / "other")
        two.home.start()
    assert two.sync().recovered == 1
    assert home_identity.get_identity(two.home.plain.ports).epoch == 5
    assert len(lines(two.home.plain)) == 10


def test_a_correction_from_before_and_one_since_the_restore_are_a_question(two: Pair, tmp_path: Path) -> None:
    bad = upload_rows(two.home, SOURCE, like(number="2"), like(number="3", fault="qty"))
    two.sync()
    saved(two, tmp_path / "copy")
    fix(two.home, bad, Fix(2, like(number="3"), "edit"))
    two.sync()
    restored(two, tmp_path / "copy")
    fix(two.home, bad, Fix(2, like(number="3", qty=2), "edit"))
    with pytest.raises(Rejected, match="Undo it here"):
        two.sync()
    undo.undo_batch(two.home.plain.ports, bad, "manager")
    two.home.wait()
    two.check_agreement(two.sync())
    assert not lines(two.office)


def corrected_and_restored(two: Pair, copy: Path) -> str:
    """A file whose correction the head office has, and the home lost."""
    bad = upload_rows(two.home, SOURCE, like(number="2"), like(number="3", fault="qty"))
    two.sync()
    saved(two, copy)
    fix(two.home, bad, Fix(2, like(number="3"), "edit"))
    two.sync()
    restored(two, copy)
    return bad


def replayed(two: Pair, batch: str) -> Batch:
    return replay.replay_batch(two.home.plain.ports, two.home.plain.contracts, batch, None, "manager")


@pytest.mark.parametrize("times", [1, 2])
def test_a_correction_from_before_and_a_replay_since_the_restore_are_a_question(
    two: Pair, tmp_path: Path, times: int
) -> None:
    home, batch = two.home, corrected_and_restored(two, tmp_path / "copy")
    for _ in range(times):
        new = replayed(two, batch)
        process(home, new)
        batch = new.batch_id
    with pytest.raises(Rejected, match=rf"batch {batch}\) .* replayed since\. Undo it here"):
        two.sync()
    undo.undo_batch(home.plain.ports, batch, "manager")
    home.wait()
    two.check_agreement(two.sync())
    assert not lines(two.office)


def test_a_sync_after_a_restore_waits_for_a_replay_of_a_corrected_file(two: Pair, tmp_path: Path) -> None:
    new = replayed(two, corrected_and_restored(two, tmp_path / "copy"))
    with pytest.raises(Rejected, match=rf"batch {new.batch_id}\) is received\. Reject or cancel that replay here"):
        two.sync()
    process(two.home, new)
    with pytest.raises(Rejected, match="Undo it here"):
        two.sync()


def test_a_head_office_restored_from_a_backup_receives_the_rest_again(two: Pair, tmp_path: Path) -> None:
    uploaded(two)
    two.sync()
    early = homes.get_home(two.office.ports, NAME)
    uploaded(two, "2")
    two.sync()
    homes.change_home(two.office.ports, NAME, lambda _: early)
    two.check_agreement(two.sync())


def test_lag_is_what_the_head_office_has_not_confirmed(two: Pair) -> None:
    uploaded(two)
    assert sync_status.sync_lag(two.home.plain.ports).settlements == 1
    two.sync()
    assert sync_status.sync_lag(two.home.plain.ports).settlements == 0
