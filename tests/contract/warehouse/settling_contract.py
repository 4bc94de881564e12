"""What every Warehouse keeps to when it settles; the rules of the numbers themselves are proved in tests/stateful."""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from threads import join_thread

from tillstream.model.columns import STAGED, ColumnKind
from tillstream.model.errors import Rejected
from tillstream.model.people import writers_to_text
from tillstream.pipeline.staging.split_rows import Hasher
from tillstream.pipeline.staging.write_rows import parquet_writer
from tillstream.ports.warehouse import Settlement, StagedBatch, Warehouse, WarehouseQuery

ARROW = {
    ColumnKind.STRING: pa.string(),
    ColumnKind.DATE: pa.date32(),
    ColumnKind.TIMESTAMP: pa.timestamp("us", "UTC"),
    ColumnKind.NUMERIC: pa.decimal128(38, 9),
    ColumnKind.INT64: pa.int64(),
    ColumnKind.BOOL: pa.bool_(),
    ColumnKind.JSON: pa.string(),
}
LINES = "SELECT sale_id, line_key, net_amount FROM sale_versions WHERE is_current AND region = @region ORDER BY 1, 2"
DAY = date(2024, 3, 1)
VERSIONS = """SELECT sale_id, line_key, net_amount, is_current, leads, settlement_no FROM sale_versions
    WHERE region = @region ORDER BY 1, 2, 3"""
RECEIPT = """SELECT file, removed, undone_no, settled_at > TIMESTAMP '2024-01-01 00:00:00+00' AS is_new
    FROM receipts WHERE batch_id = @id"""
Keep = Callable[[str, bytes], str]
"""Writes a staged object; its address."""
Row = tuple[str, str, str]
"""Sale, product, amount."""


