"""`detect`: a proposed contract, its questions by key, and a saved contract that loads the file to the known totals."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Run, RunText
from tillstream.contracts.contract_files import parse_contract_yaml

ANSWERS = {
    "region": "Somewhere",
    "country": "Nowhere",
    "currency": "USD",
    "time_zone": "Europe/London",
    "decimal": ".",
}
SUPERSTORE = "superstore-eu/superstore-semicolon-decimal-comma.csv"
FILES = [
    ("classic-models/sales_data_sample.csv", {"date_order": "MDY"}, 2823, "10032628.85"),
    (
        "online-retail/IN.csv",
        {"date_order": "MDY", "currency": "GBP", "ignore.POSTAGE": "no"},
        1259,
        "137077.27",
    ),
    ("online-retail/USA.csv", {"date_order": "MDY", "currency": "GBP"}, 291, "1730.92"),
    (
        "superstore-eu/superstore-semicolon-decimal-comma.csv",
        {"date_order": "DMY", "decimal": ","},
        9994,
        "2297200.8603",
    ),
    ("supermarket/supermarket_sales.csv", {"date_order": "MDY", "identity": "Invoice ID"}, 1000, "307587.38"),
    ("japan/uriage_cp932.csv", {"currency": "JPY", "identity": "日付,店舗,商品分類"}, 5, "539700"),
    ("weekly/walmart-45-stores.csv", {"date_order": "DMY", "identity": "Store,Date"}, 6435, "6737218987.11"),
    ("daily/bakery-de-umsatz.csv", {"currency": "EUR", "identity": "Datum,Warengruppe"}, 9334, "1929795.58"),
]


def answer_options(answers: dict[str, str]) -> list[str]:
    return [part for key, value in answers.items() for part in ("--answer", f"{key}={value}")]


@pytest.mark.system
@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "own", "rows", "net"),
    [pytest.param(*one, id=one[0], marks=pytest.mark.long if number % 3 else ()) for number, one in enumerate(FILES)],
)
def test_a_real_file_loads_with_the_proposed_contract(
    run: Run, shared_data: Path, home: Path, name: str, own: dict[str, str], rows: int, net: str
) -> None:
    file = str(shared_data / name)
    code, open_ = run("detect", file, "--answer", "source=new")
    assert code == 4
    assert {question["key"] for question in open_["questions"]} <= {*ANSWERS, *own}
    code, result = run("detect", file, *answer_options(ANSWERS | own), "--save", "mine")
    assert (code, result["questions"], result["saved"]) == (0, [], {"name": "mine", "version": 1})
    kept = parse_contract_yaml((home / "contracts" / "mine.yaml").read_bytes(), "mine.yaml")
    assert kept.region == "Somewhere"
    code, receipt = run("ingest", file, "--region", "mine")
    assert (code, receipt["rows"]["new"], receipt["rows"]["read"]) == (0, rows, rows), receipt["problems"]
    total = Decimal(receipt["amounts"][0]["net"])
    assert total.quantize(Decimal(net)) == Decimal(net)


@pytest.mark.shared
def test_the_total_of_the_supermarket_is_gross(run: Run, shared_data: Path) -> None:
    file = str(shared_data / "supermarket" / "supermarket_sales.csv")
    run("detect", file, *answer_options(ANSWERS), "--save", "market")
    _, receipt = run("ingest", file, "--region", "market", "--dry-run")
    assert receipt["amounts"] == [{"currency": "USD", "net": "307587.38", "gross": "322966.749"}]


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "shop.csv"
    path.write_text("Order No,Date,Qty,Price\n1,03/04/2026,2,1.50\n2,04/04/2026,1,2.50\n", encoding="utf-8")
    return str(path)


def keys(result: dict[str, Any]) -> set[str]:
    return {question["key"] for question in result["questions"]}


def test_nothing_is_saved_while_a_question_is_open(run: Run, home: Path, file: str) -> None:
    code, result = run("detect", file, "--answer", "region=North", "--save", "shop")
    assert (code, result["saved"]) == (4, None)
    assert {"currency", "date_order"} <= keys(result)
    assert not (home / "contracts").exists()


def test_answering_what_is_not_open_is_fine(run: Run, file: str) -> None:
    code, result = run("detect", file, *answer_options(ANSWERS | {"date_order": "DMY", "identity": "Order No"}))
    assert (code, keys(result)) == (0, set())
    assert result["contract"]["dates"]["formats"] == ["%d/%m/%Y"]


@pytest.mark.parametrize(
    "wrong",
    ["date_order=XYZ", "currency=euros", "time_zone=Moon", "colour=red", "identity=Nothing", "column.quantity=X"],
)
def test_an_answer_that_is_none_is_refused_in_words(run: Run, file: str, wrong: str) -> None:
    code, result = run("detect", file, "--answer", wrong)
    assert code == 1
    assert wrong.partition("=")[0] in result["error"]


def test_saving_again_makes_the_next_version(run: Run, file: str) -> None:
    options = answer_options(ANSWERS | {"date_order": "DMY"})
    assert run("detect", file, *options, "--save", "shop")[1]["saved"]["version"] == 1
    assert run("detect", file, *options, "--answer", "country=France", "--save", "shop")[1]["saved"]["version"] == 2


def test_a_region_with_another_way_of_naming_sales_gets_a_prefix(run: Run, file: str) -> None:
    code, result = run(
        "detect", file, *answer_options(ANSWERS | {"date_order": "DMY", "region": "IN"}), "--save", "shop"
    )
    assert (code, result["contract"]["identity"]["id_prefix"]) == (0, "shop-")
    assert run("ingest", file, "--region", "shop")[0] == 0


def test_a_contract_cannot_be_saved_under_a_name_that_none_may_have(run: Run, file: str) -> None:
    code, result = run("detect", file, *answer_options(ANSWERS | {"date_order": "DMY"}), "--save", "my shop")
    assert (code, "my shop" in result["error"]) == (1, True)


def test_a_file_without_rows_is_refused_in_words(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "empty.csv"
    path.write_text("Order No,Date,Qty,Price\n", encoding="utf-8")
    code, result = run("detect", str(path))
    assert (code, "no rows" in result["error"]) == (1, True)


def test_the_yaml_alone_reads_back_as_the_contract(run_text: RunText, file: str) -> None:
    code, printed = run_text("detect", file, *answer_options(ANSWERS | {"date_order": "DMY"}), "--yaml")
    assert (code, parse_contract_yaml(printed, "shop.yaml").columns["quantity"]) == (0, "Qty")


def test_a_person_reads_the_evidence_and_the_questions(run_text: RunText, file: str) -> None:
    code, printed = run_text("detect", file)
    assert code == 4
    assert "“1.50” in Price (line 2)" in printed
    assert "--answer date_order=DMY|MDY" in printed
