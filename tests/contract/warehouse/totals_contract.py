"""What every Warehouse keeps to when it refreshes the daily totals: they are what the lines add up to."""

import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from settling_contract import Keep, staged
from threads import join_thread

import sql
from examples import in_long_proofs
from tillstream.adapters.local.clock import SystemClock
from tillstream.adapters.local.sqlite.document_store import SQLiteDocumentStore
from tillstream.model.tables.daily_totals import ROLLUPS, select_rollup
from tillstream.ports.warehouse import Settlement, StagedBatch, Warehouse
from tillstream.records.data_version import note_catalogue_change

DAYS = tuple(date(2022, 5, day) for day in range(1, 5))
STEPS = 14


class TotalsContract:
    @pytest.fixture
    def warehouse(self) -> Warehouse:
        """May hold settlements of tests before."""
        raise NotImplementedError("an adapter's test says how it is opened")

    @pytest.fixture
    def keep(self) -> Keep:
        raise NotImplementedError("an adapter's test says where what is staged lies")

    @pytest.mark.parametrize("seed", [pytest.param(1, marks=pytest.mark.system), *in_long_proofs(2, 3)])
    def test_totals_are_those_of_the_lines_after_any_settlements(
        self, warehouse: Warehouse, keep: Keep, seed: int
    ) -> None:
        batches = Batches(keep, f"random-{seed}", Random(seed))
        for _ in range(STEPS):
            warehouse.settle(batches.next())
            if batches.rng.random() < 0.6:
                warehouse.refresh_totals()
                assert_totals(warehouse)
            if batches.rng.random() < 0.2:
                warehouse.compact()
        warehouse.refresh_totals()
        assert_totals(warehouse)
        warehouse.compact()
        assert_totals(warehouse)

    def test_a_repeated_refresh_changes_nothing(self, warehouse: Warehouse, keep: Keep) -> None:
        batches = Batches(keep, "repeated", Random(4))
        for _ in range(2):
            warehouse.settle(batches.new(DAYS[0]))
            assert warehouse.refresh_totals() > 0
            before = rows(warehouse)
            assert warehouse.refresh_totals() == 0
            assert rows(warehouse) == before

    def test_refreshes_at_the_same_time_count_each_line_once(self, warehouse: Warehouse, keep: Keep) -> None:
        batches = Batches(keep, "at-once", Random(5))
        warehouse.refresh_totals()
        for _ in range(3):
            warehouse.settle(batches.next())
            run_together(warehouse.refresh_totals, warehouse.refresh_totals, warehouse.refresh_totals)
            assert_totals(warehouse)

    def test_a_settlement_during_a_refresh_counts_once(self, warehouse: Warehouse, keep: Keep) -> None:
        batches = Batches(keep, "refreshed-meanwhile", Random(6))
        for _ in range(3):
            warehouse.settle(batches.next())
            settlement = batches.next()
            run_together(warehouse.refresh_totals, lambda: warehouse.settle(settlement), warehouse.compact)  # noqa: B023
            warehouse.refresh_totals()
            assert_totals(warehouse)

    @pytest.mark.parametrize("with_sales", [False, True])
    def test_days_whose_costs_or_codes_changed_are_computed_again(
        self, warehouse: Warehouse, keep: Keep, tmp_path: Path, *, with_sales: bool
    ) -> None:
        region = f"catalogue-{with_sales}"
        for number, day in enumerate(DAYS[:2], start=1):
            lines = [(f"S1/{number}", "RAW", "9"), (f"S1/{number}x", "OTHER", "5")]
            name = f"{region}-{number}"
            batch = staged(keep, name, lines, region=region, at=number, day=day, quantity=Decimal(2))
            warehouse.settle(Settlement([batch]))
        warehouse.refresh_totals()
        assert warehouse.refresh_totals() == 0
        warehouse.replace_table("product_codes", pa.table({"region": ["*"], "code": ["RAW"], "product_id": ["NEW"]}))
        warehouse.replace_table("dim_product_cost", costs("NEW", DAYS[1], "USD", "1.25"))
        with closing(SQLiteDocumentStore(tmp_path / "documents.db")) as documents:
            note_catalogue_change(warehouse, documents, SystemClock(), ["NEW", "RAW"])
        if with_sales:
            late = staged(
                keep, f"{region}-late", [("S1/9", "RAW", "1")], region=region, day=DAYS[1], quantity=Decimal(4)
            )
            warehouse.settle(Settlement([late]))
        assert warehouse.refresh_totals() >= 2
        assert_totals(warehouse)
        assert warehouse.refresh_totals() == 0
        own = f"SELECT sale_date, SUM(cost) AS cost FROM day_sums WHERE region = '{region}' AND cost_currency = 'USD'"
        expected = {DAYS[1]: Decimal("7.5") if with_sales else Decimal("2.5")}
        assert {
            row["sale_date"]: row["cost"] for row in warehouse.query(f"{own} GROUP BY sale_date").to_pylist()
        } == expected


