"""Any table of sales, written in the style of any shipped contract, reads back equal in every format."""

import gzip
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from written_sales import Told, cells, compared, csv_text, sales, told

from tillstream import contracts
from tillstream.domain.contract import Contract

SHIPPED = {
    name: contract
    for name, contract in contracts.shipped().items()
    if not contract.made and "sale_id" in contract.columns
}


def as_csv(rows: list[list[str]], contract: Contract, data: st.DataObject) -> bytes:
    line_end = data.draw(st.sampled_from(["\r\n", "\n"]))
    text = csv_text(rows, contract, line_end, quoted=data.draw(st.booleans()))
    if data.draw(st.booleans()):
        text = text.removesuffix(line_end)
    mark = "\ufeff" if contract.file.encoding == "utf-8" and data.draw(st.booleans()) else ""
    return (mark + text).encode(contract.file.encoding)


def as_gzip(rows: list[list[str]], contract: Contract, data: st.DataObject) -> bytes:
    return gzip.compress(as_csv(rows, contract, data))


FORMATS: dict[str, Callable[[list[list[str]], Contract, st.DataObject], bytes]] = {"csv": as_csv, "gzip": as_gzip}


@settings(max_examples=6, deadline=None)
@pytest.mark.parametrize("format", sorted(FORMATS))
@pytest.mark.parametrize("name", sorted(SHIPPED))
@given(data=st.data())
def test_sales_written_in_a_contracts_style_read_back_equal(name: str, format: str, data: st.DataObject) -> None:
    contract = SHIPPED[name]
    lines = data.draw(sales(contract))
    found: Told = told(FORMATS[format](cells(lines, contract), contract, data), contract)
    assert (found.error, found.refused, found.blank, found.ignored, found.cut) == ("", [], 0, 0, "")
    for read, was in compared(found.rows, lines, contract):
        assert read == was
