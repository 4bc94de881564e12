"""Each view gives the same rows on both engines, and the rows that the rules of the numbers require."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from duck import Duck, exact
from googlesql import CALENDAR_YEARS, Judge, Rows
from sample_ledger import SAMPLE_LEDGER

import sql

Shop = Mapping[str, Rows]


def rows(duck: Duck, view: str, *columns: str) -> set[tuple[Any, ...]]:
    result = duck.query(f"SELECT {', '.join(columns)} FROM {view}").to_pylist()
    values = [tuple(row.values()) for row in result]
    assert len(values) == len(set(values))
    return set(values)


def unordered(rows: Rows) -> list[list[Any]]:
    return sorted(([exact(value) for value in row] for row in rows), key=repr)


ROWS = {"dim_date": f"WHERE EXTRACT(YEAR FROM sale_date) BETWEEN {CALENDAR_YEARS[0]} AND {CALENDAR_YEARS[1]}"}
"""View → the rows that are compared, if not all; test_dim_date compares the other years."""


@pytest.mark.parametrize("view", [name for name, _ in sql.views()])
def test_a_view_gives_the_same_rows_on_both_engines(judge: Judge, true_shop: Shop, filled: Duck, view: str) -> None:
    columns, duckdb_rows = filled.answer(f"SELECT * FROM {view} {ROWS.get(view, '')}")
    google_columns = [(name, "STRING" if kind == "JSON" else kind) for name, kind in judge.tables[view]]
    assert [column for column in columns if column[0] != "key"] == [
        column for column in google_columns if column[0] != "key"
    ]
    assert [name for name, _ in columns] == [name for name, _ in google_columns]
    assert unordered(duckdb_rows) == unordered(true_shop[view])
    assert len(duckdb_rows) > 0


def test_every_view_file_is_listed_after_the_views_it_reads() -> None:
    names = [name for name, _ in sql.views()]
    for number, (_, text) in enumerate(sql.views()):
        later = [name for name in names[number:] if f"FROM {name}\n" in text or f"JOIN {name}\n" in text]
        assert later == []


def test_provenance_is_that_of_the_greatest_sighting_not_undone(filled: Duck) -> None:
    provenance = rows(
        filled, "sale_lines", "sale_id", "line_key", "batch_id", "row_number", "line_number", "source", "received_seq"
    )
    assert provenance == {
        ("S1/1", "1", "b1", 1, 2, "file", 100),  # the same bytes again: the earlier batch leads
        ("S1/1", "2", "b3", 4, 5, "file", 100),
        ("S1/2", "1", "b1", 3, 5, "file", 100),
        ("S2/3", "1", "b2", 4, 6, "correction", 100),  # a fix keeps its upload's place
        ("S2/4", "A#1", "b4", 2, 2, "till", 205),  # at an equal version the first received leads
        ("U/6", "1", "b6", 1, 2, "file", 600),
        ("U/7", "1", "b6", 2, 3, "file", 600),
        ("U/8", "1", "b6", 3, 4, "file", 600),
        ("U/9", "1", "b7", 4, 5, "correction", 600),
    }


def test_a_source_without_versions_shows_none(filled: Duck) -> None:
    assert rows(filled, "sale_lines", "DISTINCT source_version") == {(None,), (2,)}


def test_a_fixed_row_has_the_outcome_of_its_last_fix(filled: Duck) -> None:
    outcomes = rows(filled, "outcomes WHERE batch_no IN (1, 6)", "batch_no", "row_number", "fix_number", "outcome")
    assert outcomes == {
        (1, 1, 0, "new"),
        (1, 2, 0, "new"),
        (1, 3, 0, "new"),
        (1, 4, 1, "new"),
        (1, 5, 1, "quarantined"),
        (1, 6, 2, "ignored"),
        (6, 1, 0, "new"),
        (6, 2, 0, "new"),
        (6, 3, 0, "new"),
        (6, 4, 1, "new"),
        (6, 5, 0, "quarantined"),
    }


def test_receipts_balance_and_count_fixes_with_their_upload(filled: Duck) -> None:
    parts = ("rows_new", "rows_corrected", "rows_duplicate", "rows_quarantined", "rows_blank", "rows_ignored")
    receipts = rows(filled, "receipts", "batch_id", "rows_read", *parts, "superseded", "removed", "fixes", "undone_no")
    assert receipts == {
        ("b1", 8, 4, 0, 0, 1, 1, 2, 0, 1, 1, None),
        ("b3", 4, 0, 1, 3, 0, 0, 0, 1, 2, 0, None),
        ("b4", 3, 1, 0, 2, 0, 0, 0, 1, 0, 0, None),
        ("b5", 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 4),
        ("b6", 5, 4, 0, 0, 1, 0, 0, 0, 0, 1, None),
    }
    assert all(row[1] == sum(row[2:8]) for row in receipts)


def test_receipt_amounts_include_rows_that_no_longer_count(filled: Duck) -> None:
    assert rows(filled, "receipt_amounts", "batch_id", "currency", "net", "gross") == {
        ("b1", "INR", Decimal("1219.100000001"), Decimal("118.118")),
        ("b3", "INR", Decimal("1299.100000006"), Decimal("178.118")),
        ("b4", "INR", Decimal(119), None),
        ("b5", "GBP", Decimal(10), None),
        ("b6", "GBP", Decimal("9.255"), None),
        ("b6", "EUR", Decimal(5), None),
        ("b6", "USD", Decimal("7.5"), None),
    }


def test_quarantine_holds_only_rows_still_refused_with_their_last_text(filled: Duck) -> None:
    assert rows(filled, "quarantine", "batch_id", "row_number", "line_number", "fix_number", "refused_by", "raw") == {
        ("b1", 5, 7, 1, "validation", "again"),
        ("b6", 5, 6, 0, "validation", "q"),
    }


def test_amounts_are_converted_exactly_and_the_reporting_currency_needs_no_rate(filled: Duck) -> None:
    amounts = rows(filled, "sale_facts WHERE region = 'UK' OR key = 12", "key", "factor", "revenue", "is_unconverted")
    assert amounts == {
        (12, Decimal("0.012345679"), Decimal("1.851851850061728395"), False),
        (32, Decimal("1.27"), Decimal("15.6718"), False),
        (33, Decimal("1.25"), Decimal("-3.85625"), False),
        (34, None, None, True),
        (35, Decimal(1), Decimal("7.5"), False),
    }


def test_cancelled_lines_have_neither_revenue_nor_units(filled: Duck) -> None:
    assert rows(
        filled, "sale_facts WHERE status = 'cancelled'", "revenue", "units", "is_active", "counts_as_order"
    ) == {(None, None, False, False)}


def test_an_empty_reporting_currency_loses_no_line(duck: Duck) -> None:
    duck.fill({**SAMPLE_LEDGER, "reporting": []})
    assert len(rows(duck, "sale_facts", "key")) == 9
    duck.fill(SAMPLE_LEDGER)
