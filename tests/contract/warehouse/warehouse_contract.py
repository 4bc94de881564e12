"""The contract of every Warehouse for queries, and for writes outside the ledger."""

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from threads import join_thread

from tillstream.model.errors import Rejected
from tillstream.model.tables.warehouse_tables import LIVE, LIVE_TABLES
from tillstream.ports.warehouse import Warehouse

FIRST = date(2024, 1, 1)
MANY = 5_000
"""Rows that no engine hands over in one piece of its own accord."""


def rates(*rows: tuple[int, str, str]) -> pa.Table:
    """reporting_rates: (day counted from FIRST, currency, factor)."""
    days, currencies, factors = zip(*rows, strict=True)
    return pa.table(
        {
            "sale_date": pa.array([FIRST + timedelta(days=day) for day in days]),
            "currency": list(currencies),
            "factor": pa.array([Decimal(factor) for factor in factors], pa.decimal128(38, 9)),
        }
    )


def listed(answer: pa.Table) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in answer.to_pylist()]


class WarehouseContract:
    @pytest.fixture
    def warehouse(self) -> Warehouse:
        """Tables may hold what tests before have left: a test fills those it reads."""
        raise NotImplementedError("an adapter's test says how it is opened")

    def test_an_answer_has_the_types_of_the_tables(self, warehouse: Warehouse) -> None:
        warehouse.replace_table(
            "reporting_rates", rates((0, "INR", "0.012345679"), (1, "GBP", "-99999999999999999999.5"))
        )
        answer = warehouse.query(
            "SELECT sale_date, currency, factor, factor > 0 AS is_positive FROM reporting_rates ORDER BY sale_date"
        )
        assert listed(answer) == [
            (FIRST, "INR", Decimal("0.012345679"), True),
            (FIRST + timedelta(days=1), "GBP", Decimal("-99999999999999999999.5"), False),
        ]
        assert answer.schema.types == [pa.date32(), pa.string(), pa.decimal128(38, 9), pa.bool_()]

    def test_an_empty_answer_has_its_columns(self, warehouse: Warehouse) -> None:
        answer = warehouse.query("SELECT sale_date, factor FROM reporting_rates WHERE FALSE")
        assert answer.num_rows == 0
        assert answer.column_names == ["sale_date", "factor"]

    @pytest.mark.parametrize(
        ("condition", "value"),
        [
            ("sale_date = @given", FIRST),
            ("currency = @given", "IN'R -- @given"),
            ("factor = @given", Decimal("0.012345679")),
            ("@given = 9007199254740993", 2**53 + 1),
            ("@given", True),
            ("currency IN UNNEST(@given)", ["INR", "IN'R -- @given"]),
            ("sale_date IN UNNEST(@given)", [FIRST]),
            ("COALESCE(@given, currency) = currency", None),
            ("COALESCE(@given, factor) = factor AND '@given' <> currency", None),
        ],
    )
    def test_a_parameter_means_its_value(self, warehouse: Warehouse, condition: str, value: Any) -> None:
        warehouse.replace_table("reporting_rates", rates((0, "IN'R -- @given", "0.012345679")))
        query = f"SELECT currency FROM reporting_rates WHERE {condition}  -- @given: not here"
        assert warehouse.query(query, {"given": value}).num_rows == 1

    def test_an_instant_is_shown_in_utc(self, warehouse: Warehouse) -> None:
        instant = datetime(2024, 1, 1, 23, 30, 1, 123456, tzinfo=UTC)
        answer = warehouse.query("SELECT @given AS told", {"given": instant})
        assert listed(answer) == [(instant,)]
        assert answer.schema.types == [pa.timestamp("us", "UTC")]

    def test_many_rows_come_whole_and_in_order(self, warehouse: Warehouse) -> None:
        warehouse.replace_table("reporting_rates", rates(*((number, "USD", str(number)) for number in range(MANY))))
        ordered = "SELECT factor FROM reporting_rates ORDER BY sale_date"
        for query in (ordered, f"SELECT * FROM ({ordered} LIMIT {MANY}) ORDER BY ABS(factor)  -- (", ordered):
            answer = warehouse.query(query)
            assert answer.column("factor").to_pylist() == [Decimal(number) for number in range(MANY)]
        streamed = list(warehouse.stream("SELECT factor FROM reporting_rates ORDER BY sale_date DESC"))
        factors = [value for batch in streamed for value in batch.column("factor").to_pylist()]
        assert factors == [Decimal(number) for number in reversed(range(MANY))]
        assert all(isinstance(batch, pa.RecordBatch) for batch in streamed)
        for batch in warehouse.stream("SELECT factor FROM reporting_rates"):
            assert batch.num_rows
            break  # whoever leaves early does no harm
        assert warehouse.query("SELECT COUNT(*) AS n FROM reporting_rates").to_pylist() == [{"n": MANY}]

    @pytest.mark.parametrize(
        "query", ["SELECT no_such_column FROM settlements", "SELECT * FROM no_such_table", "SELEC"]
    )
    def test_a_question_that_cannot_be_answered_is_rejected(self, warehouse: Warehouse, query: str) -> None:
        with pytest.raises(Rejected):
            warehouse.query(query)
        with pytest.raises(Rejected):
            list(warehouse.stream(query))

    def test_loading_replaces_a_table_whole(self, warehouse: Warehouse) -> None:
        warehouse.replace_table("reporting_rates", rates((0, "INR", "1"), (1, "INR", "2")))
        for _ in range(2):
            warehouse.replace_table("reporting_rates", rates((1, "GBP", "3")))
            assert listed(warehouse.query("SELECT currency, factor FROM reporting_rates")) == [("GBP", Decimal(3))]

    def test_a_table_is_loaded_by_the_names_of_its_columns(self, warehouse: Warehouse) -> None:
        warehouse.replace_table("reporting_rates", rates((0, "INR", "1")).select(["factor", "currency", "sale_date"]))
        assert listed(warehouse.query("SELECT currency, factor FROM reporting_rates")) == [("INR", Decimal(1))]

    def test_readers_see_a_table_before_or_after_it_is_loaded(self, warehouse: Warehouse) -> None:
        old, new = rates((0, "INR", "1"), (1, "INR", "1")), rates(*((day, "INR", "1") for day in range(3)))
        warehouse.replace_table("reporting_rates", old)
        done = threading.Event()

        def load() -> None:
            for table in (new, old, new):
                warehouse.replace_table("reporting_rates", table)
            done.set()

        loader = threading.Thread(target=load, daemon=True)
        loader.start()
        counts = set()
        while not done.is_set():
            counts.add(warehouse.query("SELECT COUNT(*) AS n FROM reporting_rates").column("n")[0].as_py())
        join_thread(loader)
        assert counts <= {2, 3}

    def test_upserting_replaces_rows_of_these_keys_and_adds_the_others(self, warehouse: Warehouse) -> None:
        warehouse.replace_table("reporting_rates", rates((0, "INR", "1"), (0, "GBP", "1"), (1, "INR", "1")))
        for _ in range(2):
            warehouse.upsert("reporting_rates", rates((0, "INR", "2"), (2, "INR", "2")), ["sale_date", "currency"])
            result = warehouse.query("SELECT currency, factor FROM reporting_rates ORDER BY sale_date, currency")
            assert [(currency, int(factor)) for currency, factor in listed(result)] == [
                ("GBP", 1),
                ("INR", 2),
                ("INR", 1),
                ("INR", 2),
            ]

    def test_lines_that_are_appended_are_visible_at_once_and_once(self, warehouse: Warehouse) -> None:
        types = {"hash64": pa.int64(), "STRING": pa.string(), "INT64": pa.int64(), "DATE": pa.date32()}
        types |= {"TIMESTAMP": pa.timestamp("us", "UTC"), "NUMERIC": pa.decimal128(38, 9)}
        values = {"row_number": [1, 2], "sale": [-7, 2**62], "sale_date": [FIRST] * 2, "currency": ["EUR"] * 2}
        values |= {"batch_id": ["live"] * 2, "net_amount": [Decimal("0.000000001"), Decimal(-2)]}
        values |= {name: ["x", "y"] for name in ("region", "sale_id", "status")}
        rows = pa.table(
            {
                field.name: pa.array(values.get(field.name, [None, None]), types[str(field.kind)])
                for field in LIVE_TABLES[LIVE]
                if field.name != "appended_at"
            }
        )
        for _ in range(2):
            warehouse.append_live(rows)
            answer = warehouse.query("SELECT region, sale, net_amount FROM unsettled_lines ORDER BY region")
            assert listed(answer) == [("x", -7, Decimal("0.000000001")), ("y", 2**62, Decimal(-2))]

    def test_a_table_that_is_none_of_these_is_rejected(self, warehouse: Warehouse) -> None:
        with pytest.raises(Rejected):
            warehouse.replace_table("no_such_table", rates((0, "INR", "1")))
        with pytest.raises(Rejected):
            warehouse.upsert("no_such_table", rates((0, "INR", "1")), ["currency"])
