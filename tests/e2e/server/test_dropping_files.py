"""Files in the watched folder or in the inbox's folder: their contracts, and what happens if none matches."""

import io
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from app_factory import build
from waiting import wait_for

from tillstream.app import App
from tillstream.intake import inbox
from tillstream.model.batch import Batch, BatchState
from tillstream.model.errors import Unavailable
from tillstream.model.events import INBOX
from tillstream.operations import reconcile
from tillstream.receipts import receipt as receipts
from tillstream.records import batch_records
from tillstream.server.worker import Worker
from tillstream.settings import Settings

HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
ROW = "581001,22423,CAKESTAND,2,12/5/2011 9:02,12.75,17850,United Kingdom\n"
BAD = "581002,22423,CAKESTAND,two,12/5/2011 9:02,12.75,17850,United Kingdom\n"
MOSTLY_GOOD = HEAD + "".join(ROW.replace("581001", str(number)) for number in range(1, 10)) + BAD
Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILLSTREAM_DROP_SETTLE", "0.05")


@pytest.fixture
def app(home: Path, quick: None) -> Iterator[App]:
    app = build(Settings(threads=1))
    yield app
    app.close()


def leave(path: Path, text: str = HEAD + ROW) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def received(app: App) -> list[Batch]:
    return batch_records.find_batches(app.ports)


def test_the_running_worker_claims_a_dropped_file_and_writes_a_note_beside_it(home: Path, app: App) -> None:
    worker = Worker(app)
    worker.start()
    try:
        leave(home / "drop" / "online-retail-uk" / "june.csv", MOSTLY_GOOD)
        wait_for(
            lambda: any(one.state in (BatchState.SETTLED, BatchState.ANNOUNCED) for one in received(app)),
            "the settlement",
        )
        wait_for(lambda: list((home / "drop" / "taken").rglob("*.note.txt")), "the note")
    finally:
        worker.stop()
    (upload,) = received(app)
    assert (upload.file, upload.contract, upload.received_by) == ("june.csv", "online-retail-uk", "watched folder")
    (note,) = (home / "drop" / "taken").rglob("*.note.txt")
    assert note.with_name("june.csv").read_text() == MOSTLY_GOOD
    assert "1 row needs fixing" in note.read_text()
    assert upload.batch_id in note.read_text()


def test_without_a_server_sweep_claims_each_dropped_file_once(home: Path, quick: None, run: Run) -> None:
    leave(home / "drop" / "online-retail-uk_june.csv")
    code, swept = run("sweep")
    assert (code, swept["taken"], swept["still_written"]) == (0, 1, 0)
    assert run("sweep")[1]["taken"] == 0
    ((receipt,),) = (run("receipts")[1],)
    assert (receipt["contract"], receipt["rows"]["new"]) == ("online-retail-uk", 1)


def test_a_file_without_a_match_is_held_until_its_contract_is_assigned(home: Path, quick: None, run: Run) -> None:
    leave(home / "drop" / "sales.csv")
    code, swept = run("sweep")
    assert (code, swept["held"], run("sweep")[0]) == (4, 1, 0)
    (held,) = run("receipts")[1]
    assert (held["status"], held["contract"], held["holds"][0]["code"]) == ("held", "", "which-contract")
    (note,) = (home / "drop" / "taken").rglob("*.note.txt")
    assert f"confirm {held['batch_id']} --region" in note.read_text()
    for refused in (("confirm",), ("replay",), ("quarantine",)):
        code, answer = run(*refused, held["batch_id"])
        assert code in (0, 1)
        assert "Traceback" not in str(answer)
    code, receipt = run("confirm", held["batch_id"], "--region", "online-retail-uk")
    assert (code, receipt["status"], receipt["rows"]["new"]) == (0, "settled", 1)
    assert receipt["batch_id"] == held["batch_id"]
    assert receipt["contract_version"] == 1
    run("sweep")
    assert not note.exists()
    assert run("rebuild", "--from-originals")[1]["differences"] == []


def test_a_held_file_without_a_contract_can_be_rejected_and_an_unknown_contract_changes_nothing(
    home: Path, quick: None, run: Run
) -> None:
    leave(home / "drop" / "sales.csv")
    run("sweep")
    (held,) = run("receipts")[1]
    code, answer = run("confirm", held["batch_id"], "--region", "online-retail-ul")
    assert (code, "Did you mean online-retail-uk?" in answer["error"]) == (1, True)
    assert run("receipts", held["batch_id"])[1]["status"] == "held"
    assert run("reject", held["batch_id"])[1]["status"] == "rejected"


