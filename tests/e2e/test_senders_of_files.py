"""Uploads name who brought them: a person, the command line, or the samples."""

from dataclasses import replace
from pathlib import Path

import pytest
from app_factory import build

from tillstream.commands import ingest
from tillstream.commands.result import quiet
from tillstream.intake.inbox import ensure_record
from tillstream.model.events import INBOX
from tillstream.records import batch_records, batch_registration
from tillstream.server.worker import Worker
from tillstream.settings import Settings

HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


@pytest.mark.long
@pytest.mark.parametrize("attended", [True, False])
def test_the_sample_files_are_the_samples_and_a_file_of_a_person_is_not(
    home: Path, tmp_path: Path, *, attended: bool
) -> None:
    (tmp_path / "monday.csv").write_text(HEAD)
    app = replace(build(Settings(home=home, threads=1)), has_worker=attended)
    worker = Worker(app)
    if attended:
        worker.start()
    try:
        ingest.demo(app, quiet, scale=0.001)
        ingest.ingest(app, quiet, files=[str(tmp_path / "monday.csv")], contract="online-retail-uk")
        received_by = {one.file: one.received_by for one in batch_records.find_batches(app.ports)}
    finally:
        worker.stop()
        app.close()
    assert received_by.pop("monday.csv") == "command line"
    assert (len(received_by), set(received_by.values())) == (34, {"samples", "connector web-shop"})


def test_a_person_is_named_also_where_the_event_of_the_object_was_handled_first(home: Path) -> None:
    app = build(Settings(home=home, threads=1))
    contract = app.contracts.pin("online-retail-uk")
    with app.ports.objects.writer(INBOX, f"{contract.name}/monday.csv") as writer:
        writer.write(HEAD.encode())
    assert writer.stored
    assert ensure_record(app.ports, app.contracts, writer.stored).received_by == "inbox"
    for who in ("ann", "bob", "inbox"):
        upload = batch_registration.register_batch(app.ports, contract, writer.stored, who)
        assert upload.received_by == "ann"
    assert batch_records.get_batch(app.ports, upload.batch_id).received_by == "ann"
    app.close()
