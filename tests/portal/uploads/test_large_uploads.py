"""Files that are too large for a function: their receipts, and an undo that the job does."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from app_factory import build
from large_settlements import ROWS, with_jobs
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.batch import BatchState
from tillstream.model.permissions import Role
from tillstream.operations import large_settlements
from tillstream.records import batch_records
from tillstream.settings import Settings

LARGE = indian_file(*(indian_sale(str(number)) for number in range(ROWS + 1)))
SMALL = indian_file(indian_sale("900"))


@pytest.fixture
def app(tmp_path: Path, clock: ManualClock) -> Iterator[App]:
    app, _ = with_jobs(build(Settings(home=tmp_path, samples=False, threads=1, reporting_currency="INR"), clock))
    yield app
    app.close()


def counted(app: App, manager: Visitor, work: Work, content: bytes) -> str:
    batch = manager.upload(content)
    work()
    large_settlements.settle_large(app.ports, app.contracts)
    work()
    return batch


def test_the_undo_of_a_large_file_is_requested_without_a_preview_and_its_receipt_shows_that(
    app: App, person: People, work: Work
) -> None:
    manager = person(Role.MANAGER, "IN")
    batch = counted(app, manager, work, LARGE)
    page = manager.get(f"/uploads/{batch}/undo").text
    assert f"too large for a preview: it has {ROWS + 1} rows" in page
    assert "Undo the upload</button>" in page
    answer = manager.post(f"/uploads/{batch}/undo")
    assert answer.headers["Location"].endswith(f"/uploads/{batch}")
    receipt = manager.get(f"/uploads/{batch}").text
    assert "This file is being undone." in receipt
    assert "data-poll" in receipt
    assert ("Undo…" in receipt, "Reprocess</button>" in receipt) == (False, False)
    assert manager.post(f"/uploads/{batch}/replay", {"contract": "IN"}).status_code == 422
    large_settlements.settle_large(app.ports, app.contracts)
    assert batch_records.get_batch(app.ports, batch).state is BatchState.UNDONE
    receipt = manager.get(f"/uploads/{batch}").text
    assert "none of them count now" in receipt
    assert "being undone" not in receipt
    assert manager.get(f"/uploads/{batch}/undo").status_code == 422


def test_the_receipt_of_a_large_file_shows_that_it_takes_longer(app: App, person: People, work: Work) -> None:
    manager = person(Role.MANAGER, "IN")
    batch = manager.upload(LARGE)
    work()
    assert "This file is large." in manager.get(f"/uploads/{batch}").text
    large_settlements.settle_large(app.ports, app.contracts)
    assert "This file is large." not in manager.get(f"/uploads/{batch}").text


def test_the_undo_of_a_small_file_is_previewed_and_done_at_once(app: App, person: People, work: Work) -> None:
    manager = person(Role.MANAGER, "IN")
    batch = counted(app, manager, work, SMALL)
    assert "1 line would be removed" in manager.get(f"/uploads/{batch}/undo").text
    manager.post(f"/uploads/{batch}/undo")
    assert batch_records.get_batch(app.ports, batch).state is BatchState.UNDONE


def test_a_large_held_file_can_be_decided_on_without_a_preview(app: App, person: People, work: Work) -> None:
    manager = person(Role.MANAGER, "IN")
    batch = manager.upload(indian_file(*(indian_sale(str(number), "none") for number in range(ROWS + 2))))
    work()
    assert batch_records.get_batch(app.ports, batch).state is BatchState.HELD
    assert "Import the file" in manager.get(f"/waiting/{batch}").text
