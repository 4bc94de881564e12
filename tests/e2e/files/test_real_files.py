"""Real regional files come out to the digit; again, shuffled and undone."""

import gzip
import random
from pathlib import Path

import pytest

from tests.e2e.conftest import Run
from tillstream.app import build
from tillstream.settings import Settings

pytestmark = pytest.mark.shared
RETAIL = [("IN.csv", "online-retail-in", 1259, "137077.27"), ("USA.csv", "online-retail-usa", 291, "1730.92")]
KPIS = {
    "lines": 2823,
    "cancelled_lines": 60,
    "active_lines": 2763,
    "orders": 303,
    "customers": 92,
    "countries": 19,
    "categories": 7,
    "unconverted_lines": 0,
    "first_sale_date": "2003-01-06",
    "last_sale_date": "2005-05-31",
    "currency": "USD",
    "revenue": "9838141.37",
}


def test_scale_models_give_the_published_figures(run: Run, shared_data: Path) -> None:
    file = str(shared_data / "classic-models" / "sales_data_sample.csv")
    code, receipt = run("ingest", file, "--region", "classic-models")
    assert (code, receipt["rows"]["read"], receipt["rows"]["new"]) == (0, 2823, 2823)
    assert receipt["amounts"] == [{"currency": "USD", "net": "10032628.85", "gross": None}]
    assert {problem["code"]: problem["count"] for problem in receipt["problems"]} == {"line-total-mismatch": 1304}
    code, receipt = run("ingest", file, "--region", "classic-models")
    assert (code, receipt["rows"]["duplicate"], receipt["rows"]["new"]) == (0, 2823, 0)
    code, answer = run("query", "kpis")
    row = answer["rows"][0]
    assert code == 0
    assert {name: row[name] for name in KPIS} == KPIS
    assert row["average_order_value"].startswith("32469.11")
    _, lines = run("query", "sale-lines", "--param", "limit=5000")
    extra = " ".join(line["extra"] for line in lines["rows"])
    assert "Berguvsvägen" in extra
    assert "Martín" in extra
    assert '"TERRITORY": "NA"' in extra or '"TERRITORY":"NA"' in extra


def test_online_retail_loads_whole_again_shuffled_and_undone(run: Run, shared_data: Path, tmp_path: Path) -> None:
    batches = []
    for name, contract, rows, net in RETAIL:
        file = shared_data / "online-retail" / name
        code, receipt = run("ingest", str(file), "--region", contract)
        assert (code, receipt["rows"]["new"], receipt["rows"]["quarantined"]) == (0, rows, 0)
        assert receipt["amounts"] == [{"currency": "GBP", "net": net, "gross": None}]
        batches.append(receipt["batch_id"])
        _, again = run("ingest", str(file), "--region", contract)
        assert again["rows"]["duplicate"] == rows
        head, *lines = file.read_bytes().splitlines(keepends=True)
        random.Random(7).shuffle(lines)
        shuffled = tmp_path / name
        shuffled.write_bytes(head + b"".join(lines))
        _, mixed = run("ingest", str(shuffled), "--region", contract)
        assert mixed["rows"]["duplicate"] == rows
    assert _lines(run, "IN") == 1259
    # every telling of India's file undone: America stays as it was
    _, receipts = run("receipts")
    for receipt in receipts:
        if receipt["region"] == "IN":
            assert run("undo", receipt["batch_id"], "--yes")[0] == 0
    assert (_lines(run, "IN"), _lines(run, "USA")) == (0, 291)
    assert run("rebuild", "--check")[1]["differences"] == []


def _lines(run: Run, region: str) -> int:
    lines: int = run("query", "kpis", "--param", f"region={region}")[1]["rows"][0]["lines"]
    return lines


@pytest.mark.long
def test_half_a_million_british_rows(run: Run, shared_data: Path, tmp_path: Path) -> None:
    file = shared_data / "online-retail" / "UK.csv.gz"
    code, receipt = run("ingest", str(file), "--region", "online-retail-uk")
    assert (code, receipt["rows"]["new"], receipt["rows"]["quarantined"]) == (0, 495_478, 0)
    assert receipt["amounts"][0]["net"] == "8187806.364"
    _, again = run("ingest", str(file), "--region", "online-retail-uk")
    assert again["rows"]["duplicate"] == 495_478
    head, *lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    random.Random(7).shuffle(lines)
    (tmp_path / "UK.csv").write_bytes(head + b"".join(lines))
    _, mixed = run("ingest", str(tmp_path / "UK.csv"), "--region", "online-retail-uk")
    assert mixed["rows"]["duplicate"] == 495_478


def test_official_rates_load(run: Run, shared_data: Path, home: Path) -> None:
    code, loaded = run("fx", "load", str(shared_data / "fx" / "eurofxref-hist.csv"))
    assert (code, loaded["rates"] > 200_000) == (0, True)
    app = build(Settings(home=home))
    try:
        rate = "SELECT per_euro FROM fx_rates WHERE rate_date = '2010-12-01' AND currency = @currency"
        rates = [app.ports.warehouse.query(rate, {"currency": c})["per_euro"][0].as_py() for c in ("USD", "GBP", "INR")]
        assert [str(rate.normalize()) for rate in rates] == ["1.3115", "0.8393", "59.4664"]
    finally:
        app.close()
