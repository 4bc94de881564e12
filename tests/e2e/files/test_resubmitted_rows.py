"""Corrected rows as spreadsheets really save them, and what is wrong with those that cannot be taken."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from examples import one_in
from tests.e2e.conftest import Once, Run

HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
GOOD = "".join(f"90{n},A,b,1,12/5/2011 9:02,1,1,UK\n" for n in range(10, 30))
BAD = '901,=1+1,"Café ""Zoë"", £5",two,12/5/2011 9:02,1.5,1,UK\n902,-5,+x,two,12/5/2011 9:02,1.5,1,UK\n'
Rows = list[dict[str, str]]


@pytest.fixture
def batch(run: Run, once: Once[str], tmp_path: Path) -> str:
    """A batch with two refused rows."""

    def ingest() -> str:
        (tmp_path / "sales.csv").write_text(HEAD + BAD + GOOD, encoding="utf-8")
        return str(run("ingest", str(tmp_path / "sales.csv"), "--region", "online-retail-uk")[1]["batch_id"])

    return once(ingest)


@pytest.fixture
def download(run: Run, tmp_path: Path) -> Callable[[str], Rows]:
    def get(batch: str) -> Rows:
        run("quarantine", batch, "--csv", str(tmp_path / "refused.csv"))
        text = (tmp_path / "refused.csv").read_text(encoding="utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    return get


def write(path: Path, rows: Rows, encoding: str = "utf-8-sig", **form: Any) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), **form)
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return str(path)


def products(run: Run) -> dict[str, Any]:
    rows = run("query", "sale-lines")[1]["rows"]
    return {row["product_id"]: row["product_name"] for row in rows if row["product_id"] != "A"}


SAVED = {
    "with commas and a mark": {},
    "with every cell quoted": {"quoting": csv.QUOTE_ALL},
    "with semicolons": {"delimiter": ";"},
    "with semicolons and every cell quoted": {"delimiter": ";", "quoting": csv.QUOTE_ALL},
    "with tabs": {"delimiter": "\t"},
    "with line feeds": {"lineterminator": "\n"},
    "without a mark": {"encoding": "utf-8"},
}


@pytest.mark.parametrize("form", one_in(3, list(SAVED.values())), ids=SAVED)
def test_corrected_rows_count_however_the_spreadsheet_saved_them(
    run: Run, tmp_path: Path, batch: str, download: Callable[[str], Rows], form: dict[str, Any]
) -> None:
    rows = [row | {"Quantity": "1"} for row in download(batch)]
    code, receipt = run("fix", batch, write(tmp_path / "fixed.csv", rows, **form))
    assert (code, receipt["rows"]["new"], receipt["rows"]["quarantined"]) == (0, 22, 0)
    assert products(run) == {"=1+1": 'Café "Zoë", £5', "-5": "+x"}


def test_columns_in_another_order_and_columns_of_ones_own_change_nothing(
    run: Run, tmp_path: Path, batch: str, download: Callable[[str], Rows]
) -> None:
    rows = [dict(reversed(row.items())) | {"My note": "done"} | {"Quantity": "1"} for row in download(batch)]
    assert run("fix", batch, write(tmp_path / "fixed.csv", rows))[0] == 0
    assert products(run) == {"=1+1": 'Café "Zoë", £5', "-5": "+x"}


def test_a_row_rejected_again_is_exported_as_it_was_submitted(
    run: Run, tmp_path: Path, batch: str, download: Callable[[str], Rows]
) -> None:
    """However often it goes back and forth, no guard and no column of ours becomes part of its cells."""
    first = download(batch)
    for quantity in ("three", "four"):
        rows = [dict(reversed(row.items())) | {"Quantity": quantity} for row in download(batch)]
        assert run("fix", batch, write(tmp_path / "fixed.csv", rows))[0] == 3
    again = download(batch)
    ours = {"Quantity": "two"}
    assert [row | ours | {"_problems": ""} for row in again] == [row | ours | {"_problems": ""} for row in first]
    assert [row["raw"] for row in run("quarantine", batch)[1]["rows"]] == [
        '901,=1+1,"Café ""Zoë"", £5",four,12/5/2011 9:02,1.5,1,UK',
        "902,-5,+x,four,12/5/2011 9:02,1.5,1,UK",
    ]
    rows = [row | {"Quantity": "1"} for row in again]
    assert run("fix", batch, write(tmp_path / "fixed.csv", rows))[0] == 0
    assert products(run) == {"=1+1": 'Café "Zoë", £5', "-5": "+x"}


def without(row: dict[str, str], name: str) -> dict[str, str]:
    return {column: cell for column, cell in row.items() if column != name}


WRONG: dict[str, tuple[Callable[[dict[str, str]], dict[str, str]], dict[str, Any], str]] = {
    "letters of Windows": (dict, {"encoding": "cp1252"}, "CSV UTF-8"),
    "an answer that is no answer": (lambda row: row | {"_accept": "maybe"}, {}, "_accept is “maybe”"),
    "two answers": (lambda row: row | {"_accept": "yes", "_discard": "a test"}, {}, "both accepted and discarded"),
    "no row numbers": (lambda row: without(row, "_row"), {}, "no column _row"),
    "row numbers in words": (lambda row: row | {"_row": "one"}, {}, "the downloaded whole numbers"),
    "a column less": (lambda row: without(row, "Country"), {}, "missing from the corrected file: Country"),
    "a row of somebody else": (lambda row: row | {"_row": str(int(row["_row"]) + 90)}, {}, "is not a row to fix"),
}


@pytest.mark.parametrize(("change", "form", "words"), WRONG.values(), ids=WRONG)
def test_a_rejected_correction_file_states_the_reason(
    run: Run,
    tmp_path: Path,
    batch: str,
    download: Callable[[str], Rows],
    change: Callable[[dict[str, str]], dict[str, str]],
    form: dict[str, Any],
    words: str,
) -> None:
    rows = [change(row | {"Quantity": "1"}) for row in download(batch)]
    code, answer = run("fix", batch, write(tmp_path / "fixed.csv", rows, **form))
    assert (code, words in answer["error"]) == (1, True), answer
    assert "Failed to parse" not in answer["error"]
    assert len(download(batch)) == 2
