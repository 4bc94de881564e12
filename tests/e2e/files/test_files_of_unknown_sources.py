"""A file that does not look like its contract's: named as another source's, or as its own source's new way."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from tillstream.samples.sample_files import write_samples

Run = Callable[..., tuple[int, Any]]
CONTRACTS = {
    "north": {
        "region": "North",
        "currency": "EUR",
        "stores": ["N1", "N2"],
        "dates": {"formats": ["%d/%m/%Y"]},
    },
    "south": {
        "region": "South",
        "currency": "USD",
        "stores": ["S1", "S2"],
        "dates": {"formats": ["%m/%d/%Y"]},
        "numbers": {"currency_signs": ["$"]},
    },
}
RENAMED = "No,Day,Store,Quantity,Net"
COLUMNS = {"sale_id": "No", "date": "Day", "store_id": "Store", "quantity": "Qty", "net_amount": "Net"}


def contracts(home: Path, **more: Any) -> None:
    (home / "contracts").mkdir(parents=True)
    for name, sections in CONTRACTS.items():
        contract = {"name": name, "columns": COLUMNS} | sections | more
        (home / "contracts" / f"{name}.yaml").write_text(yaml.safe_dump(contract))


def write(
    path: Path, *, store: str = "N1", day: str = "{}/06/2026", net: str = "{}.50", start: int = 1, **how: Any
) -> str:
    header = how.get("header", "No,Day,Store,Qty,Net")
    rows = [f"{n},{day.format(n + 12)},{store},1,{net.format(n)}" for n in range(start, start + 9)]
    text = "\n".join([header, *rows, ""])
    path.write_bytes(text.replace(",", how.get("delimiter", ",")).encode())
    return str(path)


def ingest(run: Run, path: str, name: str = "north") -> dict[str, Any]:
    return dict(run("ingest", path, "--region", name)[1])


def codes(receipt: dict[str, Any]) -> list[str]:
    return [hold["code"] for hold in receipt["holds"]]


def test_stores_of_another_contract_are_held_and_can_be_assigned_to_it(home: Path, tmp_path: Path, run: Run) -> None:
    contracts(home, dates={"formats": ["%d/%m/%Y"]})
    held = ingest(run, write(tmp_path / "a.csv", store="S1"))
    assert codes(held) == ["looks-like-another-region"]
    assert "a file of south" in held["holds"][0]["message"]
    assert "S1" in held["holds"][0]["message"]
    code, receipt = run("confirm", held["batch_id"], "--region", "south")
    assert (code, receipt["status"], receipt["contract"], receipt["region"]) == (0, "settled", "south", "South")
    assert receipt["rows"]["new"] == 9


def test_it_can_also_be_right_as_it_is(home: Path, tmp_path: Path, run: Run) -> None:
    contracts(home, dates={"formats": ["%d/%m/%Y"]})
    held = ingest(run, write(tmp_path / "a.csv", store="S1"))
    code, receipt = run("confirm", held["batch_id"])
    assert (code, receipt["status"], receipt["contract"], receipt["rows"]["new"]) == (0, "settled", "north", 9)


def test_dates_and_currency_signs_that_only_another_contract_writes_name_it(
    home: Path, tmp_path: Path, run: Run
) -> None:
    contracts(home)
    held = ingest(run, write(tmp_path / "a.csv", store="S1", day="06/{}/2026", net="${}.50"))
    assert codes(held) == ["looks-like-another-region", "too-many-refused"]
    assert "a file of south" in held["holds"][0]["message"]


def test_headers_that_another_contract_fits_are_held_instead_of_refused(home: Path, run: Run) -> None:
    samples = {
        sample.contract: path for sample, path in write_samples(home / "samples", until=date(2026, 6, 30), scale=0.01)
    }
    held = ingest(run, str(samples["UK"]), "IN")
    assert (held["status"], codes(held)) == ("held", ["looks-like-another-region"])
    assert "a file of UK" in held["holds"][0]["message"]
    code, answer = run("confirm", held["batch_id"])
    assert (code, "cannot be read with IN" in answer["error"]) == (1, True)
    receipt = run("confirm", held["batch_id"], "--region", "UK")[1]
    assert (receipt["status"], receipt["contract"]) == ("settled", "UK")


def test_a_file_without_a_matching_contract_is_rejected(home: Path, tmp_path: Path, run: Run) -> None:
    contracts(home)
    (tmp_path / "b.csv").write_text("a,b\n1,2\n")
    receipt = ingest(run, str(tmp_path / "b.csv"))
    assert receipt["status"] == "rejected"
    assert "It contains a, b." in receipt["error"]


def test_a_renamed_column_is_explained_and_the_proposal_reads_the_file(home: Path, tmp_path: Path, run: Run) -> None:
    contracts(home)
    assert ingest(run, write(tmp_path / "a.csv"))["status"] == "settled"
    held = ingest(
        run,
        write(tmp_path / "b.csv", start=10, day="11/06/2026", header="No,Day,Store,Quantity,Net"),
    )
    assert (held["status"], codes(held)) == ("held", ["columns-changed"])
    assert "Qty is now called Quantity" in held["holds"][0]["message"]
    assert (held["contract_version"], held["proposal"]["version"]) == (1, 2)
    receipt = run("accept", held["batch_id"])[1]
    assert (receipt["status"], receipt["contract_version"], receipt["rows"]["new"]) == ("settled", 2, 9)
    assert run("rebuild", "--from-originals")[1]["differences"] == []


def test_another_delimiter_and_decimal_sign_are_explained_and_the_proposal_reads_the_file(
    home: Path, tmp_path: Path, run: Run
) -> None:
    contracts(home)
    ingest(run, write(tmp_path / "a.csv"))
    held = ingest(run, write(tmp_path / "b.csv", delimiter=";", net="{}.75"))
    assert (held["status"], codes(held)) == ("held", ["style-changed"])
    receipt = run("accept", held["batch_id"])[1]
    assert (receipt["status"], receipt["contract_version"], receipt["rows"]["corrected"]) == ("settled", 2, 9)


def test_another_way_of_dates_is_explained_and_the_proposal_reads_the_file(
    home: Path, tmp_path: Path, run: Run
) -> None:
    contracts(home)
    ingest(run, write(tmp_path / "a.csv"))
    held = ingest(run, write(tmp_path / "b.csv", day="{}.06.2026", start=10))
    assert codes(held) == ["style-changed", "too-many-refused"]
    assert "Day has a different format" in held["holds"][0]["message"]
    receipt = run("accept", held["batch_id"])[1]
    assert (receipt["status"], receipt["contract_version"], receipt["rows"]["new"]) == ("settled", 2, 9)


def test_a_dropped_file_that_only_one_contract_fits_is_its(
    home: Path, tmp_path: Path, run: Run, monkeypatch: Any
) -> None:
    monkeypatch.setenv("TILLSTREAM_DROP_SETTLE", "0.05")
    contracts(home)
    (home / "drop").mkdir()
    write(home / "drop" / "sales.csv", store="S1", day="06/{}/2026", net="${}.50")
    write(home / "drop" / "other.csv", header="a,b,c,d,e")
    run("sweep")
    receipts = {one["file"]: one for one in run("receipts")[1]}
    held = receipts["sales.csv"]
    assert (held["contract"], codes(held)) == ("south", ["first-load"])
    assert run("confirm", held["batch_id"])[1]["rows"]["new"] == 9
    assert codes(receipts["other.csv"]) == ["which-contract"]
    assert "no known data source can read it" in receipts["other.csv"]["holds"][0]["message"]
