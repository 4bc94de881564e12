"""The mirror of the catalogue in the warehouse equals the documents after any changes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tillstream.adapters.local.clock import ManualClock
from tillstream.catalogue import stored_entries, warehouse_mirror
from tillstream.catalogue.stored_entries import StoredEntry
from tillstream.model.catalogue_columns import InvalidEntry
from tillstream.model.product_catalogue import (
    Alias,
    DatedAmount,
    Entry,
    Product,
    Promotion,
    Salesperson,
    Store,
    WeekdayHours,
)
from tillstream.ports import Ports
from tillstream.ports.documents import Put

Save = Callable[[Entry], StoredEntry]
KETTLE = Product(
    "KET",
    "Kettle",
    "Kitchen",
    Decimal(6),
    barcodes=("4006381333931",),
    aliases=(Alias("*", "OLD"),),
    costs=(DatedAmount("*", "USD", Decimal("4.5")), DatedAmount("IN", "INR", Decimal(300), date(2026, 2, 1))),
)


def rows(ports: Ports, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
    stored = ports.warehouse.query(f"SELECT {columns} FROM {table}").to_pylist()
    return sorted((tuple(row.values()) for row in stored), key=str)


def test_each_kind_is_written_after_a_change(ports: Ports, save: Save, clock: ManualClock) -> None:
    save(KETTLE)
    save(Store("IN", "MUM01", "Mumbai", opening_hours=(WeekdayHours("Mon", "09:00-18:00"),)))
    save(Salesperson("IN", "S1", "Asha", ("MUM01",)))
    save(Promotion("P", "p", "KET", rate=Decimal("0.2"), valid_to=date(2026, 8, 31)))
    assert warehouse_mirror.sync_mirror(ports)
    clock.advance(86_400)
    product = stored_entries.get_product(ports, "KET")
    assert product
    save(replace(product, name="Teapot"))
    assert warehouse_mirror.sync_mirror(ports) == 1
    assert rows(ports, "catalogue_products", "name, barcode, active, valid_from, valid_to") == [
        ("Kettle", "4006381333931", True, None, date(2026, 7, 2)),
        ("Teapot", "4006381333931", True, date(2026, 7, 2), None),
    ]
    assert rows(ports, "product_codes") == [("*", "4006381333931", "KET"), ("*", "OLD", "KET")]
    assert rows(ports, "dim_product_cost", "region, currency, amount, valid_from") == [
        ("*", "USD", Decimal("4.5"), None),
        ("IN", "INR", Decimal(300), date(2026, 2, 1)),
    ]
    assert rows(ports, "catalogue_stores", "store_id, opening_hours") == [("MUM01", '{"Mon": "09:00-18:00"}')]
    assert rows(ports, "catalogue_salespeople", "name, stores") == [("Asha", '["MUM01"]')]
    assert rows(ports, "dim_promotion", "rate, valid_to") == [(Decimal("0.2"), date(2026, 9, 1))]
    assert warehouse_mirror.sync_mirror(ports) == 0


def test_a_row_that_was_lost_is_written_again_on_the_next_day(ports: Ports, save: Save, clock: ManualClock) -> None:
    save(KETTLE)
    warehouse_mirror.sync_mirror(ports)
    complete = rows(ports, "catalogue_products")
    empty = ports.warehouse.query("SELECT * FROM catalogue_products WHERE FALSE")
    ports.warehouse.replace_table("catalogue_products", empty)
    assert warehouse_mirror.sync_mirror(ports) == 0
    clock.advance(86_400)
    assert warehouse_mirror.sync_mirror(ports) == 1
    assert rows(ports, "catalogue_products") == complete


def test_a_mirror_that_stopped_before_noting_its_revision_is_repeated(ports: Ports, save: Save) -> None:
    save(KETTLE)
    warehouse_mirror.sync_mirror(ports)
    save(Product("POT", "Pot"))
    warehouse_mirror._write(ports, 1)
    assert warehouse_mirror.sync_mirror(ports) == 0
    assert len(rows(ports, "catalogue_products")) == 2
    document = ports.documents.get(stored_entries.STATE, warehouse_mirror.MIRROR_ID)
    assert document
    assert document.data["revision"] == 2


def test_an_older_mirror_starts_again_if_a_newer_one_has_finished(ports: Ports, save: Save) -> None:
    save(KETTLE)
    warehouse_mirror.sync_mirror(ports)
    document = ports.documents.get(stored_entries.STATE, warehouse_mirror.MIRROR_ID)
    assert document
    save(Product("POT", "Pot"))
    ports.documents.put_all([Put(stored_entries.STATE, warehouse_mirror.MIRROR_ID, document.data)])
    assert warehouse_mirror.sync_mirror(ports) == 1
    assert len(rows(ports, "catalogue_products")) == 2


def test_codes_that_changed_while_another_call_writes_have_another_version(ports: Ports, save: Save) -> None:
    save(KETTLE)
    warehouse_mirror.sync_mirror(ports)
    before = warehouse_mirror.codes_version(ports)
    until = ports.clock.now().timestamp() + 60
    ports.documents.put(stored_entries.STATE, f"{warehouse_mirror.WRITING_PREFIX}other", {"until": int(until)})
    product = stored_entries.get_product(ports, "KET")
    assert product
    save(replace(product, aliases=(*product.aliases, Alias("*", "OLDER"))))
    assert warehouse_mirror.sync_mirror(ports) == 1
    assert before != warehouse_mirror.codes_version(ports)


def test_aliases_of_aliases_name_the_last_product() -> None:
    codes = {("*", "A"): "B", ("IN", "B"): "C", ("*", "D"): "B"}
    assert [tuple(row.values()) for row in warehouse_mirror.rows_of_codes(codes)] == [
        ("*", "A", "B"), ("IN", "A", "C"), ("*", "D", "B"), ("IN", "D", "C"), ("IN", "B", "C"),
    ]  # fmt: skip


AMOUNTS = st.lists(
    st.builds(
        DatedAmount,
        region=st.sampled_from(["*", "IN"]),
        currency=st.sampled_from(["USD", "INR"]),
        amount=st.integers(1, 9).map(Decimal),
        valid_from=st.sampled_from([None, date(2026, 1, 1), date(2026, 2, 1)]),
    ),
    max_size=2,
).map(tuple)
CHANGES = st.builds(
    Product,
    code=st.sampled_from("ABC"),
    name=st.sampled_from(["one", "two"]),
    barcodes=st.lists(st.sampled_from("12"), unique=True, max_size=1).map(tuple),
    aliases=st.lists(st.builds(Alias, st.sampled_from(["*", "IN"]), st.sampled_from("ABCX")), max_size=1).map(tuple),
    costs=AMOUNTS,
    prices=AMOUNTS,
)


@settings(max_examples=16, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(CHANGES, st.booleans()), min_size=1, max_size=6))
def test_the_mirror_equals_the_documents(
    ports: Ports, save: Save, clock: ManualClock, changes: list[tuple[Product, bool]]
) -> None:
    for product, next_day in changes:
        clock.advance(86_400 if next_day else 1)
        try:
            save(product)
        except InvalidEntry:
            continue
        warehouse_mirror.sync_mirror(ports)
    warehouse_mirror.sync_mirror(ports)
    for table in warehouse_mirror.MIRROR_TABLES:
        entries = [one.entry for one in stored_entries.find_entries(ports, table.kind)]
        expected = warehouse_mirror._counted(table.name, warehouse_mirror.rows_of_entries(table, entries))
        assert warehouse_mirror._counted(table.name, warehouse_mirror._stored(ports, table.name, (), None)) == expected
    stored = warehouse_mirror._stored(ports, "product_codes", (), None)
    expected = warehouse_mirror._counted(
        "product_codes", warehouse_mirror.rows_of_codes(stored_entries.all_codes(ports))
    )
    assert warehouse_mirror._counted("product_codes", stored) == expected
