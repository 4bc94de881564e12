"""One structured line per handled event contains the event, its outcome, and its duration."""

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from tillstream.app import open_app
from tillstream.handlers import Event, dispatch
from tillstream.model.events import BATCH_STAGED, INBOX, OBJECT_FINALIZED
from tillstream.settings import Settings

CSV = (
    b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    b"1,A,Shelf,1,12/5/2011 9:02,2.50,7,UK\n"
)


def test_every_handled_event_has_one_line(tmp_path: Path) -> None:
    with open_app(Settings(home=tmp_path / "home", threads=1)) as app:
        with app.ports.objects.writer(INBOX, "online-retail-uk/monday.csv") as writer:
            writer.write(CSV)
        (delivery,) = app.ports.bus.pull("objects", 1)
        with capture_logs() as lines:
            dispatch(app, Event("1", OBJECT_FINALIZED, json.loads(delivery.message.body)))
            dispatch(app, Event("2", BATCH_STAGED, {"batch_id": "any"}))
            dispatch(app, Event("3", "unheard.of", {}))
    (settled,) = [line for line in lines if line["event"] == "settled"]
    assert (settled["kind"], settled["batch"]) == ("upload", lines[0]["batch"])
    assert 0 <= settled["seconds"] < 60
    lines = [line for line in lines if line["event"] == "handled"]
    assert [(line["type"], line["id"], line["outcome"]) for line in lines] == [
        (OBJECT_FINALIZED, "1", "staged"),
        (BATCH_STAGED, "2", "settled"),
        ("unheard.of", "3", "rejected"),
    ]
    assert lines[0]["rows"] == 1
    assert len(lines[0]["batch"]) == 20
    assert all(0 <= line["seconds"] < 60 for line in lines)


def test_a_redelivered_event_logs_the_reason(tmp_path: Path) -> None:
    with (
        open_app(Settings(home=tmp_path / "home", threads=1)) as app,
        capture_logs() as lines,
        pytest.raises(KeyError, match="bucket") as caught,
    ):
        dispatch(app, Event("1", OBJECT_FINALIZED, {}))
    (line,) = lines
    assert (line["outcome"], line["log_level"], line["reason"]) == ("failed", "error", repr(caught.value))
