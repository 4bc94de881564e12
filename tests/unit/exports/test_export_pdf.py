"""PDF of tables: rounded numbers, heads on each page, totals, content that is never markup, limits."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from pdf_text import pages_of

from tillstream.delivery import pdf_table
from tillstream.delivery.export_table import ExportTable, export_table
from tillstream.delivery.pdf_table import (
    EMPTY_CELL,
    UPRIGHT_PAGE,
    WIDE_PAGE,
    NeededWidths,
    PageLayout,
    clean_text,
    layout_columns,
    places_of,
)
from tillstream.model.errors import Rejected

AMOUNT = pa.decimal128(38, 9)
MARKUP = "#let x = 1 *bold* _it_ $x^2$ @ref \\ `raw` <tag> [b] // c /* d */ = e - f + g ~ ' \" #"
NOON = datetime(2026, 6, 30, 12, tzinfo=UTC)


def _table(columns: dict[str, Any], *totals: str, **filters: list[str]) -> ExportTable:
    batches = pa.table(columns).to_batches() or [pa.RecordBatch.from_pylist([], pa.table(columns).schema)]
    return export_table("sales-by-store", batches, totals, filters, NOON)


def _pages(table: ExportTable) -> list[str]:
    return pages_of(b"".join(pdf_table.pdf_chunks(table)))


def _amounts(*values: str | None) -> pa.Array:
    return pa.array([None if one is None else Decimal(one) for one in values], AMOUNT)


def test_a_page_has_the_title_filters_rows_totals_and_its_number() -> None:
    columns = {
        "store": ["MUM01", "DEL01", "PUN01"],
        "last_day": [date(2026, 6, 1), None, date(2026, 6, 30)],
        "net_amount": _amounts("1234567.5", "-1000.25", None),
        "margin_share": _amounts("0.12345", "-0.5", None),
        "orders": [1200, -3, None],
    }
    filters = {"from": ["2026-06-01"], "to": ["2026-06-30"], "region": ["IN", "UK"], "in": ["USD"]}
    (page,) = _pages(_table(columns, "net_amount", "orders", **filters))
    lines = page.splitlines()
    assert lines[:4] == [
        "Sales by store",
        "1 Jun 2026 to 30 Jun 2026 · Region: IN, UK · Amounts in USD",
        "3 rows · Created 30 Jun 2026, 12:00 UTC",
        "Store Last day Net amount Margin share Orders",
    ]
    assert lines[-5:] == [
        "MUM01 2026-06-01 1,234,567.50 12.3% 1,200",
        f"DEL01 {EMPTY_CELL} −1,000.25 −50.0% −3",
        f"PUN01 2026-06-30 {EMPTY_CELL} {EMPTY_CELL} {EMPTY_CELL}",
        "Total 1,233,567.25 1,197",
        "Sales by store 1 / 1",
    ]


def test_content_is_data_and_never_markup() -> None:
    columns = {"#name": [MARKUP, "a\tb\nc"], "value": [1, 2]}
    table = _table(columns, category=[MARKUP])
    (page,) = _pages(table)
    plain = "".join(page.split())  # lines end within texts
    assert plain.count("".join(MARKUP.split())) == 2
    assert "a b c 2" in page
    assert "#name Value" in page


def test_characters_that_the_font_lacks_are_marked_and_explained() -> None:
    (page,) = _pages(_table({"name": ["चाय", "茶 tea", "Käse Łódź Ελλάδα Москва"], "n": [1, 2, 3]}))
    assert "??? 1" in page
    assert "? tea 2" in page
    assert "Käse Łódź Ελλάδα Москва 3" in page
    assert pdf_table.REPLACED in page
    assert pdf_table.REPLACED not in _pages(_table({"name": ["tea"]}))[0]
    assert clean_text("photo\u202egpj.exe") == ("photo?gpj.exe", True)


def test_the_head_is_on_each_page_and_pages_are_numbered() -> None:
    pages = _pages(_table({"store": [f"S{number}" for number in range(100)], "orders": [1] * 100}, "orders"))
    assert len(pages) > 1
    for number, page in enumerate(pages, 1):
        assert "Store Orders" in page
        assert f"{number} / {len(pages)}" in page
    assert "Total 100" in pages[-1]


def test_long_names_are_broken_and_many_columns_turn_the_page() -> None:
    columns: dict[str, Any] = {"name": ["Word " * 60, "W" * 150]} | {f"amount_{n}": [1234567, 1] for n in range(8)}
    (page,) = _pages(_table(columns))
    assert " ".join(page.split()).count("Word") == 60
    assert page.replace("\n", "").count("W" * 24) == 6
    assert page.count("1,234,567") == 8


def test_a_table_without_rows_has_its_heads() -> None:
    (page,) = _pages(_table({"store": pa.array([], pa.string()), "orders": pa.array([], pa.int64())}, "orders"))
    assert "0 rows" in page
    assert "Store Orders" in page
    assert "Total" not in page


def test_too_many_rows_or_columns_are_refused_without_reading_on() -> None:
    batch = pa.RecordBatch.from_pydict({"n": list(range(1001))})
    read = 0

    def batches() -> Any:
        nonlocal read
        for _ in range(100):
            read += 1
            yield batch

    with pytest.raises(Rejected, match=r"place for 2,000 rows of this table\. Narrow the filters, or use Excel"):
        _pages(export_table("lines", batches()))
    assert read == 2
    with pytest.raises(Rejected, match="place for 1,000 rows"):
        _pages(_table({f"c{n}": [1] * 1001 for n in range(20)}))
    with pytest.raises(Rejected, match="40 columns do not fit on a page"):
        _pages(_table({f"amount_{n}": [1] for n in range(40)}))


@pytest.mark.parametrize(
    ("values", "places"),
    [
        (["3", "4.000000000"], 0),
        (["3.5", "4"], 2),
        (["0.125", "4"], 3),
        (["33.333333333", "1"], 2),
        (["33.333333333", "0.00021"], 4),
        (["0.000000001"], 9),
        ([], 0),
    ],
)
def test_a_column_has_one_number_of_decimals_with_which_no_value_vanishes(values: list[str], places: int) -> None:
    assert places_of([Decimal(one) for one in values]) == places


def test_numbers_of_any_size_are_shown() -> None:
    columns = {
        "largest": pa.array([Decimal("99999999999999999999999999999.999999999"), Decimal("0.5")], AMOUNT),
        "ratio": [float("nan"), 1.5],
    }
    (page,) = _pages(_table(columns))
    assert "100,000,000,000,000,000,000,000,000,000.00 NaN" in page
    assert "0.50 1.50" in page


def test_columns_fit_upright_else_wide_else_smaller() -> None:
    few = layout_columns([NeededWidths(100, 80, 50)] * 3)
    assert few == PageLayout([108.0] * 3, 8, is_wide=False)
    heads = layout_columns([NeededWidths(200, 80, 50)] * 5)
    assert heads is not None
    assert (heads.is_wide, round(sum(heads.widths))) == (False, UPRIGHT_PAGE)
    more = layout_columns([NeededWidths(100, 100, 50)] * 6)
    assert more == PageLayout([108.0] * 6, 8, is_wide=True)
    wrapped = layout_columns([NeededWidths(200, 200, 60)] * 10)
    assert wrapped is not None
    assert (wrapped.size, round(sum(wrapped.widths))) == (8, WIDE_PAGE)
    small = layout_columns([NeededWidths(60, 60, 60)] * 14)
    assert small is not None
    assert small.size == 6
    assert layout_columns([NeededWidths(60, 60, 60)] * 20) is None
