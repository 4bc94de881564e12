"""CSV and JSON lines, written from columns, state what a conversion of each value does."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pypdfium2
import pytest

from tillstream.delivery.export_formats import export_format
from tillstream.delivery.export_table import (
    SLICE_ROWS,
    batch_slices,
    csv_chunks,
    export_table,
    filters_in_words,
    jsonl_chunks,
)
from tillstream.delivery.subscription_files import CountedRows
from tillstream.model.json_text import to_json

COLUMNS: dict[str, pa.Array] = {
    "name": pa.array(["Käse", None, 'a "quoted"\nline', ""]),
    "amount": pa.array([Decimal(0), Decimal("0.000000001"), None, Decimal("-1200.50")], pa.decimal128(38, 9)),
    "units": pa.array([1, None, -3, 2**60]),
    "share": pa.array([0.5, None, -1e-7, 1e21]),
    "complete": pa.array([True, False, None, True]),
    "day": pa.array([date(2026, 2, 28), None, date(1899, 12, 31), date(9999, 12, 31)]),
    "at": pa.array(
        [
            datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
            datetime(2026, 1, 2, 3, 4, 5, 120, tzinfo=UTC),
            None,
            datetime(1899, 1, 1, 23, 59, 59, 500_000, tzinfo=UTC),
        ],
        pa.timestamp("us", "UTC"),
    ),
    "local": pa.array([datetime.fromisoformat("2026-01-02T03:00"), None, None, None], pa.timestamp("us")),
    "list": pa.array([["a", "b"], None, [], ["c"]]),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_json_lines_are_the_converted_values(name: str) -> None:
    table = pa.table({name: COLUMNS[name]})
    expected = [{name: to_json(value)} for value in COLUMNS[name].to_pylist()]
    assert _objects(table) == expected


def test_rows_of_a_large_batch_keep_their_order() -> None:
    numbers = pa.table({"number": pa.array(range(2 * SLICE_ROWS + 5))})
    assert [row["number"] for row in _objects(numbers)] == list(range(2 * SLICE_ROWS + 5))
    lines = b"".join(csv_chunks(export_table("numbers", numbers.to_batches()))).decode("utf-8-sig")
    assert [row[0] for row in csv.reader(io.StringIO(lines))][1:] == [
        str(number) for number in range(2 * SLICE_ROWS + 5)
    ]
    assert max(batch.num_rows for batch in batch_slices(numbers.to_batches())) == SLICE_ROWS


def test_a_table_without_rows_is_one_empty_batch() -> None:
    empty = pa.RecordBatch.from_pylist([], pa.schema([("a", pa.string())]))
    assert [batch.num_rows for batch in batch_slices([empty])] == [0]


def _objects(table: pa.Table) -> list[Any]:
    text = b"".join(jsonl_chunks(export_table("rows", table.to_batches()))).decode()
    return [json.loads(line) for line in text.split("\n")[:-1]]


FIGURES = [("10.006", "10.004", "0.002"), ("5.004", "6.006", "-1.002"), ("1.00", None, None), ("9", "8.5", "0.5")]


def _decimals(values: Iterable[str | None]) -> pa.Array:
    return pa.array([None if one is None else Decimal(one) for one in values], pa.decimal128(38, 9))


def _cells(query: str, rows: pa.RecordBatch, currency: str) -> list[list[str]]:
    text = b"".join(export_format("csv").chunks(export_table(query, [rows], currency=currency))).decode()
    return list(csv.reader(text.splitlines()[1:]))


@pytest.mark.parametrize(
    ("query", "after", "before", "change"),
    [
        ("customers-compared", "revenue", "before", "change"),
        ("products-compared", "revenue", "year_before", "year_change"),
        ("change-by-group", "after", "before", "change"),
        ("price-effects", "revenue_after", "revenue_before", "revenue_change"),
    ],
)
def test_a_printed_change_is_that_of_the_two_printed_figures(query: str, after: str, before: str, change: str) -> None:
    names = (after, before, change)
    rows = pa.record_batch(dict(zip(names, map(_decimals, zip(*FIGURES, strict=True)), strict=True)))
    printed = [["10.01", "10", "0.01"], ["5", "6.01", "-1.01"], ["1", "", ""], ["9", "8.5", "0.5"]]
    assert _cells(query, rows, "GBP") == printed
    assert _cells(query, rows, "")[0] == list(FIGURES[0]), "exact amounts have exact changes"
    counted = CountedRows(export_table(query, [rows], currency="GBP"))
    assert [batch.column(change)[0].as_py() for batch in counted.batches()] == [Decimal("0.002")]
    assert counted.first == printed


def test_a_printed_total_and_fraction_of_a_change_are_those_of_the_printed_figures() -> None:
    """The total is that of all groups: it stays as it is, rounded, where some of them are not in the file."""
    now, before, change = map(_decimals, zip(*FIGURES[1:], strict=True))
    growths, total = _decimals(["-0.166833167", None, "0.058823529"]), _decimals(["-0.502"] * 3)
    rows = pa.record_batch(
        {"revenue": now, "year_before": before, "year_change": change, "year_growth": growths}
        | {"year_total_change": total}
    )
    printed = [["-1.01", "-0.168053245", "-0.51"], ["", "", "-0.51"], ["0.5", "0.058823529", "-0.51"]]
    assert [row[2:] for row in _cells("customers-compared", rows, "GBP")] == printed
    assert [row[4] for row in _cells("customers-compared", rows.slice(1), "GBP")] == ["-0.5"] * 2
    assert _cells("customers-compared", rows, "")[0][2:] == ["-1.002", "-0.166833167", "-0.502"]


def test_the_growth_of_a_figure_is_that_of_its_printed_values() -> None:
    """Only amounts are rounded: others, such as units, are exact."""
    rows = pa.record_batch(
        {
            "figure": pa.array(["revenue", "units"]),
            "value": _decimals(["10.006", "10.006"]),
            "before": _decimals(["10.004", "10.004"]),
            "growth": _decimals(["0.00019992", "0.00019992"]),
        }
    )
    assert _cells("growth", rows, "GBP") == [
        ["revenue", "10.01", "10", "0.001"],
        ["units", "10.006", "10.004", "0.00019992"],
    ]


def test_converted_amounts_are_rounded_where_people_read_them_and_exact_for_programs() -> None:
    """Half away from zero, in the currency that is shown; amounts of a line are as they are recorded."""
    amounts = pa.array([Decimal(one) for one in ("114808.865622957", "-0.125", "0.005")], pa.decimal128(38, 9))
    rows = pa.record_batch({"revenue": amounts, "net_amount": amounts, "units": amounts})

    def written(suffix: str, currency: str) -> bytes:
        return b"".join(export_format(suffix).chunks(export_table("sale-lines", [rows], currency=currency)))

    def cells(currency: str) -> list[list[str]]:
        return list(csv.reader(written("csv", currency).decode().splitlines()[1:]))

    exact = "114808.865622957"
    assert [row[0] for row in cells("USD")] == ["114808.87", "-0.13", "0.01"]
    assert cells("USD")[0][1:] == [exact, exact]
    assert cells("JPY")[0] == ["114809", exact, exact]
    assert cells("")[0] == [exact] * 3
    for suffix in ("jsonl", "parquet"):
        assert written(suffix, "USD") == written(suffix, "")
    titles = {
        ("revenue", "units"): "Amounts in USD",
        ("revenue", "net_amount", "currency"): "Converted amounts in USD",
        ("net_amount", "currency"): "",
    }
    for names, title in titles.items():
        columns = {name: amounts if name != "currency" else pa.array(["INR"] * 3) for name in names}
        table = export_table("sale-lines", [pa.record_batch(columns)], filters={"in": ["USD"]}, currency="USD")
        assert filters_in_words(table.filters, table.amounts) == [title] * bool(title)
    (page,) = pypdfium2.PdfDocument(written("pdf", "KWD"))
    assert "114,808.866" in page.get_textpage().get_text_bounded()
    with zipfile.ZipFile(io.BytesIO(written("xlsx", "JPY"))) as book:
        formats = re.findall(rb'formatCode="([^"]*)"', book.read("xl/styles.xml"))
    assert set(formats) >= {b"#,##0", b"#,##0.00"}, "of the converted amounts in yen, and of other columns"


LINES = pa.record_batch({
    "currency": pa.array(["JPY", "KWD", "EUR"]),
    "net_amount": pa.array([Decimal(1200), Decimal("1.2345"), Decimal("12.3456")], pa.decimal128(38, 9)),
    "unit_price": pa.array([Decimal(1200), Decimal("1.2345"), Decimal("0.0125")], pa.decimal128(38, 9)),
    "quantity": pa.array([Decimal(1), Decimal("1.5"), Decimal(2)], pa.decimal128(38, 9)),
})  # fmt: skip


def test_a_workbook_shows_amounts_of_lines_with_the_decimals_of_their_currency() -> None:
    with zipfile.ZipFile(io.BytesIO(_lines("xlsx"))) as book:
        sheet, styles = (book.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "styles"))
    codes = {f"{number}": code for number, code in re.findall(r'numFmtId="(\d+)" formatCode="([^"]*)"', styles)}
    codes |= {"3": "#,##0", "4": "#,##0.00"}  # built in
    (cells,) = re.findall(r"<cellXfs.*?</cellXfs>", styles)
    of_style = [codes.get(number, "") for number in re.findall(r'<xf numFmtId="(\d+)"', cells)]
    shown = {cell: of_style[int(style)] for cell, style in re.findall(r'<c r="([B-D][2-4])" s="(\d+)"', sheet)}
    assert [shown[f"B{row}"] for row in (2, 3, 4)] == ["#,##0", "#,##0.000", "#,##0.00"]
    assert [shown[f"C{row}"] for row in (2, 3, 4)] == ["#,##0", "#,##0.0000", "#,##0.0000"]
    assert {shown[f"D{row}"] for row in (2, 3, 4)} == {"#,##0.00"}


def test_a_pdf_shows_amounts_of_lines_with_the_decimals_of_their_currency() -> None:
    (page,) = pypdfium2.PdfDocument(_lines("pdf"))
    text = page.get_textpage().get_text_bounded().split()
    rows = [text[text.index(code) :][1:4] for code in ("JPY", "KWD", "EUR")]
    assert rows == [["1,200", "1,200", "1.00"], ["1.235", "1.2345", "1.50"], ["12.35", "0.0125", "2.00"]]


def test_a_message_shows_amounts_of_lines_with_the_decimals_of_their_currency() -> None:
    counted = CountedRows(export_table("sale-lines", [LINES], currency="USD"))
    assert list(counted.batches()) == [LINES], "the file has what is recorded"
    assert [row[1:3] for row in counted.first] == [["1200", "1200"], ["1.235", "1.2345"], ["12.35", "0.0125"]]


def _lines(suffix: str) -> bytes:
    return b"".join(export_format(suffix).chunks(export_table("sale-lines", [LINES], currency="USD")))
