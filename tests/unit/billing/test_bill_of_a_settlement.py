"""Settlements through the adapter of BigQuery: what they read is pruned by constants, and what they are billed."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from devtools.billing.limits import exceeded
from devtools.billing.queries import LEAST, MB, script_statements
from devtools.billing.samples import TODAY, SampleWarehouse, SettlementCalls, sales
from devtools.billing.sizes import width
from devtools.billing.traffic import NOW, Ledger, Traffic
from tillstream.adapters.google.bigquery import settling
from tillstream.adapters.google.bigquery.query_values import inline_parameters
from tillstream.adapters.google.bigquery.tables import APPENDED, EPOCH, INCOMING
from tillstream.ledger import other_regions, spellings
from tillstream.ledger.ledger_slice import NARROW_COLUMNS
from tillstream.ports.warehouse import Settlement

TRAFFIC = Traffic(1_000_000)
MONTH, YEARS = Ledger(TRAFFIC, 30), Ledger(TRAFFIC, 3 * 365)
LEDGER_TABLES = {*APPENDED, INCOMING}
DAYS = [TODAY - timedelta(days) for days in (1, 2, 3)]
LATER = NOW + timedelta(hours=1)
UNPRUNED = {
    "request": "only settlements that a person requests have a request ID; reads two columns of one row per settlement",
    "batches of the request": "only if such a request is repeated; reads two columns of one row per batch",
}
"""Queries of a settlement that read a table of the ledger as a whole, and why they may."""


@dataclass(frozen=True)
class Settled:
    """The settlements that the tests look at, in this order."""

    new: SettlementCalls
    file: SettlementCalls
    late: SettlementCalls
    again: SettlementCalls
    corrected: SettlementCalls
    corrected_by_file: SettlementCalls
    store_day: SettlementCalls
    undone: SettlementCalls
    replayed: SettlementCalls
    request_repeated: SettlementCalls


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Settled:
    warehouse = SampleWarehouse(tmp_path_factory.mktemp("staged"))
    till, file = warehouse.from_till, warehouse.from_file
    old = sales(1, DAYS, prefix="L")
    changed = sales(1, DAYS, prefix="L", amount="8")
    return Settled(
        new=warehouse.settle(Settlement([till("new", sales(3))])),
        file=warehouse.settle(Settlement([file("file", sales(2, DAYS, prefix="F"))])),
        late=warehouse.settle(Settlement([till("late", old)])),
        again=warehouse.settle(Settlement([till("again", old, received=LATER)])),
        corrected=warehouse.settle(Settlement([till("corrected", changed, received=LATER + timedelta(hours=1))])),
        corrected_by_file=warehouse.settle(
            Settlement([file("corrected-by-file", changed, received=LATER, rules="file")])
        ),
        store_day=warehouse.settle(
            Settlement([file("store-day", sales(1, DAYS[:1], prefix="D"), replaces="store-day", received=LATER)])
        ),
        undone=warehouse.settle(Settlement([], undo=["file"], request_id="undo")),
        replayed=warehouse.settle(
            Settlement([file("replay", sales(1, DAYS, prefix="D"), kind="replay", parent="store-day")], ["store-day"])
        ),
        request_repeated=warehouse.settle(Settlement([], undo=["file"], request_id="undo")),
    )


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> list[SettlementCalls]:
    """A settlement with more sales than are noted; after it, one with new and one with changed sales."""
    warehouse = SampleWarehouse(tmp_path_factory.mktemp("night"), most_pairs=2)
    file = warehouse.from_file
    changed = file("changed", sales(1, prefix="N", amount="8"), received=LATER)
    return [
        warehouse.settle(Settlement([batch]))
        for batch in (file("large", sales(3, prefix="N")), file("new", sales(1, amount="5")), changed)
    ]


def billed(calls: SettlementCalls, ledger: Ledger) -> dict[str, int]:
    """Statement → bytes billed."""
    statements = [statement for query in calls.queries for statement in script_statements(query)]
    sizes: dict[str, int] = {}
    for statement in statements:
        sizes[statement.name] = sizes.get(statement.name, 0) + statement.bytes(ledger)
    return sizes


def read(calls: SettlementCalls, ledger: Ledger) -> dict[str, float]:
    """Table → bytes through the Storage Read API."""
    sizes: dict[str, float] = {}
    for session in calls.reads:
        sizes[session.table] = sizes.get(session.table, 0) + session.bytes(ledger)
    return sizes


def test_the_samples_settle_as_intended(settled: Settled) -> None:
    results = {name: calls.result for name, calls in vars(settled).items()}
    assert results["new"].changes == {"added": 3, "corrected": 0, "removed": 0}
    assert results["late"].changes["added"] == 3
    assert results["again"].changes == {"added": 0, "corrected": 0, "removed": 0}
    assert results["corrected"].changes["corrected"] == 3
    assert results["undone"].changes["removed"] == 4
    assert results["replayed"].changes["added"] == 2
    assert results["request_repeated"] == results["undone"]
    assert not any(result.holds for result in results.values())


def test_every_read_of_the_ledger_names_its_partitions_as_constants(settled: Settled) -> None:
    exceptions = {
        inline_parameters(settling._REQUEST, {"request_id": "undo"}): "request",
        inline_parameters(settling._SETTLED_BATCHES, {"settlement_no": settled.undone.result.settlement_no}): (
            "batches of the request"
        ),
    }
    used = set()
    for name, calls in vars(settled).items():
        for session in calls.reads:
            assert session.reference.is_pruned, (name, session)
            assert session.reference.selection.values, (name, session)
        for query in calls.queries:
            for statement in script_statements(query):
                whole = [r.table for r in statement.reads if r.table in LEDGER_TABLES and not r.selection.values]
                if whole:
                    assert query in exceptions, (name, statement.name, whole)
                    used.add(exceptions[query])
    assert used == set(UNPRUNED)


def test_only_partitions_named_as_constants_are_changed(settled: Settled) -> None:
    for calls in vars(settled).values():
        for statement in script_statements(calls.script) if calls.script else ():
            if statement.changes and statement.changes.table != EPOCH:
                assert statement.changes.selection.values, statement.name


def test_new_sales_are_billed_the_same_after_thirty_days_and_after_three_years(settled: Settled) -> None:
    for calls in (settled.new, settled.file, settled.late, settled.again, settled.corrected):
        assert billed(calls, MONTH) == billed(calls, YEARS)
        assert read(calls, MONTH) == read(calls, YEARS)


def test_a_micro_batch_of_new_sales_is_billed_little_more_than_the_least(settled: Settled) -> None:
    ledger = Ledger(Traffic(1_000), 30)
    assert billed(settled.new, ledger) == {
        "SELECT epoch": 2 * LEAST,
        "UPDATE epoch": LEAST,
        "INSERT INTO settlements": LEAST,
        "INSERT INTO batches": LEAST,
        "INSERT INTO sightings": LEAST,
        "INSERT INTO stored_versions": LEAST,
        "INSERT INTO statements": LEAST,
        "INSERT INTO batch_days": LEAST,
        "INSERT INTO settlement_days": LEAST,
        "SELECT": 0,
    }
    assert sum(billed(settled.new, MONTH).values()) == 126 * MB


def test_new_sales_of_tills_read_nothing_of_the_ledger(settled: Settled) -> None:
    assert read(settled.new, MONTH) == read(settled.late, MONTH) == {}


def test_a_file_of_new_sales_reads_few_columns_of_its_days(settled: Settled) -> None:
    row = sum(width("stored_versions", {*each.COLUMNS, "sale_date"}) for each in (other_regions, spellings))
    assert read(settled.file, MONTH) == {"stored_versions": len(DAYS) * TRAFFIC.lines * row}


def test_corrections_read_the_sales_of_their_days(settled: Settled) -> None:
    traffic = Traffic(1_000_000, corrected=0.01)
    sizes = read(settled.corrected, Ledger(traffic, 30))
    batches, refusals = sizes.pop("batches"), sizes.pop("refusals")
    assert batches == traffic.rows("batches") / 2 * width("batches")
    assert refusals == traffic.rows("refusals") / 2 * width("refusals")
    assert sizes == {
        "stored_versions": 3
        * traffic.rows("stored_versions")
        * width("stored_versions", {*NARROW_COLUMNS, "sale_date"}),
        "version_flags": 3 * traffic.rows("version_flags") * width("version_flags"),
        "sightings": 3 * traffic.rows("sightings") * width("sightings"),
        "statements": 3 * traffic.rows("statements") * width("statements"),
    }


def test_corrections_add_the_insert_of_flags_and_changes(settled: Settled) -> None:
    assert set(billed(settled.corrected, MONTH)) - set(billed(settled.new, MONTH)) == {
        "INSERT INTO version_flags",
        "INSERT INTO listed_changes",
    }


def test_an_undo_changes_one_day_of_batches(settled: Settled) -> None:
    sizes = billed(settled.undone, MONTH)
    assert sizes["UPDATE batches"] == LEAST
    assert sizes["SELECT settlements"] == LEAST
    assert read(settled.undone, MONTH).keys() == {
        "batches", "batch_days", "sightings", "statements", "stored_versions", "version_flags", "refusals"
    }  # fmt: skip


def test_the_index_is_read_and_written_once_for_a_sale_and_twice_for_a_batch(settled: Settled) -> None:
    """And read once for the days of complete store-days."""
    assert (settled.new.index_reads, settled.new.index_writes) == (3 + 2 + 1, 3 + 2)
    assert (settled.corrected.index_reads, settled.corrected.index_writes) == (3 + 2 + 1, 2)
    assert settled.undone.index_writes == 0


def test_a_large_settlement_writes_only_its_batches_to_the_index(nights: list[SettlementCalls]) -> None:
    large, *_ = nights
    assert (large.index_reads, large.index_writes) == (3 + 2 + 1, 2)


def test_settlements_after_it_read_the_hashes_of_the_pending_day(nights: list[SettlementCalls]) -> None:
    _, new, changed = nights
    hashes = TRAFFIC.rows("sightings") / 2 * width("sightings", ("sale", "sale_date"))
    compared = TRAFFIC.rows("stored_versions") / 2 * width("stored_versions", spellings.COLUMNS)
    assert read(new, MONTH) == read(new, YEARS) == {"sightings": hashes, "stored_versions": compared}
    assert new.result.changes == {"added": 1, "corrected": 0, "removed": 0}
    assert {"stored_versions", "statements"} < read(changed, MONTH).keys()
    assert changed.result.changes == {"added": 0, "corrected": 1, "removed": 0}
    assert all(session.reference.is_pruned for calls in nights for session in calls.reads)


def test_every_added_row_arrives_once(settled: Settled) -> None:
    assert settled.new.rows_written == {
        "settlements": 1, "batches": 1, "batch_days": 1, "settlement_days": 1,
        "sightings": 3, "stored_versions": 3, "statements": 3,
    }  # fmt: skip


def test_no_settlement_exceeds_a_limit(settled: Settled) -> None:
    for calls in vars(settled).values():
        for query in calls.queries:
            assert exceeded(query, script_statements(query), calls.reads) == []
