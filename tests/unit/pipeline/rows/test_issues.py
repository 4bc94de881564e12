"""Issues are stored by columns and listed by rows."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest

from tillstream.model.columns import STAGED
from tillstream.model.problems import Severity
from tillstream.model.tables.warehouse_tables import REJECTED_ROWS, TABLES
from tillstream.pipeline.rows.row_batch import Issues, format_values
from tillstream.pipeline.rows.text_columns import arrow_schema


def rows(*indexes: int) -> np.ndarray:
    return np.array(indexes, np.int64)


def some() -> Issues:
    issues = Issues()
    issues.add(rows(2, 4), "out-of-range", "quantity", pa.array([Decimal(7), Decimal("8.50")]), "it must be at most 5")
    issues.add(rows(0, 2), "zero-price", "unit_price", pa.array(["0", "0"]))
    issues.add(rows(1), "out-of-range", "quantity", pa.array([Decimal(9)]), "it must be at most 5")
    issues.add(rows(), "not-a-date", "sale_date", pa.array([], pa.string()))
    return issues


def test_the_table_has_one_row_per_find_by_index() -> None:
    table = some().table()
    assert table.column("index").to_pylist() == [0, 1, 2, 2, 4]
    assert table.slice(1, 2).to_pylist() == [
        {"index": 1, "code": "out-of-range", "column": "quantity", "value": "9", "detail": "it must be at most 5"},
        {"index": 2, "code": "out-of-range", "column": "quantity", "value": "7", "detail": "it must be at most 5"},
    ]
    assert [str(one.type) for one in table.schema] == ["int64", "string", "string", "string", "string"]
    assert Issues().table().schema == table.schema


def test_only_errors_refuse_a_row() -> None:
    assert some().rejected_mask(5).tolist() == [False, True, True, False, True]
    assert some().table(Severity.WARNING).column("index").to_pylist() == [0, 2]
    assert len(some()) == 5


def test_rows_with_an_error_in_a_column_are_found() -> None:
    assert some().rows_with_issue(5, frozenset({"quantity"})).tolist() == [False, True, True, False, True]
    assert not some().rows_with_issue(5, frozenset({"unit_price"})).any()


def test_the_summary_counts_by_code_and_column_and_shows_the_first_row() -> None:
    summary = {(one.code, one.column): one for one in some().summary()}
    assert set(summary) == {("out-of-range", "quantity"), ("zero-price", "unit_price")}
    first = summary["out-of-range", "quantity"]
    assert (first.count, first.first, first.value, first.severity) == (3, 1, "9", Severity.ERROR)


def test_a_mask_picks_its_own_values_and_details() -> None:
    issues = Issues()
    mask = np.array([False, True, False, True])
    values, details = pa.array(["a", "b", "c", "d"]), pa.array(["w", "x", "y", "z"])
    issues.add_where(mask, "line-total-mismatch", "net_amount", values, details)
    issues.add_where(np.zeros(4, np.bool_), "not-a-date", "sale_date")
    rows = issues.table().to_pylist()
    assert [(row["index"], row["value"], row["detail"]) for row in rows] == [(1, "b", "x"), (3, "d", "z")]


def test_a_code_that_the_catalogue_lacks_is_our_mistake() -> None:
    with pytest.raises(KeyError):
        Issues().add(rows(1), "no-such-rule", None)


def test_decimals_are_written_without_the_zeros_of_their_scale() -> None:
    values = ["100", "1.500000001", "0", "-0.000000001", None, "0.0000012", "120.50", "-7"]
    numbers = pa.array([None if one is None else Decimal(one) for one in values], pa.decimal128(38, 9))
    expected = ["100", "1.500000001", "0", "-0.000000001", None, "0.0000012", "120.5", "-7"]
    assert format_values(numbers).to_pylist() == expected


def test_every_list_of_columns_becomes_a_schema_and_hashes_are_left_to_the_engines() -> None:
    assert arrow_schema(STAGED).field("net_amount").type == pa.decimal128(38, 9)
    assert arrow_schema(STAGED).field("accepted").type == pa.bool_()
    assert arrow_schema(REJECTED_ROWS).names == [field.name for field in REJECTED_ROWS]
    with pytest.raises(ValueError, match="hash128"):
        arrow_schema(TABLES["sightings"])
