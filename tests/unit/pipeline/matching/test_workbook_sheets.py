"""The sheet of a workbook that contains the sales is found, or asked; pivot tables are recognised."""

import io
from datetime import date, timedelta
from typing import Any

import pytest
from sheet_files import WORKBOOKS, Cells, ods, ods_rows, xls, xlsb, xlsx

from examples import one_in
from tillstream.detection import FileSample
from tillstream.detection.evidence import DetectionLog
from tillstream.model.errors import Rejected
from tillstream.pipeline.matching.match_contract import read_sample

SALES: Cells = [
    ["Order", "Date", "Product", "Qty", "Net"],
    *([100 + n, date(2026, 1, 5) + timedelta(n), f"Cup {n % 3}", n % 4 + 1, 2.5 * (n % 4 + 1)] for n in range(40)),
]
RETURNS: Cells = [["Order", "Date", "Product", "Qty", "Net"], [900, date(2026, 2, 1), "Cup 1", -1, -2.5]]
COVER: Cells = [["Report of sales"], ["Created", date(2026, 2, 2)], ["By", "Anna"], ["Total", 250]]
PRODUCTS: Cells = [["Product", "Price"], ["Cup 0", 2.5], ["Cup 1", 2.5]]
PIVOT: Cells = [
    ["Sum of Net", "Column Labels"],
    ["Row Labels", "Jan", "Grand Total"],
    ["Cup 0", 80, 80],
    ["Grand Total", 80, 80],
]
TABULAR_PIVOT: Cells = [["Product", "Sum of Net"], ["Cup 0", 80], ["Cup 1", 90], ["Grand Total", 170]]
BY_MONTH: Cells = [["Product", "January 2026", "February 2026", "March 2026"], ["Cup 0", 1, 2, 3], ["Cup 1", 4, 5, 6]]
BY_YEAR: Cells = [["Produkt", "2023", "2024", "2025"], ["Tasse", 1, 2, 3], ["Teller", 4, 5, 6]]


def sample(data: bytes, sheet: str | None = None, answer: str = "") -> tuple[FileSample, DetectionLog]:
    log = DetectionLog({"sheet": answer} if answer else {})
    return read_sample(lambda: io.BytesIO(data), log, sheet), log


def by_xlsx(*sheets: tuple[str, Cells]) -> bytes:
    def more(workbook: Any, _: Any) -> None:
        dated = workbook.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in sheets[1:]:
            worksheet = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                for place, cell in enumerate(row):
                    worksheet.write(number, place, cell, *([dated] if isinstance(cell, date) else []))

    return xlsx(sheets[0][1], more, sheets[0][0])


def by_xlsx_hidden(*sheets: tuple[str, Cells], hidden: list[str]) -> bytes:
    def hide(workbook: Any, _: Any) -> None:
        for name, rows in sheets:
            worksheet = workbook.get_worksheet_by_name(name) or workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                for place, cell in enumerate(row):
                    worksheet.write(number, place, str(cell) if isinstance(cell, date) else cell)
            if name in hidden:
                worksheet.hide()
        workbook.get_worksheet_by_name(next(name for name, _ in sheets if name not in hidden)).activate()

    return xlsx([], hide, sheets[0][0])


def by_ods_hidden(*sheets: tuple[str, Cells], hidden: list[str]) -> bytes:
    return ods(*((name, ods_rows(rows)) for name, rows in sheets), hidden=hidden)


def by_ods(*sheets: tuple[str, Cells]) -> bytes:
    return ods(*((name, ods_rows(rows)) for name, rows in sheets))


@pytest.mark.parametrize("build", [by_xlsx, xls, xlsb, by_ods], ids=["xlsx", "xls", "xlsb", "ods"])
def test_the_data_behind_a_cover_sheet_is_found(build: Any) -> None:
    file_sample, log = sample(build(("Cover", COVER), ("Sales", SALES), ("Products", PRODUCTS)))
    assert (file_sample.file, file_sample.sheet.rows) == ({"sheet": "Sales"}, 40)
    assert log.questions == []
    (finding,) = log.findings
    assert (finding.about, finding.value, finding.sure) == ("sheet", "Sales", "certain")
    assert "“Cover” is not a table" in finding.evidence or "“Cover” has no columns" in finding.evidence