def costs(product: str, first: date, currency: str, amount: str) -> pa.Table:
    return pa.table(
        {
            "product_id": [product],
            "region": ["*"],
            "currency": [currency],
            "amount": pa.array([Decimal(amount)], pa.decimal128(38, 9)),
            "valid_from": [first],
            "valid_to": pa.array([None], pa.date32()),
        }
    )


class Batches:
    """Random settlements of one region: new, late and corrected lines, complete store-days, and undone batches."""

    def __init__(self, keep: Keep, region: str, rng: Random) -> None:
        self._keep, self._region, self.rng = keep, region, rng
        self._names: list[str] = []

    def next(self) -> Settlement:
        kind = self.rng.random()
        if kind < 0.15 and self._names:
            return Settlement(undo=[self._names.pop(self.rng.randrange(len(self._names)))])
        if kind < 0.5:
            return self.new(self.rng.choice(DAYS))
        return Settlement([self._changed(self.rng.choice(DAYS)) for _ in range(self.rng.randint(1, 2))])

    def new(self, day: date) -> Settlement:
        """Lines of a new sale."""
        number = len(self._names)
        return Settlement([self._batch(day, [(f"S{number % 3}/new-{number}", "P", "1.5")])])

    def _changed(self, day: date) -> StagedBatch:
        """Lines of a few sales, some of which are stored with other amounts, products or days."""
        named = {(f"S{n % 2}/{day.day}-{n}", self.rng.choice("PQ")) for n in self.rng.choices(range(4), k=3)}
        batch = self._batch(day, [(*each, str(self.rng.randint(1, 9))) for each in sorted(named)])
        return replace(batch, replaces="store-day") if self.rng.random() < 0.3 else batch

    def _batch(self, day: date, contents: list[tuple[str, str, str]]) -> StagedBatch:
        name = f"{self._region}-{len(self._names)}-{self.rng.getrandbits(32)}"
        self._names.append(name)
        return staged(self._keep, name, contents, region=self._region, at=len(self._names), day=day)


def rows(warehouse: Warehouse) -> dict[str, list[dict[str, Any]]]:
    """Table → its rows."""
    return {table: _sorted(warehouse, f"SELECT * FROM {table}") for table in ROLLUPS}


def assert_totals(warehouse: Warehouse) -> None:
    """The totals add up to those of the lines, on all days that they include."""
    (numbers,) = warehouse.query(sql.text("daily_totals/summed")).to_pylist()
    assert numbers["last_settlement"] == numbers["summed_settlement"]
    for table in ROLLUPS:
        expected = _sorted(warehouse, select_rollup(table, "TRUE"))
        assert expected
        assert _sorted(warehouse, select_rollup(table, "TRUE", table)) == expected, table


def run_together(*calls: Callable[[], object]) -> None:
    """Run the calls at the same time; fails if one fails."""
    done: list[object] = []
    threads = [threading.Thread(target=lambda call=call: done.append(call())) for call in calls]  # type: ignore[misc]
    for thread in threads:
        thread.start()
    for thread in threads:
        join_thread(thread)
    assert len(done) == len(calls)


def _sorted(warehouse: Warehouse, query: str) -> list[dict[str, Any]]:
    return sorted(warehouse.query(query).to_pylist(), key=lambda row: [str(value) for value in row.values()])
