"""What must hold after every schedule, whatever happened in it."""

import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from stateful.model import Ledger
from stateful.model_batches import Key, ModelBatch
from stateful.system import System

import sql
from tillstream.analytics.queries import totals_coverage
from tillstream.analytics.row_scope.row_selection import Where, total_query
from tillstream.model.batch import STATES_IN_LEDGER, TERMINAL_STATES, Batch, BatchState
from tillstream.model.tables.daily_totals import ROLLUPS
from tillstream.operations import rebuild
from tillstream.people import warehouse_scopes
from tillstream.receipts import receipt as receipts
from tillstream.records import batch_originals

LINES = """SELECT sale_id, line_key, store_id, product_id, channel, sold_at, sale_date, quantity, unit_price, extra
    FROM current_lines"""
CHANGES = """SELECT changes.settlement_no, versions.sale_id, versions.line_key,
    changes.kind, changes.key, changes.old, changes.new
    FROM changes INNER JOIN sale_versions AS versions
    ON versions.key = changes.key AND versions.content = COALESCE(changes.new, changes.old)"""
MISCOUNTED = """SELECT sale FROM line_facts WHERE counts_as_order GROUP BY sale
    HAVING NOT (COUNTIF(is_mixed_order) = COUNT(*) AND COUNTIF(is_order) = 0 OR (
      COUNTIF(is_mixed_order) = 0 AND COUNTIF(is_order) = 1 AND COUNT(DISTINCT COALESCE(store_id, '')) = 1
      AND COUNT(DISTINCT COALESCE(channel, '')) = 1 AND COUNT(DISTINCT status) = 1
      AND COUNT(DISTINCT sale_date) = 1))"""
TOTALS = """SELECT sale_date, region, status, currency, SUM(lines) AS lines, SUM(orders) AS orders, SUM(net) AS net,
    SUM(units) AS units, MIN(first_sale) AS first_sale, MAX(last_sale) AS last_sale
    FROM ({select}) AS sums GROUP BY sale_date, region, status, currency
    ORDER BY sale_date, region, status, currency"""
COUNTS = ("read", "new", "corrected", "duplicate", "quarantined", "blank", "ignored")


def check(system: System) -> Ledger:
    """Everything below; the model's ledger."""
    system.wait_until_quiet()
    batches = system.batches()
    ledger = _replay_settlements(system, {name: batch for name, (_, batch) in batches.items()})
    assert current_lines(system) == ledger.current(), "current lines"
    assert not _query(system, MISCOUNTED), "sales that would not count as one order"
    _check_receipts(system, ledger, [record for record, _ in batches.values()])
    _check_nothing_is_lost(system, [record for record, _ in batches.values()])
    _check_holds(system, batches, ledger)
    _check_changes(system)
    _check_events(system)
    _check_daily_totals(system)
    assert not warehouse_scopes.sync_user_scopes(system.plain.ports), "the warehouse knows already what people may see"
    for run in (rebuild.rebuild_from_ledger, rebuild.rebuild_from_originals):
        report = run(system.plain.ports, system.plain.fresh_warehouse)
        assert not report["differences"], (run.__name__, report["differences"])
    return ledger


def _check_daily_totals(system: System) -> None:
    """What queries add up by day, however stale the sums are, is what the lines add up to."""
    warehouse = system.plain.ports.warehouse
    for table in ROLLUPS:
        texts = (
            total_query(table, Where(), stale, "USD", whole_sales=True)
            for stale in (totals_coverage(warehouse).stale, None)
        )
        here, there = (warehouse.query(TOTALS.format(select=select), params).to_pylist() for select, params in texts)
        assert here == there, table


def _replay_settlements(system: System, batches: dict[str, Any]) -> Ledger:
    """The same batches in the same groups, by the model; each settlement's net changes must agree."""
    kinds_by_settlement: dict[int, dict[Key, str]] = {}
    for row in _query(system, CHANGES):
        kinds_by_settlement.setdefault(row["settlement_no"], {})[row["sale_id"], row["line_key"]] = row["kind"]
    ledger = Ledger()
    for number, (taken, undone) in enumerate(settlements(system, batches), 1):
        changes = ledger.settle(taken, undone)
        assert kinds_by_settlement.get(number, {}) == changes, f"changes of settlement {number}"
    return ledger


def settlements(system: System, batches: dict[str, ModelBatch]) -> Iterator[tuple[list[ModelBatch], list[str]]]:
    """What each settlement took in and undid, first to last."""
    rows = _query(system, "SELECT batch_id, settlement_no, undone_no, root_no = batch_no AS is_root FROM batches")
    last = _query(system, "SELECT COALESCE(MAX(settlement_no), 0) AS n FROM settlements")[0]["n"]
    for number in range(1, last + 1):
        taken = [batches[row["batch_id"]] for row in rows if row["settlement_no"] == number]
        yield taken, [row["batch_id"] for row in rows if row["undone_no"] == number and row["is_root"]]


def current_lines(system: System) -> dict[Key, tuple[tuple[str, object], ...]]:
    facts_by_key = {}
    for row in _query(system, LINES):
        facts = {
            "store": row["store_id"],
            "product": row["product_id"],
            "channel": row["channel"],
            "sold_at": row["sold_at"] and f"{row['sold_at']:%Y-%m-%d} {row['sold_at'].hour}",
            "day": row["sale_date"].isoformat(),
            "qty": Decimal(row["quantity"]),
            "price": Decimal(row["unit_price"]),
            "extra": row["extra"] and json.dumps(json.loads(row["extra"])),
        }
        key = (row["sale_id"], row["line_key"])
        assert key not in facts_by_key, f"{key} is current twice"
        facts_by_key[key] = tuple(facts.items())
    return facts_by_key


