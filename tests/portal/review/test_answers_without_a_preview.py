"""A held file whose import cannot be previewed has the same answers on its page as on its receipt."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from app_factory import build
from large_settlements import ROWS, with_jobs
from visitor import People, Work, indian_file, indian_sale

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.batch import BatchState
from tillstream.model.permissions import Role
from tillstream.operations import large_settlements
from tillstream.pipeline.staging import expiry
from tillstream.records import batch_records
from tillstream.settings import Settings

LARGE = indian_file(*(indian_sale(f"B{number}", "ten") for number in range(2 * ROWS)), indian_sale("B9", "40.00"))
SMALL = indian_file(indian_sale("B1", "ten"), indian_sale("B2", "ten"), indian_sale("B3", "40.00"))
IMPORT, DISCARD = ">Import the file</button>", ">Discard the file</button>"


@pytest.fixture
def app(tmp_path: Path, clock: ManualClock) -> Iterator[App]:
    app, _ = with_jobs(build(Settings(home=tmp_path, samples=False, threads=1, reporting_currency="INR"), clock))
    yield app
    app.close()


def test_a_large_held_file_is_imported_from_its_page(app: App, person: People, work: Work) -> None:
    manager = person(Role.MANAGER, "IN")
    held = manager.upload(LARGE)
    work()
    assert batch_records.get_batch(app.ports, held).state is BatchState.HELD
    for page in (manager.get(f"/waiting/{held}").text, manager.get(f"/waiting/{held}/answers").text):
        assert "There is no preview, because the file is large. Its import takes some minutes." in page
        assert "Every row accounted for" in page
        assert (IMPORT in page, DISCARD in page) == (True, True)
    assert IMPORT in manager.get(f"/uploads/{held}").text
    manager.post(f"/uploads/{held}/confirm")
    work()
    large_settlements.settle_large(app.ports, app.contracts)
    work()
    assert batch_records.get_batch(app.ports, held).state is BatchState.ANNOUNCED


def test_a_held_file_with_expired_rows_is_imported_from_its_page(app: App, person: People, work: Work) -> None:
    manager = person(Role.MANAGER, "IN")
    held = manager.upload(SMALL)
    work()
    assert "1 line would be added" in manager.get(f"/waiting/{held}").text
    staged = batch_records.get_batch(app.ports, held).staged
    assert staged
    for name in staged.objects:
        expiry.delete_staged(app.ports, name)
    page = manager.get(f"/waiting/{held}").text
    assert "the file was uploaded some time ago. All rows are checked again when it is imported." in page
    assert IMPORT in page
    manager.post(f"/uploads/{held}/confirm")
    work()
    assert batch_records.get_batch(app.ports, held).state is BatchState.ANNOUNCED


def test_a_clerk_sees_no_button(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    held = clerk.upload(LARGE)
    work()
    page = clerk.get(f"/waiting/{held}").text
    assert "There is no preview, because the file is large." in page
    assert (IMPORT in page, DISCARD in page) == (False, False)
