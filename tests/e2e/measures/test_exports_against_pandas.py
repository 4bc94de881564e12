"""Each number of an exported file equals an independent calculation with pandas, in every format."""

import io
import json
import re
from collections.abc import Collection
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pandas_measures as oracle
import pytest
import python_calamine
from pdf_text import pages_of
from pyarrow import parquet
from test_against_pandas import Shop, shop

from tillstream.app import App
from tillstream.commands.query import export
from tillstream.commands.result import quiet

__all__ = ["shop"]
pytestmark = pytest.mark.system
MEASURES = ["revenue", "orders", "units", "lines", "average_order_value"]
LABELS = {"sales-by-region": "region", "sales-by-category": "category", "sales-by-country": "country"}
FORMATS = ("csv", "jsonl", "parquet", "xlsx")
EMPTY = "–"
CELL = r"−?[\d,]+(?:\.\d+)?|–"
"""A number of a PDF, or an empty cell."""


def _rows(path: Path) -> list[dict[str, Any]]:
    """The rows as a spreadsheet or program reads them; numbers as decimals where the format keeps all digits."""
    match path.suffix:
        case ".csv":
            return pd.read_csv(path, dtype=str, keep_default_na=False).to_dict("records")
        case ".jsonl":
            return [json.loads(line, parse_int=str) for line in path.read_text().splitlines()]
        case ".parquet":
            return parquet.read_table(path).to_pylist()
        case _:
            head, *rows = python_calamine.load_workbook(io.BytesIO(path.read_bytes())).get_sheet_by_index(0).to_python()
            return [dict(zip(map(str, head), row, strict=True)) for row in rows if row[0] != "Total"]


def _written(app: App, folder: Path, suffix: str, **arguments: Any) -> list[dict[str, Any]]:
    out = folder / f"out.{suffix}"
    fields: dict[str, Any] = {"query": "", "params": {}} | arguments
    result = export(app, quiet, out=str(out), **fields)
    rows = _rows(out)
    assert result.data["rows"] == len(rows)
    assert [path.name for path in folder.iterdir()] == [out.name]
    return rows


def _equal(value: Any, expected: Any, suffix: str) -> bool:
    if expected is None or value in ("", None):
        return expected is None and (value in ("", None) or pd.isna(value))
    if suffix == "xlsx":
        return bool(float(value) == pytest.approx(float(expected), rel=1e-14))
    if suffix == "csv":  # converted amounts have the decimals of their currency
        return str(value) == _rounded(expected, str(value)).replace(",", "").replace("−", "-")
    return Decimal(str(value)) == Decimal(expected)


def every_format_once(values: Collection[str]) -> list[Any]:
    """Each value with each format, of which only one value of each format is tried with each change."""
    return [
        pytest.param(value, suffix, marks=() if at % len(values) == number else pytest.mark.long)
        for number, value in enumerate(values)
        for at, suffix in enumerate(FORMATS)
    ]


@pytest.mark.parametrize(("by", "suffix"), every_format_once(["category", "month"]))
def test_exported_measures_are_those_of_pandas(shop: Shop, suffix: str, by: str, tmp_path: Path) -> None:
    _, app, frame = shop
    expected = oracle.values(oracle.Selection(frame, frame), (by,), MEASURES)
    rows = _written(app, tmp_path, suffix, measures=MEASURES, by=[by])
    exported = {str(row[by] or ""): row for row in rows}
    assert set(exported) == {str(key or "") for (key,) in expected}
    wrong = [
        (key, name, exported[str(key or "")][name], one[name])
        for (key,), one in expected.items()
        for name in MEASURES
        if not _equal(exported[str(key or "")][name], one[name], suffix)
    ]
    assert wrong == []


@pytest.mark.parametrize(("query", "suffix"), every_format_once(LABELS))
def test_exported_queries_are_those_of_pandas(shop: Shop, suffix: str, query: str, tmp_path: Path) -> None:
    _, app, frame = shop
    names = ["revenue", "units", "lines"]
    expected = oracle.values(oracle.Selection(frame, frame), (LABELS[query],), names)
    rows = _written(app, tmp_path, suffix, query=query)
    exported = {str(row[LABELS[query]] or ""): row for row in rows}
    assert set(exported) == {str(key or "") for (key,) in expected}
    for (key,), one in expected.items():
        row = exported[str(key or "")]
        assert [name for name in names if not _equal(row[name], one[name], suffix)] == []


def test_the_total_of_a_workbook_is_that_of_pandas(shop: Shop, tmp_path: Path) -> None:
    _, app, frame = shop
    out = tmp_path / "stores.xlsx"
    export(app, quiet, query="sales-by-store", params={}, out=str(out))
    head, *_, last = python_calamine.load_workbook(io.BytesIO(out.read_bytes())).get_sheet_by_index(0).to_python()
    ((_, expected),) = oracle.values(oracle.Selection(frame, frame), (), ["revenue", "units", "lines"]).items()
    exported = dict(zip(map(str, head), last, strict=True))
    assert {name: exported[name] for name in expected} == pytest.approx({k: float(v) for k, v in expected.items()})


def test_exported_lines_are_those_of_the_ledger(shop: Shop, tmp_path: Path) -> None:
    _, app, frame = shop
    rows = _written(app, tmp_path, "parquet", query="sale-lines")
    assert len(rows) == len(frame)
    assert len({(row["region"], row["sale_id"], row["line_key"]) for row in rows}) == len(frame)


@pytest.mark.parametrize("by", ["category", "month"])
def test_a_pdf_has_the_numbers_of_pandas_rounded(shop: Shop, by: str, tmp_path: Path) -> None:
    _, app, frame = shop
    out = tmp_path / "out.pdf"
    export(app, quiet, query="", params={}, measures=MEASURES, by=[by], out=str(out))
    lines = "\n".join(pages_of(out.read_bytes())).splitlines()
    matched = [re.fullmatch(rf"(.+?)((?: (?:{CELL})){{{len(MEASURES)}}})", line) for line in lines]
    rows = {one[1]: re.findall(CELL, one[2]) for one in matched if one}
    expected = oracle.values(oracle.Selection(frame, frame), (by,), MEASURES)
    assert set(rows) == {str(key or EMPTY) for (key,) in expected}
    for (key,), one in expected.items():
        for name, text in zip(MEASURES, rows[str(key or EMPTY)], strict=True):
            assert text == _rounded(one[name], text), (key, name)


def _rounded(value: Any, like: str) -> str:
    """A number with as many decimals as another one."""
    if value is None:
        return EMPTY
    unit = Decimal(1).scaleb(-len(like.partition(".")[2]))
    return f"{Decimal(value).quantize(unit, ROUND_HALF_UP):,f}".replace("-", "−")
