"""`detect` of a file that a contract fits: the source is asked first, and choosing it needs no other answer."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.conftest import Run, RunText

TILL = {
    "name": "till",
    "region": "Austria",
    "currency": "EUR",
    "columns": {"sale_id": "No", "date": "Day", "status": "State", "net_amount": "Amount"},
    "identity": {"store": "VIE"},
    "status": {"words": {"paid": "completed"}},
}
ROWS = [f"{1000 + number},2026-03-{1 + number % 28:02},paid,{number}.50" for number in range(40)]


@pytest.fixture
def till(home: Path) -> None:
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "till.yaml").write_text(yaml.safe_dump(TILL))


def write(tmp_path: Path, *rows: str, header: str = "No,Day,State,Amount") -> str:
    path = tmp_path / "export.csv"
    path.write_text("\n".join([header, *rows, ""]))
    return str(path)


def keys(result: dict[str, Any]) -> list[str]:
    return [question["key"] for question in result["questions"]]


@pytest.mark.usefixtures("till")
def test_the_source_is_the_first_question_and_its_answer_is_the_contract(tmp_path: Path, run: Run) -> None:
    path = write(tmp_path, *ROWS)
    code, result = run("detect", path)
    (question,) = result["questions"]
    assert (code, question["key"], question["choices"], question["default"]) == (4, "source", ["till", "new"], "till")
    assert question["evidence"] == "till: all 4 columns of the data source exist and can be read"
    code, result = run("detect", path, "--answer", "source=till", "--save", "till")
    assert (code, keys(result), result["source"], result["contract"]["region"]) == (0, [], "till", "Austria")
    assert (result["saved"], result["first_load"]["rows_read"]) == ({"name": "till", "version": 1}, 40)
    assert run("ingest", path, "--region", "till")[1]["rows"]["new"] == 40


@pytest.mark.usefixtures("till")
def test_a_file_that_differs_proposes_the_next_version_of_its_source(home: Path, tmp_path: Path, run: Run) -> None:
    path = write(tmp_path, *ROWS, header="No,Day,States,Amount")
    code, result = run("detect", path, "--answer", "source=till", "--save", "till")
    assert (code, keys(result), result["saved"]) == (0, [], {"name": "till", "version": 2})
    saved = yaml.safe_load((home / "contracts" / "till.yaml").read_text())
    assert (saved["columns"]["status"], saved["status"]["words"]) == ("States", {"paid": "completed"})
    assert run("ingest", path, "--region", "till")[1]["rows"]["new"] == 40


@pytest.mark.usefixtures("till")
def test_answers_about_the_content_and_new_lead_to_a_new_contract(tmp_path: Path, run: Run) -> None:
    path = write(tmp_path, *ROWS)
    for answer in ("source=new", "region=Austria"):
        result = run("detect", path, "--answer", answer)[1]
        assert "source" not in keys(result)
        assert "currency" in keys(result)
    code, result = run("detect", path, "--answer", "source=till", "--save", "other")
    assert (code, "is a file of till" in result["error"]) == (1, True)


@pytest.mark.usefixtures("till")
def test_one_bad_cell_does_not_make_the_source_unknown(tmp_path: Path, run: Run, run_text: RunText) -> None:
    path = write(tmp_path, *ROWS[:9], "1999,yesterday,paid,1.00")
    assert keys(run("detect", path)[1]) == ["source"]
    code, printed = run_text("detect", path)
    assert "? From which source is this file? --answer source=till|new" in printed
    code, printed = run_text("detect", path, "--answer", "source=till")
    assert (code, "export.csv · contract till, version 1 · 10 rows sampled" in printed) == (0, True)
    assert "To load the file, use ingest FILE --region till." in printed


@pytest.mark.usefixtures("till")
@pytest.mark.parametrize("named", [(), ("--region", "tyll")])
def test_ingest_without_a_known_contract_offers_those_that_fit_by_content(
    home: Path, tmp_path: Path, run: Run, named: tuple[str, ...]
) -> None:
    kiosk = TILL | {"name": "kiosk", "region": "Tyrol"}
    (home / "contracts" / "kiosk.yaml").write_text(yaml.safe_dump(kiosk))
    path = Path(write(tmp_path, *ROWS)).rename(tmp_path / "till.csv")
    code, result = run("ingest", str(path), *named)
    command = f"Run `tillstream ingest {path} --region till`, or with another of these."
    assert (code, result["error"].endswith(command)) == (1, True), result
    assert "till.csv can be read with kiosk, till." in result["error"], "the name of the file breaks the tie only"
    assert run("ingest", str(path), "--region", "kiosk")[1]["rows"]["new"] == 40


def test_ingest_of_a_file_that_nothing_fits_names_how_to_set_one_up(tmp_path: Path, run: Run) -> None:
    path = write(tmp_path, "5,blue", header="Size,Colour")
    code, result = run("ingest", path)
    assert (code, result["error"]) == (
        1,
        "Name the contract of the files with `--region`. None can read export.csv. To set one up, run "
        f"`tillstream detect {path} --save NAME`.",
    )
