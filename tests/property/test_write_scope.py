"""Whoever is bound to stores changes and removes only lines of these stores; each story ends with every check."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from stateful.checks import check
from stateful.sources import REGION, Fix, Row, Sale
from stateful.steps import GOOD, like, process, rows, source
from stateful.system import System, running_system

from tillstream.intake import store_sales
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.ports.bus import Message
from tillstream.ports.warehouse import Settlement
from tillstream.records import audit_log
from tillstream.review import replay

SALE = Sale("1", "S2", "2024-03-01", 9, (("P", 2, 2), ("Q", 1, 1)))


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    """A company whose sale numbers are unique in the region."""
    with running_system(tmp_path / "home", numbered=False, wide=True) as new_system:
        yield new_system


def upload(system: System, name: str, *file: Row, stores: tuple[str, ...] | None = None) -> str:
    contract = source(system, name)
    batch = system.upload(contract, list(file), contract.columns, stores)
    system.clock.advance(1)
    process(system, batch)
    return batch.batch_id


def send(system: System, *sales: Sale, token: str | None = None) -> None:
    """token: the store whose token sends the sales; None: the store that each names."""
    messages = []
    for sale in sales:
        system.sales[sale.body().decode()] = sale
        messages.append(Message(sale.body(), {"region": REGION, "store_id": token or sale.store}))
    system.app.ports.bus.publish(TOPIC_STORE_SALES, messages)
    store_sales.receive_store_sales(system.app.ports, system.app.contracts, 100, 0)
    system.worker.run_until_idle()
    system.clock.advance(1)


def line_stores(system: System) -> dict[tuple[str, str], Any]:
    return {key: dict(facts)["store"] for key, facts in check(system).current().items()}


def refusals(system: System) -> list[tuple[str, str, str]]:
    rejected = system.app.ports.warehouse.query("SELECT code, value, problems FROM refusals ORDER BY row_number")
    return [(row["code"], row["value"], json.loads(row["problems"])[0]["detail"]) for row in rejected.to_pylist()]


def security_events(system: System, what: str) -> list[dict[str, Any]]:
    entries = audit_log.find_entries(system.app.ports, audit_log.AuditFilter(what=what))
    return [entry.after for entry in entries]


def test_a_sale_sent_by_a_store_with_the_number_of_another_leaves_that_as_it_was(system: System) -> None:
    upload(system, REGION, GOOD)
    before = check(system).current()
    send(system, SALE)
    assert check(system).current() == before
    assert refusals(system) == [("not-your-store", "S1", "S2"), ("sale-refused", None, "")]
    (event,) = security_events(system, "sale.not-your-store")
    assert (event["rows"], event["region"]) == (1, REGION)


def test_two_stores_that_send_one_number_at_the_same_time_make_one_sale_of_the_first(system: System) -> None:
    send(system, Sale("1", "S1", "2024-03-01", 9, (("P", 1, 1),)), SALE)
    assert line_stores(system) == {("1", "P#1"): "S1"}


def test_a_sale_that_names_another_store_than_its_token_is_quarantined(system: System) -> None:
    send(system, SALE, token="S1")
    assert line_stores(system) == {}
    assert refusals(system) == [("not-your-store", "S2", "S1"), ("not-your-store", "S2", "S1")]
    assert len(security_events(system, "sale.not-your-store")) == 1


def test_rows_of_other_stores_in_the_file_of_a_bound_user_are_quarantined(system: System) -> None:
    upload(system, REGION, GOOD)
    batch = upload(system, REGION, like(number="2", store="S2"), like(store="S2"), like(number="3"), stores=("S2",))
    assert rows(system, batch) == {"new": 1, "quarantined": 2}
    assert line_stores(system) == {("1", "P#1"): "S1", ("2", "P#1"): "S2"}
    assert refusals(system) == [("not-your-store", "S1", "S2"), ("not-your-store", "S1", "S2")]
    (event,) = security_events(system, "upload.not-your-store")
    assert (event["rows"], event["stores"]) == (2, ["S2"])


def test_only_a_user_who_is_not_bound_accepts_a_row_for_another_store(system: System) -> None:
    upload(system, REGION, GOOD)
    moved = like(store="S2", qty=2)
    batch = upload(system, REGION, moved, stores=("S2",))
    process(system, system.fix(batch, [Fix(1, moved, "accept")], ("S2",)))
    assert rows(system, batch) == {"quarantined": 1}
    assert line_stores(system) == {("1", "P#1"): "S1"}
    process(system, system.fix(batch, [Fix(1, moved, "accept")]))
    assert rows(system, batch) == {"corrected": 1}
    assert line_stores(system) == {("1", "P#1"): "S2"}


def test_a_replay_keeps_what_a_user_who_is_not_bound_accepted(system: System) -> None:
    upload(system, REGION, GOOD)
    moved, foreign = like(store="S2", qty=2), like(number="2")
    batch = upload(system, REGION, moved, foreign, stores=("S2",))
    process(system, system.fix(batch, [Fix(1, moved, "accept")]))
    again = replay.replay_batch(system.app.ports, system.app.contracts, batch, None, "admin")
    process(system, again)
    assert rows(system, again.batch_id) == {"corrected": 1, "quarantined": 1}
    assert line_stores(system) == {("1", "P#1"): "S2"}


def test_a_line_that_was_refused_twice_counts_once_when_it_is_allowed(tmp_path: Path) -> None:
    with running_system(tmp_path / "home", numbered=True, wide=True) as numbered:
        upload(numbered, REGION, GOOD)
        moved = like(qty=2)
        batch = upload(numbered, REGION, moved, moved, stores=("S2",))
        assert rows(numbered, batch) == {"quarantined": 2}
        check(numbered)
        upload(numbered, REGION, moved)
        check(numbered)
        (counted,) = numbered.app.ports.warehouse.query("SELECT quantity FROM current_lines").to_pylist()
        assert counted == {"quantity": 2}


def test_a_bound_user_reads_a_file_again_for_the_own_stores_only(system: System) -> None:
    batch = upload(system, REGION, GOOD, like(number="2", store="S2"))
    process(system, replay.replay_batch(system.app.ports, system.app.contracts, batch, None, "manager", stores=("S1",)))
    assert line_stores(system) == {("1", "P#1"): "S1"}


def test_a_complete_sale_of_a_bound_user_removes_only_lines_of_the_own_stores(system: System) -> None:
    upload(system, REGION, GOOD, like(product="Q", store="S2"))
    upload(system, "sale", like(product="R"), stores=("S1",))
    assert line_stores(system) == {("1", "Q#1"): "S2", ("1", "R#1"): "S1"}


def test_a_complete_sale_removes_the_older_contents_of_a_line_that_was_of_the_own_store(system: System) -> None:
    upload(system, REGION, like(product="Q", store="S2"))
    upload(system, REGION, like(product="Q"))
    upload(system, "sale", GOOD, stores=("S1",))
    assert line_stores(system) == {("1", "P#1"): "S1"}


def test_a_sale_with_a_row_for_another_store_removes_nothing(system: System) -> None:
    upload(system, REGION, GOOD, like(product="Q"), like(product="R", store="S2"))
    upload(system, "sale", like(qty=2), like(product="R", store="S2"), stores=("S1",))
    assert line_stores(system) == {("1", "P#1"): "S1", ("1", "Q#1"): "S1", ("1", "R#1"): "S2"}


def test_a_day_of_a_store_with_a_row_for_another_store_removes_nothing(system: System) -> None:
    upload(system, REGION, GOOD, like(number="2"), like(number="3", store="S2"))
    upload(system, "day", GOOD, like(number="3"), stores=("S1",))
    assert set(line_stores(system)) == {("1", "P#1"), ("2", "P#1"), ("3", "P#1")}


def test_a_line_that_a_file_moves_to_another_store_does_not_return(system: System) -> None:
    upload(system, REGION, GOOD)
    upload(system, "day", like(store="S2"), like(number="2"))
    assert line_stores(system) == {("1", "P#1"): "S2", ("2", "P#1"): "S1"}
    upload(system, "day", like(number="3", store="S2"))
    assert line_stores(system) == {("2", "P#1"): "S1", ("3", "P#1"): "S2"}


def test_a_settlement_whose_answer_was_lost_records_the_security_event(system: System) -> None:
    upload(system, REGION, GOOD)
    ports, contracts, contract = system.app.ports, system.app.contracts, source(system, REGION)
    staged = stage.stage(ports, system.upload(contract, [like(store="S2")], contract.columns, ("S2",)).batch_id)
    ports.warehouse.settle(Settlement([settle.to_staged_batch(ports, contracts, staged)]))
    assert security_events(system, "upload.not-your-store") == []
    settle.settle_all(ports, contracts)
    assert rows(system, staged.batch_id) == {"quarantined": 1}
    assert len(security_events(system, "upload.not-your-store")) == 1
