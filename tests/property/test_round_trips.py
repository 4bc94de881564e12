"""Any table of sales, written in the style of any shipped contract, reads back equal in every format."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from generated_sales import Line, ReadResult, cells, compared, csv_text, plain, read_file, sales, typed
from hypothesis import given, settings
from hypothesis import strategies as st
from sheet_files import ods, ods_rows, xls, xlsx

from examples import examples
from tillstream.contracts import contract_files
from tillstream.model.contract import Contract

SHIPPED = {name: contract for name, contract in contract_files.shipped_contracts().items() if plain(contract)}
Writer = Callable[[list[Line], Contract, st.DataObject], bytes]


def as_csv(lines: list[Line], contract: Contract, data: st.DataObject) -> bytes:
    line_end = data.draw(st.sampled_from(["\r\n", "\n", "\r"]))
    text = csv_text(cells(lines, contract), contract, line_end, quoted=data.draw(st.booleans()))
    if data.draw(st.booleans()):
        text = text.removesuffix(line_end)
    mark = "\ufeff" if contract.file.encoding == "utf-8" and data.draw(st.booleans()) else ""
    return (mark + text).encode(contract.file.encoding)


def as_gzip(lines: list[Line], contract: Contract, data: st.DataObject) -> bytes:
    return gzip.compress(as_csv(lines, contract, data))


def as_zip(lines: list[Line], contract: Contract, data: st.DataObject) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sales.csv", as_csv(lines, contract, data))
    return out.getvalue()


def table(lines: list[Line], contract: Contract, data: st.DataObject) -> list[list[Any]]:
    """Cells as texts, or as numbers and dates."""
    return data.draw(st.sampled_from([cells, typed]))(lines, contract)


def as_xlsx(lines: list[Line], contract: Contract, data: st.DataObject) -> bytes:
    return xlsx(table(lines, contract, data))


def as_xls(lines: list[Line], contract: Contract, data: st.DataObject) -> bytes:
    return xls(("Sales", table(lines, contract, data)))


def as_ods(lines: list[Line], contract: Contract, data: st.DataObject) -> bytes:
    return ods(("Sales", ods_rows(table(lines, contract, data))))


def as_jsonl(lines: list[Line], contract: Contract, data: st.DataObject) -> bytes:
    names, *rows = table(lines, contract, data)
    plainly = [[value.isoformat() if isinstance(value, date | time) else value for value in row] for row in rows]
    return "".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in plainly).encode()


def as_parquet(lines: list[Line], contract: Contract, data: st.DataObject) -> bytes:
    names, *rows = table(lines, contract, data)
    out = io.BytesIO()
    columns = zip(names, zip(*rows, strict=True), strict=True)
    pq.write_table(pa.table({name: _of_one_type(values) for name, values in columns}), out)
    return out.getvalue()


def _of_one_type(values: Sequence[Any]) -> pa.Array:
    """Days among instants are their midnights, as a column has one type."""
    if datetime in set(map(type, values)):
        values = [datetime.combine(one, time()) if type(one) is date else one for one in values]
    return pa.array(values)


FORMATS: dict[str, Writer] = {
    "csv": as_csv,
    "gzip": as_gzip,
    "zip": as_zip,
    "xlsx": as_xlsx,
    "xls": as_xls,
    "ods": as_ods,
    "jsonl": as_jsonl,
    "parquet": as_parquet,
}


@settings(max_examples=examples(12))
@pytest.mark.parametrize("format", sorted(FORMATS))
@pytest.mark.parametrize("name", sorted(SHIPPED))
@given(data=st.data())
def test_sales_written_in_a_contracts_style_read_back_equal(name: str, format: str, data: st.DataObject) -> None:
    contract = SHIPPED[name]
    lines = data.draw(sales(contract))
    result: ReadResult = read_file(FORMATS[format](lines, contract, data), contract)
    assert (result.error, result.refused, result.blank, result.ignored, result.cut) == ("", [], 0, 0, "")
    for read, was in compared(result.rows, lines, contract):
        assert read == was


def test_most_of_the_shipped_contracts_are_proved_so() -> None:
    assert {"IN", "UK", "USA", "DE", "FR", "JP", "BR", "classic-models", "online-retail-uk"} <= set(SHIPPED)
