"""The same bytes again are not read again, and their account is the same as if they had been."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_factory import build

import sql
from tillstream.app import App
from tillstream.intake import inbox
from tillstream.model.batch import Batch
from tillstream.model.events import STAGING
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.receipts import receipt as receipts
from tillstream.records import batch_records
from tillstream.review import undo
from tillstream.settings import Settings

HEADER = b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
SALES = (
    HEADER
    + b"".join(b"%d,A,b,2,12/5/2011 9:03,1.25,1,UK\n" % number for number in range(901, 910))
    + b"911,A,b,x,12/5/2011 9:02,1,1,UK\n"
)


@pytest.fixture
def app(home: Path) -> Iterator[App]:
    app = build(Settings(threads=1))
    yield app
    app.close()


def taken(app: App, data: bytes = SALES, name: str = "a.csv") -> Batch:
    upload = inbox.receive_file(app.ports, app.contracts.pin("online-retail-uk"), name, io.BytesIO(data), "emma")
    stage.stage(app.ports, upload.batch_id)
    settle.settle_all(app.ports, app.contracts)
    return batch_records.get_batch(app.ports, upload.batch_id)


def counted(app: App, upload: Batch) -> dict[str, Any]:
    rows: dict[str, Any] = receipts.batch_receipt(app.ports, upload.batch_id)["rows"]
    return {name: count for name, count in rows.items() if count}


def test_the_same_file_again_is_settled_from_what_was_read_before(app: App) -> None:
    first, second = taken(app), taken(app, name="again.csv")
    assert second.staged == first.staged
    assert counted(app, first) == {"read": 10, "new": 9, "quarantined": 1}
    assert counted(app, second) == {"read": 10, "duplicate": 9, "quarantined": 1}
    assert len(receipts.rejected_rows(app.ports, second.batch_id)) == 1


def test_an_undone_file_counts_again_from_what_was_read_before(app: App) -> None:
    first = taken(app)
    undo.undo_batch(app.ports, first.batch_id, "emma")
    second = taken(app)
    assert second.staged == first.staged
    assert counted(app, second) == {"read": 10, "new": 9, "quarantined": 1}


def test_what_is_gone_from_the_staging_bucket_is_read_again(app: App) -> None:
    first = taken(app)
    app.ports.objects.delete(STAGING, first.staged.accepted[0])
    second = taken(app)
    assert second.staged.accepted != first.staged.accepted
    assert counted(app, second) == {"read": 10, "duplicate": 9, "quarantined": 1}


def test_another_reader_reads_for_itself(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    first = taken(app)
    monkeypatch.setattr(stage, "reader_version", lambda: "another version")
    assert taken(app).staged.accepted != first.staged.accepted


def test_a_file_with_days_to_come_is_read_again_as_some_may_have_come(app: App) -> None:
    data = HEADER + b"901,A,b,1,12/5/2999 9:02,1.25,1,UK\n"
    first = taken(app, data)
    assert [problem.code for problem in first.staged.problems] == ["future-date"]
    assert taken(app, data).staged.accepted != first.staged.accepted


def test_the_amounts_that_stage_summed_up_are_those_of_the_ledger(app: App) -> None:
    for upload in (taken(app), taken(app)):
        amounts = receipts.batch_receipt(app.ports, upload.batch_id)["amounts"]
        ledger = app.ports.warehouse.query(sql.text("ledger/batch_amounts"), {"batch_id": upload.batch_id})
        assert amounts == ledger.to_pylist() != []
