"""A home that was removed: the head office decides about what it sent, and about what differs if it is added again."""

import io
from pathlib import Path
from random import Random

import pytest
from stateful.steps import like, upload_rows
from sync import stock_acts
from sync.test_two_homes import restored, saved
from sync.two_homes import NAME, SOURCE, Pair, lines

from tillstream.model.batch import BatchState
from tillstream.model.errors import Rejected
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.receipts import original_rows
from tillstream.records import batch_records
from tillstream.review import correction_submission, replay, undo
from tillstream.stock import stored_movements as movements
from tillstream.sync import agreement, homes, journal, undo_requests
from tillstream.sync.undo_requests import UndoRequestState


@pytest.fixture
def batch(two: Pair) -> str:
    """A batch with a row to fix, of a home that is removed."""
    batch = upload_rows(two.home, SOURCE, like(), like(number="2", fault="qty"))
    two.sync()
    homes.remove_home(two.office.ports, NAME, "chief")
    return batch


def correct_at_office(two: Pair, batch: str) -> None:
    ports, contracts = two.office.ports, two.office.contracts
    content = b"".join(original_rows.rejected_rows_csv(ports, batch)).replace(b"many", b"3", 1)
    correction = correction_submission.submit_correction(ports, batch, "corrected.csv", io.BytesIO(content), "chief")
    stage.stage(ports, correction.batch_id, contracts=contracts)
    settle.settle_all(ports, contracts)


def add_again(two: Pair) -> None:
    homes.add_home(two.office.ports, NAME, homes.get_home(two.office.ports, NAME).public_key, "chief")


def test_the_head_office_undoes_and_corrects_its_batches(two: Pair, batch: str) -> None:
    ports = two.office.ports
    assert len(lines(two.office)) == 1
    correct_at_office(two, batch)
    assert len(lines(two.office)) == 2
    with pytest.raises(Rejected, match=r"was removed\. It can only be undone or corrected"):
        replay.replay_batch(ports, two.office.contracts, batch, None, "chief")
    undo.undo_batch(ports, batch, "chief")
    assert (lines(two.office), batch_records.get_batch(ports, batch).state) == (set(), BatchState.UNDONE)


def test_corrections_of_its_batches_are_not_sent_further(two: Pair, batch: str) -> None:
    """The head office may be a home of another one, which does not have these batches."""
    correct_at_office(two, batch)
    ports = two.office.ports
    assert [*journal.journal_entries(ports, 0)] == []
    assert agreement.own_digests(ports, journal.last_settlement_number(ports)) == {}


@pytest.mark.parametrize("is_undo", [True, False])
def test_a_home_that_is_added_again_differs_until_it_undoes_the_same(two: Pair, batch: str, is_undo: bool) -> None:
    if is_undo:
        undo.undo_batch(two.office.ports, batch, "chief")
    else:
        correct_at_office(two, batch)
    add_again(two)
    assert len(two.sync().differing) == 1
    undo.undo_batch(two.home.plain.ports, batch, "owner")
    two.check_agreement(two.sync())
    assert not lines(two.office)


def test_a_restored_home_takes_over_what_was_undone(two: Pair, batch: str, tmp_path: Path) -> None:
    add_again(two)
    saved(two, tmp_path / "copy")
    upload_rows(two.home, SOURCE, like(number="3"))
    two.sync()
    homes.remove_home(two.office.ports, NAME, "chief")
    undo.undo_batch(two.office.ports, batch, "chief")
    restored(two, tmp_path / "copy")
    add_again(two)
    two.check_agreement(two.sync())
    assert len(lines(two.home.plain)) == 1


def test_a_movement_that_the_head_office_cancels_is_cancelled_in_a_home_that_is_added_again(two: Pair) -> None:
    stock_acts.act(two.home, Random(1))
    two.sync()
    (own_id,) = (one.data["movement_id"] for one in movements.all_movements(two.home.plain.ports))
    (stored,) = movements.all_movements(two.office.ports)
    with pytest.raises(Rejected, match="movement of the home"):
        movements.cancel_movement(two.office.ports, stored.data["movement_id"], by="chief")
    homes.remove_home(two.office.ports, NAME, "chief")
    assert movements.cancel_movement(two.office.ports, stored.data["movement_id"], by="chief")
    add_again(two)
    two.check_agreement(two.sync())
    assert movements.is_movement_cancelled(two.home.plain.ports, own_id)


def test_its_open_requests_end_and_none_is_accepted(two: Pair) -> None:
    ports, batch = two.office.ports, upload_rows(two.home, SOURCE, like())
    two.sync()
    undo_requests.ask_to_undo(ports, batch, "Wrong day.", "chief")
    two.sync()
    homes.remove_home(ports, NAME, "boss")
    request = undo_requests.find_undo_request(ports, batch)
    assert request
    assert (request.state, request.answered_by, request.answer) == (
        UndoRequestState.DECLINED,
        "boss",
        undo_requests.REMOVED_WORDS,
    )
    with pytest.raises(Rejected, match="was removed here, so it cannot answer"):
        undo_requests.ask_to_undo(ports, batch, "Again.", "chief")
    add_again(two)
    assert two.sync().requests == 0