def _check_receipts(system: System, ledger: Ledger, records: list[Batch]) -> None:
    for record in records:
        if record.kind == "correction" or record.batch_id not in ledger.batches:
            continue
        receipt = receipts.batch_receipt(system.plain.ports, record.batch_id)
        rows = receipt["rows"]
        assert rows["read"] == sum(rows[name] for name in COUNTS[1:]), f"the receipt of {record.file} does not balance"
        expected = ledger.receipt(record.batch_id)
        blank = system.blank(record)
        expected += Counter(read=blank, blank=blank)
        assert {name: rows[name] for name in COUNTS} == {name: expected[name] for name in COUNTS}, (
            f"receipt of {record.batch_id}"
        )
        in_ledger = system.plain.ports.warehouse.query(sql.text("ledger/batch_amounts"), {"batch_id": record.batch_id})
        assert receipt["amounts"] == in_ledger.to_pylist(), f"amounts of {record.batch_id}"
        assert receipt["removed"] == ledger.batches[record.batch_id].removed, f"removed by {record.batch_id}"


def _check_nothing_is_lost(system: System, records: list[Batch]) -> None:
    """Everything acknowledged is in the ledger, is held with a reason, or was removed by a user."""
    kept = {record.sha256 for record in records}
    texts = Counter[str]()
    for record in records:
        assert record.state in TERMINAL_STATES | {BatchState.HELD}, f"{record.file} is still {record.state}"
        if record.kind == "messages":
            with batch_originals.open_original(system.plain.ports, record) as stream:
                bodies = [json.loads(line) for line in stream.read().splitlines()]
            texts.update({(body["sequence"], body["message"]) for body in bodies})
    sent = Counter(text for _, text in texts)
    for promise in system.promised:
        assert promise in kept or sent[promise] > 0, f"{promise} was promised and is nowhere"
    needed = system.expected_messages(Counter(promise for promise in system.promised if promise not in kept))
    assert not needed - sent, f"messages were lost: {needed - sent}"
    in_ledger = {row["batch_id"]: row["undone_no"] for row in _query(system, "SELECT batch_id, undone_no FROM batches")}
    for record in records:
        counts = in_ledger.get(record.batch_id, 0) is None
        assert counts == (record.state in STATES_IN_LEDGER), (
            f"{record.file} is {record.state}, the ledger says otherwise"
        )
    assert not system.plain.ports.bus.dead_letters(), system.plain.ports.bus.dead_letters()
    assert not system.waiting(), system.waiting()


def _check_holds(system: System, batches: dict[str, Any], ledger: Ledger) -> None:
    """Held for the reasons of the design and no other; nothing got past them without a person."""
    for record, batch in batches.values():
        rejected_rows = sum(row.line is None and not row.discarded for row in batch.rows)
        too_many = record.kind in ("upload", "replay") and rejected_rows > 0.5 * len(batch.rows)
        other = any(
            (b.sha, b.kind) != ("", "messages") and b.sha == record.sha256 and b.contract != record.contract
            for b in ledger.batches.values()
        )
        codes = {hold.code for hold in record.holds}
        if record.state is BatchState.HELD:
            assert codes <= {"too-many-refused", "known-bytes-under-another-contract"}, record
            assert ("too-many-refused" in codes) <= too_many, record
            assert ("known-bytes-under-another-contract" in codes) <= other, record
        elif record.batch_id in ledger.batches and too_many:
            assert "too-many-refused" in record.confirmed, f"{record.file} went past its threshold"


def _check_changes(system: System) -> None:
    """The changes of all settlements, replayed into nothing, give exactly the current lines."""
    lines: dict[int, int] = {}
    for row in sorted(_query(system, CHANGES), key=lambda r: r["settlement_no"]):
        assert lines.get(row["key"]) == row["old"], "a change does not start from what was"
        assert row["kind"] == ("added" if row["old"] is None else "removed" if row["new"] is None else "corrected")
        if row["new"] is None:
            del lines[row["key"]]
        else:
            lines[row["key"]] = row["new"]
    assert lines == {row["key"]: row["content"] for row in _query(system, "SELECT key, content FROM current_lines")}


def _check_events(system: System) -> None:
    """One event id per changed line of each settlement, always with the same body."""
    system.listen()
    bodies: dict[str, set[bytes]] = {}
    events = Counter[tuple[int, str, str, str]]()
    for delivery in system.received_events:
        body = json.loads(delivery.message.body)
        if body["id"] not in bodies:
            events[body["settlement_no"], body["line"]["sale_id"], body["line"]["line_key"], body["change"]] += 1
        bodies.setdefault(body["id"], set()).add(delivery.message.body)
    assert all(len(versions) == 1 for versions in bodies.values()), "one event id with two bodies"
    assert events == Counter(
        (row["settlement_no"], row["sale_id"], row["line_key"], row["kind"]) for row in _query(system, CHANGES)
    ), "announced"


def _query(system: System, query: str) -> list[dict[str, Any]]:
    return system.plain.ports.warehouse.query(query).to_pylist()
