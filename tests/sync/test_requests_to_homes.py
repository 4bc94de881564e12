"""Requests of a head office to undo a batch of a home: carried out or declined there, and answered with a sync."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from stateful.steps import like, upload_rows
from sync.two_homes import SOURCE, Connected, connected

from tillstream.model.batch import BatchState
from tillstream.model.errors import NotFound, Rejected
from tillstream.records import batch_records
from tillstream.review import undo
from tillstream.sync import undo_requests
from tillstream.sync.undo_requests import UndoRequestState


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Connected]:
    with connected(tmp_path) as both:
        yield both


@pytest.fixture
def batch(two: Connected) -> str:
    """A batch that the head office has asked the home to undo."""
    batch = upload_rows(two.pair.home, SOURCE, like())
    two.sync()
    undo_requests.ask_to_undo(two.pair.office.ports, batch, " Wrong day. ", "chief")
    assert two.sync().requests == 1
    return batch


def test_a_request_is_carried_out_by_an_undo_in_the_home(two: Connected, batch: str) -> None:
    home, office = two.pair.home.plain.ports, two.pair.office.ports
    (request,) = undo_requests.requests_to_answer(home)
    assert (request.batch_id, request.reason, request.by, request.home) == (batch, "Wrong day.", "chief", "")
    undo.undo_batch(home, batch, "ana")
    assert two.sync().requests == 0
    assert batch_records.get_batch(office, batch).state is BatchState.UNDONE
    noted = undo_requests.find_undo_request(office, batch)
    assert noted
    assert (noted.state, noted.answer) == (UndoRequestState.DONE, undo_requests.DONE_WORDS)


def test_a_declined_request_returns_with_the_reason_and_can_be_repeated(two: Connected, batch: str) -> None:
    home, office = two.pair.home.plain.ports, two.pair.office.ports
    with pytest.raises(Rejected, match="asked already"):
        undo_requests.ask_to_undo(office, batch, "Again.", "chief")
    with pytest.raises(Rejected, match="Enter a reason"):
        undo_requests.decline_to_undo(home, batch, " ", "ana")
    undo_requests.decline_to_undo(home, batch, "It is right.", "ana")
    assert two.sync().requests == 0
    noted = undo_requests.find_undo_request(office, batch)
    assert noted
    assert (noted.state, noted.answer, noted.answered_by) == (UndoRequestState.DECLINED, "It is right.", "ana")
    with pytest.raises(NotFound, match="no open request"):
        undo_requests.decline_to_undo(home, batch, "Twice.", "ana")
    two.pair.clock.advance(60)
    two.pair.home.clock.advance(60)
    undo_requests.ask_to_undo(office, batch, "Look again.", "chief")
    assert two.sync().requests == 1
    assert [one.reason for one in undo_requests.requests_to_answer(home)] == ["Look again."]


def test_an_answer_that_a_restored_head_office_lost_is_reported_again(two: Connected, batch: str) -> None:
    home, office = two.pair.home.plain.ports, two.pair.office.ports
    before = office.documents.get(undo_requests.UNDO_REQUESTS.name, batch)
    assert before
    undo_requests.decline_to_undo(home, batch, "It is right.", "ana")
    two.sync()
    office.documents.put(undo_requests.UNDO_REQUESTS.name, batch, before.data)
    two.sync()
    two.sync()
    noted = undo_requests.find_undo_request(office, batch)
    assert noted
    assert noted.state is UndoRequestState.DECLINED


def test_a_request_that_the_head_office_lost_ends_in_the_home(two: Connected, batch: str) -> None:
    two.pair.office.ports.documents.delete(undo_requests.UNDO_REQUESTS.name, batch)
    assert two.sync().requests == 0
    assert undo_requests.all_undo_requests(two.pair.home.plain.ports) == []


def test_only_a_batch_of_a_home_that_counts_can_be_requested(two: Connected, batch: str) -> None:
    home, office = two.pair.home.plain.ports, two.pair.office.ports
    with pytest.raises(Rejected, match="Undo it here"):
        undo_requests.ask_to_undo(home, batch, "No.", "ana")
    undo.undo_batch(home, batch, "ana")
    two.sync()
    with pytest.raises(Rejected, match="nothing to undo"):
        undo_requests.ask_to_undo(office, batch, "Still wrong.", "chief")
