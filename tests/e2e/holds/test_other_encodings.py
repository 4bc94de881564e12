"""A file in another encoding than its contract's is held, also if only columns that are not mapped show it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Run = Callable[..., tuple[int, Any]]
NOTES = ("Küche", "Möbel", "Garten", "Gefäß", "Bücher", "Öl und Essig", "Spiegel", "Tür", "Stühle", "Körbe")


def save_contract(home: Path, encoding: str) -> None:
    contract = {
        "name": "north",
        "region": "North",
        "currency": "EUR",
        "file": {"encoding": encoding},
        "columns": {"sale_id": "No", "date": "Day", "quantity": "Qty", "net_amount": "Net"},
        "extra_columns": ["Note"],
        "identity": {"ids": "region-wide"},
    }
    (home / "contracts").mkdir(parents=True, exist_ok=True)
    (home / "contracts" / "north.yaml").write_text(yaml.safe_dump(contract))


def ingest(run: Run, folder: Path, encoding: str, first: int = 1) -> dict[str, Any]:
    rows = [f"{first + n},2026-06-{n + 1:02},1,{n}.50,{note}" for n, note in enumerate(NOTES)]
    path = folder / f"{encoding}-{first}.csv"
    path.write_bytes("\n".join(["No,Day,Qty,Net,Note", *rows, ""]).encode(encoding))
    return dict(run("ingest", str(path), "--region", "north")[1])


def test_utf_8_letters_in_extra_columns_hold_a_file_of_another_encoding(home: Path, tmp_path: Path, run: Run) -> None:
    save_contract(home, "cp1252")
    assert ingest(run, tmp_path, "cp1252")["status"] == "settled"
    held = ingest(run, tmp_path, "utf-8", first=100)
    assert (held["status"], [hold["code"] for hold in held["holds"]]) == ("held", ["style-changed"])
    assert "encoding" in held["holds"][0]["message"]
    accepted = run("accept", held["batch_id"])[1]
    assert (accepted["status"], accepted["contract_version"], accepted["rows"]["new"]) == ("settled", 2, 10)


def test_letters_beyond_the_sample_hold_the_file_too(home: Path, tmp_path: Path, run: Run) -> None:
    save_contract(home, "cp1252")
    rows = [f"{n},2026-06-01,1,1.50,{'Küche' if n == 70_000 else 'x'}" for n in range(100_000)]
    path = tmp_path / "large.csv"
    path.write_text("\n".join(["No,Day,Qty,Net,Note", *rows, ""]), encoding="utf-8")
    held = run("ingest", str(path), "--region", "north")[1]
    assert (held["status"], [hold["code"] for hold in held["holds"]]) == ("held", ["style-changed"])


@pytest.mark.parametrize("encoding", ["mac-roman", "cp850"])
def test_letters_of_another_computer_hold_the_file(home: Path, tmp_path: Path, run: Run, encoding: str) -> None:
    save_contract(home, "cp1252")
    held = ingest(run, tmp_path, encoding)
    assert (held["status"], held["holds"][0]["code"]) == ("held", "style-changed")
    assert f"is now {encoding}" in held["holds"][0]["message"]


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "cp850", "mac-roman"])
def test_a_file_in_the_encoding_of_its_contract_is_not_held(
    home: Path, tmp_path: Path, run: Run, encoding: str
) -> None:
    save_contract(home, encoding)
    assert ingest(run, tmp_path, encoding)["status"] == "settled"