def test_objects_copied_into_the_inbox_go_the_same_way(app: App) -> None:
    worker = Worker(app)
    for name in ("online-retail-uk/a.csv", "b/online-retail-uk-2.csv", "c.csv", "corrections/d.csv", "store-sales/e"):
        with app.ports.objects.writer(INBOX, name) as writer:
            writer.write((HEAD + ROW).encode())
    worker.run_until_idle()
    batches = {one.file: (one.contract, one.state) for one in received(app)}
    assert batches["a.csv"] == batches["online-retail-uk-2.csv"] == ("online-retail-uk", BatchState.ANNOUNCED)
    assert batches["c.csv"] == batches["d.csv"] == batches["e"] == ("", BatchState.HELD)
    assert receipts.batch_receipt(app.ports, received(app)[0].batch_id)["rows"]["read"] is not None


def test_the_sweep_finds_objects_whose_event_was_lost_and_leaves_placeholders(app: App) -> None:
    quiet = app.ports.objects
    quiet._on_finalized = None  # type: ignore[attr-defined]
    for name in ("c.csv", "online-retail-uk/", "online-retail-uk/x.csv.part"):
        with quiet.writer(INBOX, name) as writer:
            writer.write((HEAD + ROW).encode())
    assert reconcile.run_sweep(app.ports, app.contracts)["registered"] == 1
    assert reconcile.run_sweep(app.ports, app.contracts)["registered"] == 0
    (held,) = received(app)
    assert (held.file, held.state) == ("c.csv", BatchState.HELD)


def test_a_plain_file_copied_into_the_inbox_folder_becomes_an_object(home: Path, quick: None, run: Run) -> None:
    run("status")
    leave(home / "objects" / "inbox" / "online-retail-uk" / "by hand.csv")
    assert run("sweep")[1]["taken"] == 1
    (receipt,) = run("receipts")[1]
    assert (receipt["file"], receipt["rows"]["new"]) == ("by hand.csv", 1)
    assert not (home / "objects" / "inbox" / "online-retail-uk" / "by hand.csv").exists()


def test_another_place_can_be_watched(tmp_path: Path, quick: None, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILLSTREAM_DROP", str(tmp_path / "share"))
    leave(tmp_path / "share" / "ONLINE-RETAIL-UK.csv")
    assert run("sweep")[1]["taken"] == 1
    assert run("receipts")[1][0]["contract"] == "online-retail-uk"


def test_a_name_that_no_object_may_have_is_taken_all_the_same(home: Path, quick: None, run: Run) -> None:
    leave(home / "drop" / "online-retail-uk" / ("new\nline " + "x" * 200 + ".csv"))
    assert run("sweep")[1]["taken"] == 1
    assert run("receipts")[1][0]["rows"]["new"] == 1


def test_a_file_that_cannot_be_used_has_a_message_beside_it(home: Path, quick: None, run: Run) -> None:
    leave(home / "drop" / "online-retail-uk" / "empty.csv", "")
    run("sweep")
    (note,) = (home / "drop" / "taken").rglob("*.note.txt")
    assert "The file is empty" in note.read_text()


def test_the_same_bytes_dropped_twice_count_once(home: Path, quick: None, run: Run) -> None:
    for _ in range(2):
        leave(home / "drop" / "online-retail-uk" / "june.csv")
        run("sweep")
    assert [one["rows"]["new"] for one in run("receipts")[1]] == [0, 1]
    assert len([*(home / "drop" / "taken").rglob("*.csv")]) == 2


def test_a_record_of_a_portal_upload_keeps_who_brought_it(app: App) -> None:
    batch = inbox.receive_file(app.ports, app.contracts.pin("online-retail-uk"), "a.csv", io.BytesIO(b"x"), "emma")
    Worker(app).run_until_idle()
    assert batch_records.get_batch(app.ports, batch.batch_id).received_by == "emma"


def test_a_file_that_cannot_be_claimed_is_retried_and_logged_once(
    home: Path, app: App, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    leave(home / "drop" / "online-retail-uk" / "june.csv")
    worker = Worker(app)
    worker.take_dropped()
    time.sleep(0.06)

    def broken(*_: Any, **__: Any) -> Any:
        raise Unavailable("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(app.ports.objects, "writer", broken)
        assert [worker.take_dropped(), worker.take_dropped()] == [0, 0]
    assert capsys.readouterr().out.count("the disk is full") == 1
    assert worker.take_dropped() == 1
    assert received(app)[0].file == "june.csv"
