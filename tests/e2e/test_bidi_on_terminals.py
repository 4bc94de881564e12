"""A name with bidirectional control characters does not change what a terminal shows."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tillstream.cli.main import main

OVERRIDE = "\u202e"
HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"


def test_receipts_and_queries_show_no_control_characters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILLSTREAM_HOME", str(tmp_path / "home"))
    file = tmp_path / f"june{OVERRIDE}vsc.csv"
    file.write_text(f"{HEAD}536365,22423,CAKE{OVERRIDE}STAND,2,12/5/2011 9:02,12.75,17850,United Kingdom\n", "utf-8")
    for words in (
        ["ingest", str(file), "--region", "online-retail-uk"],
        ["receipts"],
        ["query", "sale-lines"],
        ["query", "sale-lines", "--format", "csv"],
        ["ingest", str(file), "--region", f"x{OVERRIDE}y"],
    ):
        output = CliRunner().invoke(main, words).output
        assert OVERRIDE not in output, words
        assert "\ufffd" in output or "There is no contract 'x\\u202ey'" in output, words
    printed = CliRunner().invoke(main, ["receipts", "--json"]).stdout
    assert OVERRIDE not in printed
    assert json.loads(printed)[0]["file"] == file.name
