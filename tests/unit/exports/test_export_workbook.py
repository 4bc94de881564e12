"""Workbooks of exports: typed cells, totals, charts, and texts that stay texts."""

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
import python_calamine

from tillstream.delivery import workbook
from tillstream.delivery.export_table import ExportTable, export_table
from tillstream.model.errors import Rejected

AMOUNT = pa.decimal128(38, 9)


def _table(columns: dict[str, Any], *totals: str, batches: int = 1) -> ExportTable:
    whole = pa.table(columns)
    size = -(-whole.num_rows // batches)
    return export_table("sales-by-store", whole.to_batches(max_chunksize=max(size, 1)), totals)


def _content(table: ExportTable) -> bytes:
    return b"".join(workbook.workbook_chunks(table))


def _rows(content: bytes) -> list[list[Any]]:
    return python_calamine.load_workbook(io.BytesIO(content)).get_sheet_by_name("Tillstream").to_python()


def test_cells_have_the_types_of_their_columns_and_texts_are_no_formulas() -> None:
    columns = {
        "store": pa.array(["=1+1", "http://example.com", None]),
        "day": pa.array([date(2026, 6, 1), None, date(2026, 6, 3)]),
        "at": pa.array([datetime(2026, 6, 1, 12, 30, tzinfo=UTC), None, None], pa.timestamp("us", "UTC")),
        "amount": pa.array([Decimal("2.5"), Decimal("-0.000000001"), None], AMOUNT),
        "is_open": pa.array([True, False, None]),
    }
    assert _rows(_content(_table(columns))) == [
        ["store", "day", "at", "amount", "is_open"],
        ["=1+1", date(2026, 6, 1), datetime(2026, 6, 1, 12, 30), 2.5, True],  # noqa: DTZ001 - cells have no zone
        ["http://example.com", "", "", -1e-09, False],
        ["", date(2026, 6, 3), "", "", ""],
    ]


def test_totals_are_formulas_over_the_visible_rows_and_have_their_values() -> None:
    columns = {"store": ["A", "B", "C"], "revenue": pa.array([Decimal(1), Decimal(2), Decimal("0.5")], AMOUNT)}
    content = _content(_table(columns, "revenue", batches=2))
    assert _rows(content)[-1] == ["Total", 3.5]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "SUBTOTAL(109,B2:B4)" in sheet
    assert '<autoFilter ref="A1:B4"/>' in sheet
    assert 'state="frozen"' in sheet


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ({"month": pa.array([date(2026, 1, 1), date(2026, 2, 1)]), "revenue": [1, 2]}, "lineChart"),
        ({"region": ["IN", "UK"], "store": ["A", "B"], "revenue": [1, 2]}, "barChart"),
    ],
)
def test_a_short_table_with_a_total_has_a_chart(columns: dict[str, Any], kind: str) -> None:
    with zipfile.ZipFile(io.BytesIO(_content(_table(columns, "revenue")))) as archive:
        assert kind in archive.read("xl/charts/chart1.xml").decode()


@pytest.mark.parametrize("columns", [{"revenue": [1, 2]}, {"store": ["A"], "revenue": [1]}, {"store": ["A", "B"]}])
def test_other_tables_have_none(columns: dict[str, Any]) -> None:
    with zipfile.ZipFile(io.BytesIO(_content(_table(columns, "revenue")))) as archive:
        assert not [name for name in archive.namelist() if "chart" in name]


def test_a_table_without_rows_has_its_header() -> None:
    empty = pa.record_batch([pa.array([], pa.string())], ["store"])
    assert _rows(_content(export_table("stores", [empty]))) == [["store"]]


def test_a_table_with_more_rows_than_a_sheet_has_place_for_is_rejected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MAX_SHEET_ROWS", 1)
    with pytest.raises(Rejected, match="use Parquet or CSV"):
        _content(_table({"store": ["A", "B"]}))
