"""The formats of the samples in a home without samples: they claim no file by its name or content alone."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from tillstream.samples.sample_files import write_samples

Run = Callable[..., tuple[int, Any]]
SHOP = {
    "name": "shop",
    "region": "Tyrol",
    "currency": "EUR",
    "identity": {"ids": "region-wide"},
    "columns": {"sale_id": "No", "date": "Day", "product_id": "Item", "quantity": "Qty", "net_amount": "Net"},
}
OWN = "No,Day,Item,Qty,Net\n" + "".join(f"{number},2026-03-{number:02},Lamp,2,{number}.50\n" for number in range(1, 20))


@pytest.fixture
def drop(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TILLSTREAM_DROP_SETTLE", "0.05")
    (home / "drop").mkdir(parents=True)
    return home / "drop"


def sources(run: Run) -> dict[str, tuple[str, str]]:
    """File → its contract and status."""
    run("sweep")
    return {one["file"]: (one["contract"], one["status"]) for one in run("receipts")[1]}


@pytest.mark.parametrize("name", ["UK.csv", "IN_2026-03.csv", "USA.csv"])
def test_a_name_alone_is_no_claim(run: Run, drop: Path, name: str) -> None:
    (drop / name).write_text(OWN)
    assert sources(run) == {name: ("", "held")}


def test_a_file_of_the_own_data_source_is_its_whatever_its_name(run: Run, drop: Path) -> None:
    (drop.parent / "contracts").mkdir()
    (drop.parent / "contracts" / "shop.yaml").write_text(yaml.safe_dump(SHOP))
    (drop / "UK.csv").write_text(OWN)
    assert sources(run) == {"UK.csv": ("shop", "held")}
    assert run("confirm", run("receipts")[1][0]["batch_id"])[1]["rows"]["new"] == 19
    (drop / "USA.csv").write_text(OWN.replace(",2026-03-", "000,2026-03-"))
    assert sources(run)["USA.csv"] == ("shop", "announced")


def test_content_alone_is_offered_and_a_name_with_it_is_read(run: Run, drop: Path, tmp_path: Path) -> None:
    files = {file.contract: path for file, path in write_samples(tmp_path, until=date(2026, 10, 31), scale=0.005)}
    (drop / f"sales{files['IN'].suffix}").write_bytes(files["IN"].read_bytes())
    assert set(sources(run).values()) == {("", "held")}
    (hold,) = run("receipts")[1][0]["holds"]
    assert "it can be read with IN, of which there is no file yet" in hold["message"]
    for name in ("UK", "USA"):
        (drop / files[name].name).write_bytes(files[name].read_bytes())
    read = sources(run)
    assert [read[files[name].name] for name in ("UK", "USA")] == [("UK", "announced"), ("USA", "announced")]


def test_regions_of_shipped_contracts_are_not_listed_before_they_have_sales(run: Run, drop: Path) -> None:
    code, answer = run("query", "kpis", "--param", "region=Nowhere")
    assert (code, answer["error"]) == (1, "There is no region “Nowhere”; no sale that you can see has one.")
    assert run("query", "kpis", "--param", "region=BR")[0] == 0
