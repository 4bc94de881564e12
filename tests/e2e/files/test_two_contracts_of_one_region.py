"""A second contract of a region for the same sales: detection asks, and the sales count once."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from tillstream.contracts.contract_files import parse_contract_yaml
from tillstream.samples.sample_files import write_samples

Run = Callable[..., tuple[int, Any]]
SALES = [(f"{1000 + n}", f"2025-03-{14 + n % 9:02}", f"P{n % 4}", f"{20 + n}.50") for n in range(60)]
FIRST = {
    "name": "tills",
    "region": "Austria",
    "currency": "EUR",
    "country": "Austria",
    "columns": {"sale_id": "No", "date": "Day", "product_id": "Item", "net_amount": "Amount"},
    "identity": {"store": "VIE"},
}
ANSWERS = {"region": "Austria", "country": "Austria", "currency": "EUR", "amount": "net"}


UK_SHOPS = {
    "name": "shops",
    "region": "UK",
    "currency": "GBP",
    "columns": {"sale_id": "No", "line_key": "Line", "date": "Day", "store_id": "Shop", "net_amount": "Amount"},
}


def write(path: Path, header: str, rows: Sequence[tuple[str, ...]]) -> str:
    path.write_text("\n".join([header, *map(",".join, rows), ""]))
    return str(path)


def options(answers: dict[str, str]) -> list[str]:
    return [part for key, value in answers.items() for part in ("--answer", f"{key}={value}")]


@pytest.fixture
def tills(home: Path, tmp_path: Path, run: Run) -> None:
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "tills.yaml").write_text(yaml.safe_dump(FIRST))
    run("ingest", write(tmp_path / "tills.csv", "No,Day,Item,Amount", SALES), "--region", "tills")


def lines(run: Run) -> int:
    return int(run("query", "kpis")[1]["rows"][0]["lines"])


def detect(run: Run, path: str, **answers: str) -> tuple[int, dict[str, Any]]:
    code, proposal = run("detect", path, *options(ANSWERS | answers), "--save", "office")
    return code, proposal


def office_file(tmp_path: Path, sales: list[tuple[str, str, str, str]]) -> str:
    rows = [(day, number, product, amount) for number, day, product, amount in sales]
    return write(tmp_path / "office.csv", "Order Date,Invoice Number,Product ID,Net Amount", rows)


@pytest.mark.usefixtures("tills")
def test_the_same_sales_with_another_rule_raise_a_question_and_count_once(home: Path, tmp_path: Path, run: Run) -> None:
    path = office_file(tmp_path, [*SALES[:50], ("9999", "2025-03-15", "P1", "7.00")])
    code, proposal = detect(run, path)
    (question,) = proposal["questions"]
    assert (code, proposal["saved"], proposal["sure"]) == (4, None, 0)
    assert (question["key"], question["choices"]) == ("overlap", ["same", "different"])
    assert question["question"].startswith("50 of 51 sampled sales look like sales that tills already delivered, such")
    assert "1000 on 2025-03-14 for 20.50" in question["question"]
    assert question["evidence"] == "50 of these 50 sales have the same amounts as well"
    code, proposal = detect(run, path, overlap="same")
    assert (code, proposal["questions"], proposal["saved"]["name"]) == (0, [], "office")
    kept = parse_contract_yaml((home / "contracts" / "office.yaml").read_bytes(), "office.yaml")
    assert (kept.identity.store, kept.identity.ids, kept.identity.id_prefix) == ("VIE", "per-store", "")
    receipt = run("ingest", path, "--region", "office")[1]
    assert (receipt["rows"]["new"], receipt["rows"]["corrected"] + receipt["rows"]["duplicate"]) == (1, 50)
    assert lines(run) == len(SALES) + 1


def test_the_example_of_the_question_has_the_decimals_of_the_currency(home: Path, tmp_path: Path, run: Run) -> None:
    (home / "contracts").mkdir(parents=True)
    yen = FIRST | {"region": "Tokyo", "country": "Japan", "currency": "JPY"}
    (home / "contracts" / "tills.yaml").write_text(yaml.safe_dump(yen))
    sales = [(number, day, product, amount.removesuffix(".50")) for number, day, product, amount in SALES]
    run("ingest", write(tmp_path / "tills.csv", "No,Day,Item,Amount", sales), "--region", "tills")
    _, proposal = detect(run, office_file(tmp_path, sales[:50]), region="Tokyo", country="Japan", currency="JPY")
    (question,) = proposal["questions"]
    assert "such as 1000 on 2025-03-14 for 20." in question["question"]


@pytest.mark.usefixtures("tills")
def test_different_sales_get_a_prefix(tmp_path: Path, run: Run) -> None:
    path = office_file(tmp_path, SALES[:50])
    code, proposal = detect(run, path, overlap="different")
    assert (code, proposal["contract"]["identity"]["id_prefix"]) == (0, "office-")
    assert run("ingest", path, "--region", "office")[1]["rows"]["new"] == 50
    assert lines(run) == len(SALES) + 50


@pytest.mark.usefixtures("tills")
def test_without_overlap_there_is_no_question(tmp_path: Path, run: Run) -> None:
    later = [(number, day.replace("-03-", "-05-"), product, amount) for number, day, product, amount in SALES]
    code, proposal = detect(run, office_file(tmp_path, later))
    assert (code, proposal["contract"]["identity"]["id_prefix"]) == (0, "office-")


@pytest.mark.usefixtures("tills")
def test_sales_of_a_contract_with_a_prefix_are_compared_too(tmp_path: Path, run: Run) -> None:
    path = office_file(tmp_path, SALES[:50])
    detect(run, path, overlap="different")
    run("ingest", path, "--region", "office")
    third = write(
        tmp_path / "third.csv",
        "Invoice Number,Order Date,Net Amount,Product ID",
        [(number, day, amount, product) for number, day, product, amount in SALES[:40]],
    )
    answers = options(ANSWERS)
    code, proposal = run("detect", third, *answers, "--save", "third")
    assert (code, [one["key"] for one in proposal["questions"]]) == (4, ["overlap"])
    assert run("detect", third, *answers, "--answer", "overlap=same", "--save", "third")[0] == 0
    assert run("ingest", third, "--region", "third")[1]["rows"]["new"] == 0


@pytest.mark.usefixtures("tills")
def test_sales_without_numbers_that_cannot_get_the_ids_stay_a_question(tmp_path: Path, run: Run) -> None:
    path = write(
        tmp_path / "office.csv",
        "Order Date,Product ID,Net Amount",
        [(day, product, amount) for _, day, product, amount in SALES[:50]],
    )
    code, proposal = detect(run, path, identity="content")
    (question,) = proposal["questions"]
    assert (code, question["key"]) == (4, "overlap")
    assert "such as one on 2025-03-14 for 20.50" in question["question"]
    code, proposal = detect(run, path, identity="content", overlap="same")
    assert (code, proposal["saved"]) == (4, None)
    assert "Load the file with tills instead" in proposal["questions"][0]["question"]
    assert detect(run, path, identity="content", overlap="different")[0] == 0


@pytest.mark.usefixtures("tills")
def test_equal_numbers_with_other_amounts_raise_a_question_though_the_rule_is_the_same(
    tmp_path: Path, run: Run
) -> None:
    rows = [(day, "VIE", number, product, f"1{amount}") for number, day, product, amount in SALES[:50]]
    path = write(tmp_path / "office.csv", "Order Date,Store ID,Invoice Number,Product ID,Net Amount", rows)
    code, proposal = detect(run, path)
    assert (code, [one["key"] for one in proposal["questions"]]) == (4, ["overlap"])
    assert proposal["questions"][0]["evidence"] == "0 of these 50 sales have the same amounts as well"
    same = detect(run, path, overlap="same")[1]["contract"]
    different = detect(run, path, overlap="different")[1]["contract"]
    assert ("id_prefix" in same.get("identity", {}), different["identity"]["id_prefix"]) == (False, "office-")


def test_detection_alone_creates_no_home(home: Path, tmp_path: Path, run: Run) -> None:
    assert detect(run, office_file(tmp_path, SALES[:50]))[0] == 0
    assert run("detect", office_file(tmp_path, SALES), *options(ANSWERS | {"region": "Japan"}))[0] == 0
    assert not (home / "warehouse.duckdb").exists() or lines(run) == 0


@pytest.mark.usefixtures("tills")
def test_sales_that_another_system_gave_other_numbers_raise_a_question(tmp_path: Path, run: Run) -> None:
    again = [(f"R-{n}", day, product, amount) for n, (_, day, product, amount) in enumerate(SALES)]
    code, proposal = detect(run, office_file(tmp_path, again))
    assert (code, [one["key"] for one in proposal["questions"]]) == (4, ["overlap"])
    assert proposal["questions"][0]["question"].startswith("60 of 60 sampled sales look like sales that tills already")
    half = [*again[:30], *((number, day, product, f"1{amount}") for number, day, product, amount in again[30:])]
    assert detect(run, office_file(tmp_path, half))[0] == 0


def test_sales_of_a_shipped_contract_that_differs_from_an_own_one_of_its_region_do_not_count(
    home: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TILLSTREAM_DROP_SETTLE", "0.05")
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "shops.yaml").write_text(yaml.safe_dump(UK_SHOPS))
    own = write(tmp_path / "own.csv", "No,Line,Day,Shop,Amount", [("7", "1", "2026-06-05", "LDS1", "12.50")])
    assert run("ingest", own, "--region", "shops")[1]["rows"]["new"] == 1
    written = write_samples(tmp_path, until=date(2026, 6, 30), scale=0.01)
    sample = next(path for sample, path in written if sample.contract == "UK")
    code, refused = run("ingest", str(sample), "--region", "UK")
    assert (code, lines(run)) == (1, 1)
    assert "shops and UK both belong to the region UK, but identify sales differently" in str(refused)
    (home / "drop" / "UK").mkdir(parents=True)
    (home / "drop" / "UK" / "again.csv").write_bytes(sample.read_bytes())
    run("sweep")
    held = next(one for one in run("receipts")[1] if one["file"] == "again.csv")
    assert (held["status"], [one["code"] for one in held["holds"]], lines(run)) == ("held", ["which-contract"], 1)
    assert "identify sales differently" in held["holds"][0]["message"]
