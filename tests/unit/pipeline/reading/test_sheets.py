"""Cells of workbooks become the text that a contract reads back to the same value; no row is lost in silence."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sheet_files import WORKBOOKS, ods, ods_cell, ods_rows, xlsx

from tillstream.model.contract_sections import FileStyle
from tillstream.model.limits import LIMITS
from tillstream.pipeline.reading.open_reader import read_blocks, read_header
from tillstream.pipeline.reading.read_options import ReadOptions, UnreadableFile
from tillstream.pipeline.rows.row_batch import Block

VALUES: list[tuple[Any, str]] = [
    (12557.0, "12557"),
    (-3, "-3"),
    (0.1 + 0.2, "0.3"),
    (1234.5, "1234.5"),
    (1.23e-7, "0.000000123"),
    (9007199254740991, "9007199254740991"),
    (1.23e22, "1.23000000000000E+22"),
    ("=1+1", "=1+1"),
    ("007", "007"),
    ("  kept ", "  kept "),
    ("Ünï\n日本 😀", "Ünï\n日本 😀"),
    (True, "TRUE"),
    (False, "FALSE"),
    (date(2026, 1, 5), "2026-01-05"),
    (time(13, 5, 1), "13:05:01"),
    (None, ""),
]


def read(data: bytes, *needed: str, **how: Any) -> list[Block]:
    return list(read_blocks(lambda: io.BytesIO(data), ReadOptions(required_headers=needed, **how)))


def rows(data: bytes, *needed: str, **how: Any) -> list[dict[str, str]]:
    return [row for block in read(data, *needed, **how) for row in block.cells.to_pylist()]


def refusal(data: bytes, *needed: str, **how: Any) -> UnreadableFile:
    with pytest.raises(UnreadableFile) as caught:
        read(data, *needed, **how)
    return caught.value


@pytest.fixture(params=WORKBOOKS, name="workbook")
def _workbook(request: pytest.FixtureRequest) -> Any:
    return WORKBOOKS[request.param]


@pytest.mark.parametrize(("value", "text"), VALUES, ids=[text or "nothing" for _, text in VALUES])
def test_a_typed_cell_becomes_its_text(workbook: Any, value: Any, text: str) -> None:
    assert rows(workbook([["No", "Value"], ["1", value]])) == [{"No": "1", "Value": text}]


def test_numbers_have_the_decimal_sign_of_the_contract(workbook: Any) -> None:
    data = workbook([["No", "Value"], [1, 1234.5], [2, "1.234,50"], [3, 1e-7]])
    assert [row["Value"] for row in rows(data, decimal=",")] == ["1234,5", "1.234,50", "0,0000001"]


def test_a_time_at_midnight_among_other_times_stays_a_time(workbook: Any) -> None:
    data = workbook([["When"], [datetime(2026, 1, 5, 13, 1, 2)], [datetime(2026, 1, 6)]])  # noqa: DTZ001 - wall clock
    assert [row["When"] for row in rows(data)] == ["2026-01-05T13:01:02", "2026-01-06T00:00:00"]


def test_text_of_an_ods_cell_is_read_however_deeply_it_is_formatted() -> None:
    inner = '<text:span>in</text:span><text:s text:c="2"/>side'
    nested = f"a{'<text:span>' * 2_000}{inner}{'</text:span>b' * 2_000}"
    cell = f'<table:table-cell office:value-type="string"><text:p>{nested}</text:p></table:table-cell>'
    assert rows(ods(("T", ods_rows([["No"]]) + f"<table:table-row>{cell}</table:table-row>"))) == [
        {"No": "ain  side" + "b" * 2_000}
    ]


def test_more_hours_than_a_day_has_are_an_issue() -> None:
    assert rows(xlsx([["Worked"], [timedelta(hours=36, minutes=5)]])) == [{"Worked": "36:05:00"}]
    cell = ods_cell("x").replace('"string"', '"time" office:time-value="PT36H05M00.5S"')
    assert rows(ods(("T", ods_rows([["Worked"]]) + f"<table:table-row>{cell}</table:table-row>"))) == [
        {"Worked": "36:05:00.5"}
    ]


def test_years_count_from_1904_if_the_workbook_sets_it() -> None:
    assert rows(xlsx([["Day"], [date(2026, 1, 5)]], default_date_format="", date_1904=True)) == [{"Day": "2026-01-05"}]


def test_percent_is_the_number_it_is_and_hidden_rows_count() -> None:
    def more(workbook: Any, worksheet: Any) -> None:
        worksheet.write_number(1, 1, 0.125, workbook.add_format({"num_format": "0.0%"}))
        worksheet.set_row(1, None, None, {"hidden": True})

    assert rows(xlsx([["No", "Rate"], ["1"]], more)) == [{"No": "1", "Rate": "0.125"}]


def test_formulas_have_their_values_and_errors_their_names() -> None:
    def more(workbook: Any, worksheet: Any) -> None:
        worksheet.write_formula(1, 1, "=1+1", None, 2)
        worksheet.write_formula(2, 1, "=1/0", None, "#DIV/0!")
        worksheet.write_formula(3, 1, '=""', None, "")
        worksheet.write_formula(5, 0, "=NA()", None, "#N/A")

    blocks = read(xlsx([["No", "Sum"], ["1"], ["2"], ["3"], ["4", "x"]], more))
    assert [list(row.values()) for row in blocks[0].cells.to_pylist()] == [
        ["1", "2"],
        ["2", "#DIV/0!"],
        ["4", "x"],
        ["#N/A", ""],
    ]
    assert [(row.row_number, row.line_number, row.code, row.detail, row.raw) for row in blocks[0].unreadable] == [
        (3, 4, "formula-without-value", "Sum", "3,")
    ]


def test_formulas_of_ods_too() -> None:
    error = '<table:table-cell table:formula="of:=1/0"><text:p>#DIV/0!</text:p></table:table-cell>'
    lacking = '<table:table-cell table:formula="of:=1+1"/>'
    both = "".join(f"<table:table-row>{ods_cell('1')}{cell}</table:table-row>" for cell in (error, lacking))
    (block,) = read(ods(("T", ods_rows([["No", "Sum"]]) + both)))
    assert block.cells.to_pylist() == [{"No": "1", "Sum": "#DIV/0!"}]
    assert [(row.line_number, row.code) for row in block.unreadable] == [(3, "formula-without-value")]


def test_the_header_is_the_row_with_all_that_is_needed(workbook: Any) -> None:
    title = [
        ["Sales of March"],
        [],
        ["as of", date(2026, 3, 31)],
        [None, "No", "Qty"],
        [None, "1", 2],
        [],
        [None, "2", 3],
    ]
    (block,) = read(workbook(title), "Qty", "No")
    assert block.cells.to_pylist() == [{"No": "1", "Qty": "2"}, {"No": "2", "Qty": "3"}]
    assert (block.row_number.tolist(), block.line_number.tolist(), block.blank) == ([1, 3], [5, 7], 1)
    options = ReadOptions(required_headers=("Qty", "No"))
    assert read_header(lambda: io.BytesIO(workbook(title)), options).names == ["No", "Qty"]
    assert read(workbook(title), "Other")[0].cells.column_names == ["Sales of March"]


def test_without_known_columns_the_header_is_below_the_titles(workbook: Any) -> None:
    table = [["Sales of March"], ["as of", date(2026, 3, 31)], ["No", "Day", "Qty"], ["1", date(2026, 3, 1), 2]]
    assert read(workbook(table))[0].cells.column_names == ["No", "Day", "Qty"]
    assert read(workbook([[1, 2, 3], ["a", "b", "c"]]))[0].cells.column_names == ["1", "2", "3"]


def test_merged_titles_are_one_cell() -> None:
    def more(workbook: Any, worksheet: Any) -> None:
        worksheet.merge_range("A1:C1", "Sales of March", workbook.add_format({"bold": True}))

    assert rows(xlsx([[], ["No", "Qty"], ["1", 2]], more), "No", "Qty") == [{"No": "1", "Qty": "2"}]


def test_rows_that_hold_only_colours_are_blank_or_do_not_exist() -> None:
    def more(workbook: Any, worksheet: Any) -> None:
        red = workbook.add_format({"bg_color": "red"})
        for number in (*range(2, 500), *range(501, 3000)):
            for place in range(3):
                worksheet.write_blank(number, place, None, red)
        worksheet.write_row(500, 0, ["2", 3])

    (block,) = read(xlsx([["No", "Qty"], ["1", 2]], more))
    assert (block.cells.num_rows, block.blank, block.line_number.tolist()) == (2, 498, [2, 501])


def test_repeated_rows_are_expanded_and_empty_ones_at_the_end_are_dropped() -> None:
    row = ods_rows([["1", 2]]).replace("<table:table-row>", '<table:table-row table:number-rows-repeated="3">')
    empty = '<table:table-row table:number-rows-repeated="{}"><table:table-cell/></table:table-row>'
    data = ods(("T", ods_rows([["No", "Qty"]]) + empty.format(5000) + row + empty.format(1_040_000)))
    (block,) = read(data)
    assert (block.cells.num_rows, block.blank, block.line_number.tolist()) == (3, 5000, [5002, 5003, 5004])


def test_a_cell_outside_the_header_refuses_its_row(workbook: Any) -> None:
    (block,) = read(workbook([["No", "Qty"], ["1", 2], ["2", "moved", 3]]))
    assert block.cells.num_rows == 1
    assert [(row.line_number, row.code, row.value, row.detail, row.raw) for row in block.unreadable] == [
        (3, "ragged-row", "3", "2", "2,moved,3")
    ]


def test_columns_without_a_name_count_where_they_hold_something(workbook: Any) -> None:
    assert rows(workbook([[None, "No", None, "Qty"], [0, "1", None, 2]])) == [{"column 1": "0", "No": "1", "Qty": "2"}]
    both = [["No", None, None, "Qty"], ["1", "a", "b", 2]]
    assert rows(workbook(both)) == [{"No": "1", "column 2": "a", "column 3": "b", "Qty": "2"}]


def test_the_named_sheet_is_read_and_an_unknown_one_names_those_there_are() -> None:
    def more(workbook: Any, worksheet: Any) -> None:
        workbook.add_worksheet("März").write_row(0, 0, ["No", "Qty"])

    for data in (
        xlsx([["Read me"]], more, sheet="Cover"),
        ods(("Cover", ods_rows([["Read me"]])), ("März", ods_rows([["No", "Qty"]]))),
    ):
        assert read(data, style=FileStyle(sheet="März"))[0].cells.column_names == ["No", "Qty"]
        assert read(data)[0].cells.column_names == ["Read me"]
        assert "Its sheets are “Cover”, “März”" in str(refusal(data, style=FileStyle(sheet="May")))
        assert "also has “März”" in str(refusal(data, "No", "Qty"))


def test_a_hidden_sheet_is_not_the_first_one() -> None:
    def more(workbook: Any, worksheet: Any) -> None:
        shown = workbook.add_worksheet("Shown")
        shown.write_row(0, 0, ["No"])
        shown.activate()
        worksheet.hide()

    assert read(xlsx([["Lists"]], more))[0].cells.column_names == ["No"]


def test_an_empty_sheet_and_repeated_names_are_rejected(workbook: Any) -> None:
    assert refusal(workbook([])).code == "empty-file"
    repeated = workbook([["No", "Qty", "No"], ["1", 2, 3]])
    assert refusal(repeated).code == "repeated-header"
    numbered = ReadOptions(FileStyle(repeated_names="number"), ("No",))
    assert next(read_blocks(lambda: io.BytesIO(repeated), numbered)).cells.column_names == ["No", "Qty", "No (3)"]


def test_a_workbook_too_large_is_refused_before_it_is_opened() -> None:
    data = xlsx([["No", "Qty"], *([str(number), number] for number in range(3_000))])
    assert "sheet_limit_mb" in str(refusal(data, limits=replace(LIMITS, sheet_bytes=1 << 16)))
    assert "unpacked_ratio" in str(refusal(data, limits=replace(LIMITS, free_bytes=1 << 12, ratio=3)))


def test_few_bytes_that_declare_millions_of_cells_are_rejected() -> None:
    row = ods_rows([["x" * 100]]).replace("<table:table-row>", '<table:table-row table:number-rows-repeated="1040000">')
    row = row.replace("<table:table-cell ", '<table:table-cell table:number-columns-repeated="16000" ')
    assert "unpacked_limit_mb" in str(refusal(ods(("T", ods_rows([["No"]]) + row))))


def test_a_locked_or_damaged_workbook_is_rejected_with_the_reason(workbook: Any) -> None:
    assert "password" in str(refusal(ods(("T", ""), manifest="<encryption-data/>")))
    data = workbook([["No", "Qty"], ["1", 2]])
    assert "damaged" in str(refusal(data[: len(data) // 2]))


def test_many_rows_come_in_blocks_that_fit_together() -> None:
    blocks = read(xlsx([["No", "Qty"], *([f"{number}", number % 7] for number in range(45_000))]))
    assert [block.cells.num_rows for block in blocks] == [20_000, 20_000, 5_000]
    assert [row["No"] for block in blocks for row in block.cells.to_pylist()] == [f"{n}" for n in range(45_000)]
    assert [int(n) for block in blocks for n in block.line_number] == list(range(2, 45_002))
    assert blocks[1].raw(3) == "20003,4"


def test_headers_repeated_below_and_totals_are_ignored_as_in_text(workbook: Any) -> None:
    table = [["No", "Qty"], ["1", 2], ["No", "Qty"], ["2", 3], ["Total", 5], ["Total", 5, "checked"]]
    (block,) = read(workbook(table), style=FileStyle(ignore=("total",)))
    assert (block.cells.num_rows, block.ignored, block.unreadable) == (2, 3, [])
    assert block.line_number.tolist() == [2, 4]


def test_a_sheet_without_a_header_takes_the_names_of_the_contract(workbook: Any) -> None:
    (block,) = read(workbook([["1", 2], ["2", 3]]), style=FileStyle(header=("No", "Qty")))
    assert block.cells.to_pylist() == [{"No": "1", "Qty": "2"}, {"No": "2", "Qty": "3"}]
    assert (block.row_number.tolist(), block.line_number.tolist()) == ([1, 2], [1, 2])


def test_a_sheet_too_wide_is_refused(workbook: Any) -> None:
    assert "file.max_columns" in str(refusal(workbook([["a", "b", "c"]]), style=FileStyle(max_columns=2)))


def test_cells_so_far_apart_that_the_sheet_would_fill_the_memory_are_refused() -> None:
    def far(workbook: Any, worksheet: Any) -> None:
        worksheet.write(1_048_575, 16_383, "far off")

    data = xlsx([["No", "Qty"], ["1", 2]], far)
    assert "too far apart: the last row is 1,048,576, the last column 16,384" in str(refusal(data))
    irregular = rezipped(data, lambda text: text.replace(b'<c r="XFD1048576"', b"<c  r='XFD1048576'"))
    assert "too far apart" in str(refusal(irregular))
    beyond = rezipped(data, lambda text: text.replace(b'r="XFD1048576"', b'r="ZZZZ9999999999"'))
    assert "not a cell reference" in str(refusal(beyond))


@pytest.mark.parametrize(
    ("attribute", "words"),
    [
        ('columns-repeated="x"', "is not a count"),
        ('columns-repeated="99999"', "more than 16,384 cells"),
    ],
)
def test_counts_that_no_sheet_has_are_refused(attribute: str, words: str) -> None:
    cells = ods_rows([["No", "1", "2"]]).replace("<table:table-cell ", f"<table:table-cell table:number-{attribute} ")
    assert words in str(refusal(ods(("T", cells))))


def test_cells_far_off_that_only_have_a_colour_do_not_count() -> None:
    def far(workbook: Any, worksheet: Any) -> None:
        worksheet.write_blank(1_048_575, 16_383, None, workbook.add_format({"bg_color": "red"}))

    assert rows(xlsx([["No", "Qty"], ["1", 2]], far)) == [{"No": "1", "Qty": "2"}]


def rezipped(data: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """The workbook with its first sheet's XML changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = source.read(name)
            target.writestr(name, change(part) if name.endswith("sheet1.xml") else part)
    return out.getvalue()
