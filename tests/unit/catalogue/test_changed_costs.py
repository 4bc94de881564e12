"""A change of costs concerns the days from the first one with another cost."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillstream.adapters.local.clock import ManualClock
from tillstream.catalogue import stored_entries, warehouse_mirror
from tillstream.catalogue.stored_entries import StoredEntry
from tillstream.catalogue.warehouse_mirror import first_changed_day
from tillstream.model.errors import Unavailable
from tillstream.model.product_catalogue import Alias, DatedAmount, Entry, Product, cost_on
from tillstream.ports import Ports

Save = Callable[[Entry], StoredEntry]
DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(8)]
COSTS = st.lists(
    st.builds(
        DatedAmount,
        region=st.sampled_from(["*", "IN"]),
        currency=st.sampled_from(["USD", "INR"]),
        amount=st.integers(1, 2).map(Decimal),
        valid_from=st.sampled_from([None, *DAYS[1:]]),
    ),
    max_size=5,
    unique_by=lambda one: (one.region, one.valid_from),
).map(tuple)


def differing(
    old: list[warehouse_mirror.MirrorRow], new: list[warehouse_mirror.MirrorRow]
) -> tuple[list[warehouse_mirror.MirrorRow], ...]:
    return [row for row in old if row not in new], [row for row in new if row not in old]


@given(COSTS, COSTS)
def test_no_earlier_day_has_another_cost(before: tuple[DatedAmount, ...], after: tuple[DatedAmount, ...]) -> None:
    old, new = Product("A", costs=before), Product("A", costs=after)
    first = first_changed_day(*differing([*warehouse_mirror.cost_rows(old)], [*warehouse_mirror.cost_rows(new)]))
    places = ("*", "IN", "UK")
    changed = [day for day in DAYS if any(amounts(old, place, day) != amounts(new, place, day) for place in places)]
    assert [day for day in changed if day < first] == []


def amounts(product: Product, place: str, day: date) -> tuple[str, Decimal] | None:
    row = cost_on(product, place, day)
    return (row.currency, row.amount) if row else None


@pytest.fixture
def sold(ports: Ports) -> None:
    """A product that was sold on every day."""
    totals = ports.warehouse.query("SELECT * FROM product_sums WHERE FALSE").schema
    zeros = {
        one.name: "" if pa.types.is_string(one.type) else 0 for one in totals if not pa.types.is_temporal(one.type)
    }
    rows = [zeros | {"sale_date": day, "product_id": "A"} for day in DAYS]
    ports.warehouse.replace_table("product_sums", pa.Table.from_pylist(rows, totals))


def noted(ports: Ports) -> Iterator[date]:
    days = ports.warehouse.query("SELECT DISTINCT sale_date FROM catalogue_days ORDER BY sale_date")
    ports.warehouse.replace_table("catalogue_days", ports.warehouse.query("SELECT * FROM catalogue_days WHERE FALSE"))
    return iter(days.column("sale_date").to_pylist())


@pytest.mark.usefixtures("sold")
def test_only_days_from_the_new_cost_on_are_computed_again(ports: Ports, save: Save) -> None:
    first = DatedAmount("*", "INR", Decimal(4))
    save(Product("A", costs=(first,)))
    warehouse_mirror.sync_mirror(ports)
    assert [*noted(ports)] == DAYS
    save(Product("A", costs=(first, DatedAmount("IN", "INR", Decimal(5), DAYS[5]))))
    warehouse_mirror.sync_mirror(ports)
    assert [*noted(ports)] == DAYS[5:]
    save(Product("A", costs=(first, DatedAmount("IN", "INR", Decimal(5), DAYS[3]))))
    warehouse_mirror.sync_mirror(ports)
    assert [*noted(ports)] == DAYS[3:]
    save(Product("A", "Tea", costs=(first, DatedAmount("IN", "INR", Decimal(5), DAYS[3]))))
    warehouse_mirror.sync_mirror(ports)
    assert [*noted(ports)] == []


@pytest.mark.usefixtures("sold")
def test_days_of_a_write_that_was_interrupted_are_noted_by_the_next(
    ports: Ports, save: Save, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise Unavailable("The process ends.")

    save(Product("A"))
    warehouse_mirror.sync_mirror(ports)
    save(Product("A", costs=(DatedAmount("*", "INR", Decimal(4), DAYS[6]),)))
    with monkeypatch.context() as patched:
        patched.setattr("tillstream.records.data_version.note_catalogue_change", interrupted)
        assert not warehouse_mirror.follow_change(ports)
    assert [*noted(ports)] == []
    assert warehouse_mirror.follow_change(ports)
    assert [*noted(ports)] == DAYS
    save(Product("A", costs=(DatedAmount("*", "INR", Decimal(5), DAYS[6]),)))
    warehouse_mirror.sync_mirror(ports)
    assert [*noted(ports)] == DAYS[6:], "the interrupted write is complete"


@pytest.mark.usefixtures("sold")
def test_codes_of_a_retired_product_follow_the_costs_of_its_successor(ports: Ports, save: Save) -> None:
    """A was an alias of MERGED, which is now an alias of NEW."""
    save(Product("MERGED", aliases=(Alias("*", "A"),)))
    retired = stored_entries.get_product(ports, "MERGED")
    assert retired
    save(Product("NEW", costs=(DatedAmount("*", "INR", Decimal(4)),)))
    save(replace(retired, active=False))
    successor = stored_entries.get_product(ports, "NEW")
    assert successor
    save(replace(successor, aliases=(Alias("*", "MERGED"),)))
    warehouse_mirror.sync_mirror(ports)
    assert [*noted(ports)] == DAYS
    successor = stored_entries.get_product(ports, "NEW")
    assert successor
    save(replace(successor, costs=(DatedAmount("*", "INR", Decimal(7)),)))
    warehouse_mirror.sync_mirror(ports)
    assert [*noted(ports)] == DAYS


@pytest.mark.usefixtures("sold")
def test_the_revision_of_a_write_is_noted_only_when_no_other_write_can_be_interrupted(
    ports: Ports, save: Save, clock: ManualClock
) -> None:
    until = int((clock.now() + warehouse_mirror.MAX_WRITING_TIME).timestamp())
    save(Product("A"))
    warehouse_mirror.sync_mirror(ports)
    save(Product("B"))
    ports.documents.put(stored_entries.STATE, f"{warehouse_mirror.WRITING_PREFIX}killed", {"until": until})
    for _ in range(2):
        warehouse_mirror.sync_mirror(ports)
        assert [*noted(ports)] == []
    clock.advance(warehouse_mirror.MAX_WRITING_TIME.total_seconds())
    warehouse_mirror.sync_mirror(ports)
    assert [*noted(ports)] == DAYS
    assert warehouse_mirror.sync_mirror(ports) == 0
    writes = ports.documents.find(
        stored_entries.STATE, above=warehouse_mirror.WRITING_PREFIX, below=f"{warehouse_mirror.WRITING_PREFIX}~"
    )
    assert (writes, [*noted(ports)]) == ([], [])
