"""A file that lacks its contract's columns is refused, and a table below its sales is evidence against it."""

import io
from datetime import date
from typing import Any

import pytest
from sheet_files import xlsx

from tillstream.contracts.contract_files import shipped_contracts
from tillstream.model.contract import Contract, parse_contract
from tillstream.model.errors import Rejected
from tillstream.pipeline.staging.file_source import RegionalFileSource

CONTRACT = shipped_contracts()["online-retail-uk"]
HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def refusal(text: str) -> str:
    with pytest.raises(Rejected) as caught:
        list(RegionalFileSource(lambda: io.BytesIO(text.encode()), CONTRACT, date(2026, 1, 1)).row_batches())
    return str(caught.value)


@pytest.mark.parametrize(("delimiter", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_another_delimiter_is_named(delimiter: str, name: str) -> None:
    words = refusal(HEAD.replace(",", delimiter) + "\n1" + delimiter * 7 + "\n")
    assert words.startswith(f"The cells are separated by {name}, but the delimiter of the data source is commas.")


def test_the_columns_that_are_missing_and_those_there_are_named() -> None:
    assert refusal("a,b\n1,2\n").startswith("The header does not contain InvoiceNo, InvoiceDate, ")
    assert "It contains a, b. " in refusal("a,b\n1,2\n")


def test_however_many_columns_there_are_the_words_stay_readable() -> None:
    words = refusal(",".join(f"column {n}" for n in range(2_000)) + "\n1,2\n")
    assert "and 1,970 more." in words
    assert len(words) < 1_000
    assert len(refusal("x" * 100_000 + "\n1\n")) < 1_000


HEADER = "Day,Item,Amount"
SALES = ["2026-03-02,Mug,5.50", "2026-03-03,Tea,2.50", "2026-03-03,Mug,5.50"]
OTHERS = ["2026-03-05,Rent,50.00", "2026-03-06,Post,2.00"]


def contract() -> Contract:
    columns = {"date": "Day", "product_name": "Item", "net_amount": "Amount"}
    identity = {"by_content": True, "ids": "region-wide"}
    return parse_contract(
        {"name": "north", "region": "North", "currency": "EUR", "identity": identity, "columns": columns}
    )


def doubt(data: bytes) -> str:
    source = RegionalFileSource(lambda: io.BytesIO(data), contract(), date(2026, 4, 1))
    for _ in source.row_batches():
        pass
    return source.table_doubt


def csv_doubt(*lines: str) -> str:
    return doubt("\n".join([*lines, ""]).encode())


@pytest.mark.parametrize("title", ["Expenses,,", "Expenses", ",Expenses,"])
@pytest.mark.parametrize("blank", [[], ["", ",,"]])
def test_a_title_above_a_repeated_header_is_evidence(title: str, blank: list[str]) -> None:
    lines = ["Sales,,", HEADER, *SALES, *blank, title, *blank, HEADER, *OTHERS]
    assert csv_doubt(*lines) == f"line {6 + len(blank)}, “Expenses”, is a title above another header"


def test_a_single_title_below_a_blank_row_is_evidence() -> None:
    lines = [HEADER, *SALES, "", "Previous month", *OTHERS]
    assert csv_doubt(*lines) == "line 6, “Previous month”, is a title among the rows"


@pytest.mark.parametrize(
    "lines",
    [
        [HEADER, *SALES, "Previous month,,", *OTHERS],
        [HEADER, *SALES, "", "Prepared by Ada,,"],
        [HEADER, "", "North,,", *SALES, "", "South,,", *OTHERS],
        [HEADER, *SALES, "", ",Rent,5.00", *OTHERS],
    ],
)
def test_titles_of_sections_and_notes_are_none(lines: list[str]) -> None:
    assert csv_doubt(*lines) == ""


def test_another_header_is_evidence() -> None:
    lines = [HEADER, *SALES, "", "Day,Paid to,Amount", *OTHERS]
    assert csv_doubt(*lines) == "line 6 is another header: Day, Paid to, Amount"


@pytest.mark.parametrize(
    "pages",
    [
        [HEADER, *SALES, HEADER, *OTHERS],
        [HEADER, *SALES, "", HEADER, *OTHERS],
        ["Report 1,,", HEADER, *SALES, "Report 2,,", HEADER, *OTHERS],
        [HEADER, *SALES, "Page 2 of 3,,", HEADER, *OTHERS],
        [HEADER, *SALES, "Shop,,", HEADER, *OTHERS, "Shop,,", HEADER, *OTHERS],
    ],
)
def test_pages_of_a_report_are_none(pages: list[str]) -> None:
    assert csv_doubt(*pages) == ""


def test_a_sheet_with_a_second_table_is_evidence() -> None:
    rows: list[list[Any]] = [["Sales"], *([*line.split(",")] for line in (HEADER, *SALES))]
    rows += [[], ["Expenses"], *(line.split(",") for line in (HEADER, *OTHERS))]
    assert doubt(xlsx(rows)) == "line 7, “Expenses”, is a title above another header"