@pytest.mark.parametrize("build", [by_xlsx, xlsb], ids=["xlsx", "xlsb"])
def test_a_first_sheet_of_sales_needs_no_question(build: Any) -> None:
    more: list[list[tuple[str, Cells]]] = [[], [("Products", PRODUCTS)], [("Sheet2", [])], [("Pivot", PIVOT)]]
    for others in more:
        file_sample, log = sample(build(("Sales", SALES), *others))
        assert (file_sample.file, file_sample.sheet.rows, log.questions) == ({}, 40, [])


def test_several_sheets_of_sales_become_a_question_with_their_first_rows() -> None:
    data = by_xlsx(("Returns", RETURNS), ("Sales", SALES))
    _, log = sample(data)
    (question,) = log.questions
    assert (question.key, question.choices) == ("sheet", ("Sales", "Returns"))
    assert "“Sales” has Order, Date, Product, Qty, Net, as in 100, 2026-01-05, Cup 0, 1, 2.5" in question.evidence
    assert "“Returns” has Order" in question.evidence
    answered, log = sample(data, answer="Returns")
    assert (answered.file, answered.sheet.rows, log.questions) == ({"sheet": "Returns"}, 1, [])
    _, log = sample(data, answer="June")
    (question,) = log.questions
    assert (question.choices, question.evidence) == (("Returns", "Sales"), "there is no sheet “June”")


@pytest.mark.parametrize("pivot", [PIVOT, TABULAR_PIVOT, BY_MONTH, BY_YEAR], ids=["labels", "sums", "months", "years"])
def test_a_pivot_table_is_refused_or_the_data_behind_it_is_proposed(pivot: Cells) -> None:
    file_sample, log = sample(by_xlsx(("Summary", pivot), ("Data", SALES)))
    assert (file_sample.file, file_sample.sheet.rows) == ({"sheet": "Data"}, 40)
    assert "“Summary” is a pivot table" in log.findings[0].evidence
    for sheets in ([("Summary", pivot)], [("Cover", COVER), ("Summary", pivot)]):
        with pytest.raises(Rejected, match=r"The sheet “Summary” is a pivot table .* one row per sale line"):
            sample(by_xlsx(*sheets))


def test_the_sheet_of_the_contract_is_sampled_where_there_is_one() -> None:
    data = by_xlsx(("Summary", PIVOT), ("Data", SALES), ("Returns", RETURNS))
    assert sample(data, "Returns")[0].sheet.rows == 1
    assert sample(data, "")[0].sheet.names[0] == "Row Labels"


@pytest.mark.parametrize("kind", one_in(2, list(WORKBOOKS)))
def test_start_middle_and_end_of_a_sheet_are_sampled(kind: str) -> None:
    build: Any = WORKBOOKS[kind]
    rows = [["No", "Date", "Net"], *([n, "01/02/2026", n] for n in range(12_000))]
    rows[-1] = [11999, "31/02/2026", 1]
    sheet = sample(build(rows))[0].sheet
    assert (sheet.rows, sheet.contiguous_rows, sheet.is_complete) == (7_000, 5_000, False)
    cells = sheet.columns["No"].cells
    assert (cells[0], cells[5_000], cells[-1]) == ("0", "8000", "11999")
    assert (sheet.columns["Date"].cells[-1], sheet.columns["Date"].lines[-1]) == ("31/02/2026", 12_001)


@pytest.mark.parametrize("build", [by_xlsx_hidden, xls, xlsb, by_ods_hidden], ids=["xlsx", "xls", "xlsb", "ods"])
def test_a_visible_sheet_comes_before_hidden_ones(build: Any) -> None:
    short = [*SALES[:1], *SALES[5:]]
    _, log = sample(build(("Old", SALES), ("Sales", short), hidden=["Old"]))
    (question,) = log.questions
    assert (question.choices, question.default) == (("Sales", "Old"), "Sales")
    assert "“Old” (a hidden sheet) has Order" in question.evidence
    file_sample, log = sample(build(("Data", SALES), ("Cover", COVER), hidden=["Data"]))
    assert (file_sample.file, log.questions) == ({"sheet": "Data"}, [])
    assert log.findings[0].evidence.startswith("“Data” is a hidden sheet; ")