class SettlingContract:
    @pytest.fixture
    def warehouse(self) -> Warehouse:
        """May hold settlements of tests before."""
        raise NotImplementedError("an adapter's test says how it is opened")

    @pytest.fixture
    def keep(self) -> Keep:
        raise NotImplementedError("an adapter's test says where what is staged lies")

    def test_a_file_enters_and_the_same_batch_again_is_left_as_it_is(self, warehouse: Warehouse, keep: Keep) -> None:
        first = staged(keep, "enters", [("S1/1", "P", "2.50"), ("S1/1", "P", "3.50"), ("S1/2", "Q", "1")])
        settled = warehouse.settle(Settlement([first]))
        number = settled.settlement_no
        assert number > 0
        assert settled.batches == {"enters": number}
        assert settled.changes == {"added": 3, "corrected": 0, "removed": 0}
        assert lines(warehouse, "enters") == [
            ("S1/1", "P#1", Decimal("2.5")),
            ("S1/1", "P#2", Decimal("3.5")),
            ("S1/2", "Q#1", Decimal(1)),
        ]
        again = warehouse.settle(Settlement([first]))
        assert (again.settlement_no, again.batches) == (0, {"enters": number})

    def test_a_request_is_answered_as_the_first_time(self, warehouse: Warehouse, keep: Keep) -> None:
        settlement = Settlement([staged(keep, "asked", [("S1/1", "P", "1")])], request_id="a request")
        assert warehouse.settle(settlement) == warehouse.settle(settlement)
        assert warehouse.settle(Settlement((), ["asked"], "a request")).settlement_no > 0
        assert len(lines(warehouse, "asked")) == 1

    def test_a_bound_writer_leaves_the_lines_of_other_stores(self, warehouse: Warehouse, keep: Keep) -> None:
        warehouse.settle(Settlement([staged(keep, "bound-1", [("S1/1", "P", "1")], region="bound")]))
        second = staged(keep, "bound-2", [("S1/1", "P", "2"), ("S2/1", "P", "3")], region="bound", at=2)
        settled = warehouse.settle(Settlement([replace(second, writers=writers_to_text({0: ("S2",)}))]))
        assert settled.foreign_rows == {"bound-2": 1}
        assert lines(warehouse, "bound") == [("S1/1", "P#1", Decimal(1)), ("S2/1", "P#1", Decimal(3))]

    def test_an_undo_restores_the_earlier_lines(self, warehouse: Warehouse, keep: Keep) -> None:
        for at, amount in enumerate(("1", "2"), 1):
            rows = [("S1/1", "P", amount), (f"S1/{at}1", "Q", "5")]
            warehouse.settle(Settlement([staged(keep, f"undone-{at}", rows, region="undone", at=at)]))
        undone = warehouse.settle(Settlement(undo=["undone-2", "nobody's"]))
        assert undone.changes == {"added": 0, "corrected": 1, "removed": 1}
        assert lines(warehouse, "undone") == [("S1/1", "P#1", Decimal(1)), ("S1/11", "Q#1", Decimal(5))]
        assert warehouse.settle(Settlement(undo=["undone-2"])).settlement_no == 0

    def test_corrections_of_equal_bytes_count_the_same_in_any_order_of_settlement(
        self, warehouse: Warehouse, keep: Keep
    ) -> None:
        for region, order in (("in-order", (1, 2)), ("reversed", (2, 1))):
            for at in order:
                upload = staged(keep, f"{region}-{at}", [("S1/1", "P", "1")], region=region, at=at)
                warehouse.settle(Settlement([replace(upload, sha256=f"sha of {region}")]))
            for at in order:
                corrected = staged(keep, f"{region}-{at}-fix", [("S1/2", "P", f"{at}")], region=region, at=at, fix=3)
                fix = replace(corrected, kind="correction", parent=f"{region}-{at}", fix_number=3)
                warehouse.settle(Settlement([fix]))
            assert lines(warehouse, region) == [("S1/1", "P#1", Decimal(1)), ("S1/2", "P#1", Decimal(1))]
            origins = warehouse.query("SELECT batch_id FROM sale_lines WHERE region = @region", {"region": region})
            assert set(origins.column("batch_id").to_pylist()) == {f"{region}-1", f"{region}-1-fix"}

    def test_a_batch_without_accepted_rows_is_undone(self, warehouse: Warehouse, keep: Keep) -> None:
        warehouse.settle(Settlement([replace(staged(keep, "rejected", []), accepted=())]))
        undone = warehouse.settle(Settlement(undo=["rejected"]))
        assert undone.changes == {"added": 0, "corrected": 0, "removed": 0}
        assert undone.settlement_no > 0

    def test_a_preview_shows_the_result_and_stores_nothing(self, warehouse: Warehouse, keep: Keep) -> None:
        batch = staged(keep, "looked-at", [("S1/1", 'O\'Neill \\ "Söhne"', "1.25")], file="a 'file'\nof @two -- lines")
        questions = [
            WarehouseQuery(LINES, {"region": "looked-at"}),
            WarehouseQuery(RECEIPT, {"id": "looked-at"}),
            WarehouseQuery("SELECT batch_id FROM receipts WHERE batch_id = 'nobody'"),
        ]
        settled = warehouse.preview(Settlement([batch]), questions)
        assert settled.changes == {"added": 1, "corrected": 0, "removed": 0}
        current, receipt, none = (answer.to_pylist() for answer in settled.results)
        assert current == [{"sale_id": "S1/1", "line_key": 'O\'Neill \\ "Söhne"#1', "net_amount": Decimal("1.25")}]
        assert receipt == [{"file": "a 'file'\nof @two -- lines", "removed": 0, "undone_no": None, "is_new": True}]
        assert none == []
        assert lines(warehouse, "looked-at") == []
        assert warehouse.query("SELECT * FROM batches WHERE batch_id = 'looked-at'").num_rows == 0

    def test_what_fails_halfway_leaves_nothing(self, warehouse: Warehouse, keep: Keep) -> None:
        batch = staged(keep, "halfway", [("S1/1", "P", "1")])
        with pytest.raises(Rejected):
            warehouse.preview(Settlement([batch]), [WarehouseQuery("SELECT CAST(file AS INT64) AS n FROM batches")])
        assert lines(warehouse, "halfway") == []
        assert warehouse.settle(Settlement([batch])).changes["added"] == 1

    def test_two_settlements_at_once_both_count_once(self, warehouse: Warehouse, keep: Keep) -> None:
        batches = [staged(keep, f"at-once-{n}", [("S1/1", "P", str(n))], region="at-once", at=n) for n in (1, 2, 3)]
        results = []
        threads = [
            threading.Thread(target=lambda: results.append(warehouse.settle(Settlement(batches))), daemon=True)
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            join_thread(thread)
        (number,) = {number for settled in results for number in settled.batches.values()}
        assert all(set(settled.batches) == {batch.batch_id for batch in batches} for settled in results)
        # after a lost answer, a settlement sees its batches as settled by another
        assert [settled.settlement_no for settled in results] in ([0, number], [number, 0], [0, 0])
        assert lines(warehouse, "at-once") == [("S1/1", "P#1", Decimal(3))]
        entered = warehouse.query("SELECT batch_id FROM batches WHERE region = 'at-once' ORDER BY 1").to_pylist()
        assert [row["batch_id"] for row in entered] == [batch.batch_id for batch in batches]

    def test_compacting_changes_no_row(self, warehouse: Warehouse, keep: Keep) -> None:
        for at, amount in enumerate(("1", "2", "3"), 1):
            rows = [("S1/1", "P", amount), (f"S1/{at}1", "Q", "5")]
            warehouse.settle(Settlement([staged(keep, f"compact-{at}", rows, region="compact", at=at)]))
        warehouse.settle(Settlement(undo=["compact-3"]))
        before = warehouse.query(VERSIONS, {"region": "compact"})
        for _ in range(2):
            warehouse.compact()
            assert warehouse.query(VERSIONS, {"region": "compact"}) == before
        assert warehouse.compact() == 0
        assert lines(warehouse, "compact") == [
            ("S1/1", "P#1", Decimal(2)),
            ("S1/11", "Q#1", Decimal(5)),
            ("S1/21", "Q#1", Decimal(5)),
        ]
        assert warehouse.settle(Settlement(undo=["compact-2"])).changes == {"added": 0, "corrected": 1, "removed": 1}
        assert lines(warehouse, "compact")[0] == ("S1/1", "P#1", Decimal(1))

    def test_a_settlement_while_the_ledger_is_compacted_succeeds_as_well(
        self, warehouse: Warehouse, keep: Keep
    ) -> None:
        batches = [staged(keep, f"meanwhile-{n}", [("S1/1", "P", str(n))], region="meanwhile", at=n) for n in (1, 2, 3)]
        warehouse.settle(Settlement(batches[:1]))
        warehouse.settle(Settlement(batches[1:2]))
        compacted: list[int] = []
        thread = threading.Thread(target=lambda: compacted.append(warehouse.compact()), daemon=True)
        thread.start()
        settled = warehouse.settle(Settlement(batches[2:]))
        join_thread(thread)
        assert len(compacted) == 1
        assert settled.changes == {"added": 0, "corrected": 1, "removed": 0}
        warehouse.compact()
        assert lines(warehouse, "meanwhile") == [("S1/1", "P#1", Decimal(3))]

    def test_a_file_with_the_sales_of_another_region_is_held_until_it_is_confirmed(
        self, warehouse: Warehouse, keep: Keep
    ) -> None:
        rows = [(f"S1/7{number}", "P", f"{number}.25") for number in range(1, 9)]
        other = staged(keep, "south", rows, day=date(2024, 5, 1))
        copy = staged(keep, "north", [(f"S9/N-{sale[3:]}", *rest) for sale, *rest in rows], at=2, day=date(2024, 5, 1))
        changed = [(sale, product, f"1{amount}") for sale, product, amount in rows]
        together = warehouse.settle(Settlement([copy, other]))
        assert (together.batches.keys(), together.holds.keys()) == ({"south"}, {"north"})
        held = warehouse.settle(Settlement([copy]))
        assert (held.settlement_no, held.holds) == (0, together.holds)
        assert held.holds["north"].code == "known-sales-in-another-region"
        assert "8 of 8 sampled sales of this file for north are already in south" in held.holds["north"].message
        assert not warehouse.settle(Settlement([staged(keep, "east", changed, at=3, day=date(2024, 5, 1))])).holds
        assert not warehouse.settle(Settlement([replace(copy, confirmed=("known-sales-in-another-region",))])).holds

    def test_a_file_that_uses_known_numbers_for_other_sales_is_held_until_it_is_confirmed(
        self, warehouse: Warehouse, keep: Keep
    ) -> None:
        rows = [(f"S1/9{number}", "P", f"{number}.25") for number in range(1, 9)]
        first = staged(keep, "monday", rows, region="again", day=date(2024, 5, 6))
        second = staged(keep, "tuesday", rows, region="again", at=2, day=date(2024, 5, 7))
        few = staged(keep, "few", rows[:4], region="again", at=3, day=date(2024, 5, 8))
        together = warehouse.settle(Settlement([second, first]))
        assert (together.batches.keys(), together.holds.keys()) == ({"monday"}, {"tuesday"})
        assert together.holds["tuesday"].code == "known-numbers-of-other-sales"
        assert warehouse.settle(Settlement([second])).holds == together.holds
        assert warehouse.settle(Settlement([few])).changes == {"added": 0, "corrected": 4, "removed": 0}
        confirmed = replace(second, confirmed=("known-numbers-of-other-sales",))
        assert warehouse.settle(Settlement([confirmed])).changes["corrected"] == 4
        warehouse.settle(Settlement(undo=["few", "tuesday", "monday"]))
        assert not warehouse.settle(Settlement([replace(second, batch_id="alone")])).holds

    def test_a_file_that_spells_known_numbers_differently_is_held_until_it_is_confirmed(
        self, warehouse: Warehouse, keep: Keep
    ) -> None:
        rows = [(f"S1/00{number}", "P", f"{number}.25") for number in range(71, 79)]
        first = staged(keep, "spelled", rows, region="spelled", day=date(2024, 6, 3))
        bare = [(sale.replace("/00", "/"), *rest) for sale, *rest in rows]
        again = staged(keep, "bare", bare, region="spelled", at=2, day=date(2024, 6, 3))
        together = warehouse.settle(Settlement([again, first]))
        assert (together.batches.keys(), together.holds.keys()) == ({"spelled"}, {"bare"})
        assert together.holds["bare"].code == "known-sales-under-another-spelling"
        assert "S1/71 of 2024-06-03 for 71.25 is in the ledger as S1/0071" in together.holds["bare"].message
        assert warehouse.settle(Settlement([again])).holds == together.holds
        others = [(sale, product, f"1{amount}") for sale, product, amount in bare]
        confirmed = replace(again, confirmed=("known-sales-under-another-spelling",))
        assert warehouse.settle(Settlement([confirmed])).changes["added"] == 8
        warehouse.settle(Settlement(undo=["bare"]))
        assert not warehouse.settle(
            Settlement([staged(keep, "other", others, region="spelled", at=3, day=date(2024, 6, 3))])
        ).holds

    def test_a_file_that_names_known_products_differently_is_held_until_it_is_confirmed(
        self, warehouse: Warehouse, keep: Keep
    ) -> None:
        rows = [(f"S1/{number}", product, f"{number}.5") for number in range(81, 85) for product in ("P", "Q")]
        first = staged(keep, "named", rows, region="named", day=date(2024, 6, 5))
        renamed = [(sale, product.replace("Q", "q"), amount) for sale, product, amount in rows]
        again = staged(keep, "renamed", renamed, region="named", at=2, day=date(2024, 6, 5))
        more = [(sale, product.replace("Q", "R"), f"1{amount}") for sale, product, amount in rows[1::2]]
        together = warehouse.settle(Settlement([again, first]))
        assert (together.batches.keys(), together.holds.keys()) == ({"named"}, {"renamed"})
        assert together.holds["renamed"].code == "known-lines-of-other-products"
        assert "q of S1/81 on 2024-06-05 for 81.50 is Q in the ledger" in together.holds["renamed"].message
        assert warehouse.settle(Settlement([again])).holds == together.holds
        assert not warehouse.settle(
            Settlement([staged(keep, "more", more, region="named", at=3, day=date(2024, 6, 5))])
        ).holds
        confirmed = replace(again, confirmed=("known-lines-of-other-products",))
        assert warehouse.settle(Settlement([confirmed])).changes["added"] == 4

    def test_sales_of_another_region_that_were_undone_hold_nothing(self, warehouse: Warehouse, keep: Keep) -> None:
        rows = [(f"S1/8{number}", "P", f"{number}.75") for number in range(1, 9)]
        warehouse.settle(Settlement([staged(keep, "wrong-region", rows, day=date(2024, 5, 2))]))
        copy = staged(keep, "right-region", rows, at=2, day=date(2024, 5, 2))
        assert warehouse.settle(Settlement([copy])).holds
        assert warehouse.settle(Settlement([copy], is_repetition=True)).batches.keys() == {"right-region"}
        warehouse.settle(Settlement(undo=["wrong-region", "right-region"]))
        assert not warehouse.settle(Settlement([replace(copy, batch_id="once-more")])).holds


def staged(
    keep: Keep, batch: str, rows: Sequence[Row], *, region: str = "", at: int = 1, file: str = "sales.csv",
    day: date | Callable[[Row], date] = DAY, quantity: Decimal | None = None, fix: int = 0,
) -> StagedBatch:  # fmt: skip
    columns = {column.name: _column(column, rows, region or batch, day, quantity) for column in STAGED}
    columns["fix_number"] = pa.array([fix] * len(rows), pa.int64())
    table = Hasher().with_hashes(pa.table(columns))
    sink = pa.BufferOutputStream()
    with parquet_writer(sink, table.schema) as parquet:
        parquet.write_table(table)
    address = keep(f"{batch}.parquet", sink.getvalue().to_pybytes())
    return StagedBatch(
        batch, "upload", "file", region or batch, "contract", 1, file, f"sha of {batch}", at, (address,), (),
        len(rows), 0, 0, json.dumps([{"code": 'a "problem"', "column": None}]),
    )  # fmt: skip


def _column(column: Any, rows: Sequence[Row], region: str, day: Any, quantity: Decimal | None) -> pa.Array:
    values_by_column: dict[str, Callable[[int, Row], object]] = {
        "row_number": lambda number, row: number,
        "line_number": lambda number, row: number + 1,
        "accepted": lambda number, row: False,
        "source": lambda number, row: "file",
        "region": lambda number, row: region,
        "sale_id": lambda number, row: row[0],
        "store_id": lambda number, row: row[0].partition("/")[0],
        "product_id": lambda number, row: row[1],
        "customer_id": lambda number, row: None if row[0] == "S1/1" else row[1],
        "status": lambda number, row: "completed",
        "sale_date": lambda number, row: day(row) if callable(day) else day,
        "quantity": lambda number, row: quantity,
        "net_amount": lambda number, row: Decimal(row[2]),
        "currency": lambda number, row: "EUR",
    }
    value = values_by_column.get(column.name, lambda number, row: None)
    return pa.array([value(number, row) for number, row in enumerate(rows, 1)], ARROW[column.kind])


def lines(warehouse: Warehouse, region: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in warehouse.query(LINES, {"region": region}).to_pylist()]
