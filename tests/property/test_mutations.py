"""A file damaged on its way gives the same sales, a question or a named problem; never another total in silence."""

from collections import Counter
from typing import Any

from generated_sales import Line, ReadResult, cells, compared, csv_text, read_file, sales, total
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from examples import examples
from tillstream.contracts import contract_files
from tillstream.model.contract import Contract

NAMES = ("IN", "UK", "USA", "classic-models", "online-retail-uk")
MANY = settings(max_examples=examples(24))
DRAWN = st.sampled_from(NAMES)
WITH_DAYS = [name for name in NAMES if "%d" in contract_files.shipped_contracts()[name].dates.formats[0]]
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1", "cp850")


def a_file(data: st.DataObject, name: str, least: int = 2) -> tuple[Contract, list[Line], str, str]:
    """Contract, lines, text and the line end it is written with."""
    contract = contract_files.shipped_contracts()[name]
    lines = data.draw(sales(contract, least, 8))
    line_end = data.draw(st.sampled_from(["\r\n", "\n"]))
    return (
        contract,
        lines,
        csv_text(cells(lines, contract), contract, line_end, quoted=data.draw(st.booleans())),
        line_end,
    )


def read(text: str, contract: Contract) -> ReadResult:
    return read_file(text.encode(contract.file.encoding), contract)


def same(result: ReadResult, lines: list[Line], contract: Contract) -> bool:
    return len(result.rows) == len(lines) and all(one == other for one, other in compared(result.rows, lines, contract))


def figures(result: ReadResult) -> Counter[tuple[Any, ...]]:
    return Counter((row["sale_id"], row["sale_date"], row["quantity"], row["net_amount"]) for row in result.rows)


def never_silent(result: ReadResult, before: ReadResult) -> None:
    """Accepted rows are as written; a missing or changed row is reported."""
    if result.silent:
        assert figures(result) == figures(before)
    missing = figures(before) - figures(result)
    other = figures(result) - figures(before)
    assert not other or result.codes or result.cut, other
    assert not missing or result.refused or result.codes or result.cut or result.error, missing
    if not result.error and not result.refused and not result.cut:
        assert total(result.rows) == total(before.rows)


@MANY
@given(data=st.data(), name=DRAWN)
def test_columns_in_another_order_are_the_same_sales(data: st.DataObject, name: str) -> None:
    contract = contract_files.shipped_contracts()[name]
    lines = data.draw(sales(contract))
    rows = cells(lines, contract)
    order = data.draw(st.permutations(range(len(rows[0]))))
    assert same(read(csv_text([[row[at] for at in order] for row in rows], contract), contract), lines, contract)


@MANY
@given(data=st.data(), name=DRAWN)
def test_line_ends_written_twice_add_only_blank_rows(data: st.DataObject, name: str) -> None:
    contract, lines, text, line_end = a_file(data, name)
    result = read(text.replace(line_end, line_end * 2), contract)
    assert same(result, lines, contract)
    assert result.blank == len(lines) + 1


@MANY
@given(data=st.data(), name=DRAWN, other=st.sampled_from([",", ";", "\t", "|"]))
def test_another_delimiter_is_named_or_understood(data: st.DataObject, name: str, other: Any) -> None:
    contract, lines, _, _ = a_file(data, name)
    written = contract.model_copy(update={"file": contract.file.model_copy(update={"delimiter": other})})
    result = read(csv_text(cells(lines, contract), written), contract)
    assert (
        same(result, lines, contract)
        if other == contract.file.delimiter
        else result.error or same(result, lines, contract)
    )


@MANY
@given(
    data=st.data(), name=DRAWN, encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1", "cp850"])
)
def test_another_encoding_never_changes_a_number_or_a_day(data: st.DataObject, name: str, encoding: str) -> None:
    contract, _, text, _ = a_file(data, name)
    try:
        written = text.encode(encoding)
    except UnicodeEncodeError:
        assume(False)
    never_silent(read_file(written, contract), read(text, contract))


@MANY
@given(
    data=st.data(),
    name=st.sampled_from([name for name in NAMES if "%d" in contract_files.shipped_contracts()[name].dates.formats[0]]),
)
def test_days_and_months_the_other_way_round_are_refused_or_flagged(data: st.DataObject, name: str) -> None:
    contract, lines, _, _ = a_file(data, name, least=4)
    turned = contract.dates.formats[0].replace("%d", "%_").replace("%m", "%d").replace("%_", "%m")
    other = contract.model_copy(update={"dates": contract.dates.model_copy(update={"formats": (turned,)})})
    assume(any(line["date"].day > 12 for line in lines))
    result = read(csv_text(cells(lines, other), contract), contract)
    days_read = {row["sale_id"]: row["sale_date"] for row in result.rows}
    before = {
        row["sale_id"]: row["sale_date"] for row in read(csv_text(cells(lines, contract), contract), contract).rows
    }
    assert result.refused or result.error or days_read == before


@MANY
@given(data=st.data(), name=DRAWN)
def test_a_lost_quote_costs_no_other_row_in_silence(data: st.DataObject, name: str) -> None:
    contract, _, text, _ = a_file(data, name)
    quotes = [at for at, letter in enumerate(text) if letter == '"' and at > text.index("\n")]
    assume(quotes)
    at = data.draw(st.sampled_from(quotes))
    never_silent(read(text[:at] + text[at + 1 :], contract), read(text, contract))


@MANY
@given(data=st.data(), name=DRAWN)
def test_a_file_cut_in_mid_row_is_held_or_its_row_refused(data: st.DataObject, name: str) -> None:
    contract, _, text, _ = a_file(data, name)
    at = data.draw(st.integers(text.index("\n") + 1, len(text) - 1))
    kept = text[:at]
    before = read(text, contract)
    result = read(kept, contract)
    whole = read(kept[: kept.rfind("\n") + 1], contract)
    added = figures(result) - figures(whole)
    assert not added - figures(before) or result.codes or result.cut, added


@MANY
@given(data=st.data(), name=DRAWN, lost=st.integers(1, 3))
def test_cells_lost_from_a_row_are_reported(data: st.DataObject, name: str, lost: int) -> None:
    contract, lines, _, _ = a_file(data, name)
    rows = cells(lines, contract)
    which, start = data.draw(st.integers(1, len(lines))), data.draw(st.integers(0, len(rows[0]) - lost))
    before = read(csv_text(rows, contract), contract)
    del rows[which][start : start + lost]
    never_silent(read(csv_text(rows, contract), contract), before)
