"""Stock movements of a home at its head office: sent once, cancelled there only, and taken back after a restore."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sync.test_two_homes import restored, saved
from sync.two_homes import NAME, Pair, check_stock

from tillstream.app import App
from tillstream.model.errors import Rejected
from tillstream.stock import stored_movements
from tillstream.stock.movements import Movement, MovementKind, MovementLine
from tillstream.sync import homes, sync_status
from tillstream.sync.refusals import OPEN_QUESTION, Refused

LEVELS = "SELECT store_id, product, on_hand, moved FROM stock_levels ORDER BY store_id, product"
AT_OFFICE = f"home:{NAME}:"


def movement(
    movement_id: str, units: int = 5, kind: MovementKind = MovementKind.RECEIPT, store: str = "S1", note: str = ""
) -> Movement:
    line = MovementLine("P", Decimal(units))
    day = date(2024, 4, 30) if kind is MovementKind.COUNT else date(2024, 5, 1)
    return Movement(movement_id, kind, "Testland", store, day, (line,), note=note)


def record(two: Pair, *movements: Movement) -> None:
    for one in movements:
        stored_movements.record_movements(two.home.plain.ports, [one], by="ana")
        two.home.clock.advance(1)


def cancel(two: Pair, movement_id: str) -> None:
    stored_movements.cancel_movement(two.home.plain.ports, movement_id, by="ana")
    two.home.clock.advance(1)


def levels(app: App) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in app.ports.warehouse.query(LEVELS).to_pylist()]


def test_movements_arrive_once_with_their_author_and_their_time(two: Pair) -> None:
    record(two, movement("c", 7, MovementKind.COUNT), movement("r", note="two boxes"))
    assert sync_status.sync_lag(two.home.plain.ports).movements == 2
    result = two.sync()
    two.check_agreement(result)
    assert (result.movements, two.sync().movements, sync_status.sync_lag(two.home.plain.ports).movements) == (2, 0, 0)
    here, there = (
        stored_movements.get_movement(two.home.plain.ports, "r"),
        stored_movements.get_movement(two.office.ports, f"{AT_OFFICE}r"),
    )
    assert (here.by, here.recorded_at, here.movement.note) == (there.by, there.recorded_at, there.movement.note)
    assert levels(two.office) == [("S1", "P", Decimal(12), Decimal(5))]


def test_a_cancellation_follows_and_is_made_in_the_home_only(two: Pair) -> None:
    record(two, movement("c", 7, MovementKind.COUNT), movement("r"))
    two.sync()
    with pytest.raises(Rejected, match="movement of the home berlin-1"):
        stored_movements.cancel_movement(two.office.ports, f"{AT_OFFICE}r", by="chief")
    cancel(two, "r")
    two.check_agreement(two.sync())
    assert stored_movements.is_movement_cancelled(two.office.ports, f"{AT_OFFICE}r")
    assert levels(two.office) == [("S1", "P", Decimal(7), Decimal(0))]


def test_equal_ids_of_a_home_and_its_head_office_are_two_movements(two: Pair) -> None:
    stored_movements.record_movements(two.office.ports, [movement("r", 1, store="S2")], by="chief")
    record(two, movement("r", 2))
    two.check_agreement(two.sync())
    assert stored_movements.get_movement(two.office.ports, "r").movement.store_id == "S2"
    cancel(two, "r")
    two.check_agreement(two.sync())
    assert not stored_movements.is_movement_cancelled(two.office.ports, "r")


def test_an_id_of_a_home_cannot_be_recorded_as_an_own_one(two: Pair) -> None:
    with pytest.raises(Rejected, match="must not begin with home:"):
        record(two, movement(f"{AT_OFFICE}r"))


def test_what_a_restored_backup_lacks_comes_back(two: Pair, tmp_path: Path) -> None:
    record(two, movement("a"))
    saved(two, tmp_path / "copy")
    record(two, movement("b", note="kept"), movement("again"), movement("c"))
    cancel(two, "c")
    two.sync()
    restored(two, tmp_path / "copy")
    two.home.clock.advance(timedelta(days=2).total_seconds())
    record(two, movement("again"), movement("d"))
    result = two.sync()
    two.check_agreement(result)
    assert result.recovered_movements == 3  # b, c and its cancellation
    assert stored_movements.get_movement(two.home.plain.ports, "b").movement.note == "kept"
    assert stored_movements.is_movement_cancelled(two.home.plain.ports, "c")
    assert two.sync().movements == 0


def test_another_movement_with_the_id_of_a_lost_one_is_a_question(two: Pair, tmp_path: Path) -> None:
    record(two, movement("a"))
    saved(two, tmp_path / "copy")
    record(two, movement("b", 1))
    two.sync()
    restored(two, tmp_path / "copy")
    record(two, movement("b", 2))
    with pytest.raises(Refused, match="Cancel it in the home") as refused:
        two.sync()
    assert refused.value.code == OPEN_QUESTION
    assert "Two stock movements" in sync_status.get_status(two.home.plain.ports).error
    cancel(two, "b")
    record(two, movement("b2", 3))
    two.check_agreement(two.sync())


def test_a_head_office_that_lost_movements_receives_them_again(two: Pair) -> None:
    record(two, movement("a"), movement("b"))
    two.sync()
    for document in stored_movements.all_movements(two.office.ports):
        two.office.ports.documents.delete(stored_movements.COLLECTION, document.id)
    two.office.ports.warehouse.replace_table(
        "stock_movements", two.office.ports.warehouse.query("SELECT * FROM stock_movements LIMIT 0")
    )
    result = two.sync()
    assert result.movements == 2
    two.check_agreement(result)


def test_differing_stock_needs_attention(two: Pair) -> None:
    ports = two.home.plain.ports
    sync_status.begin_sync(ports, "https://head-office.example.com", "chief")
    sync_status.note_stock(ports, 0, ["2024-05-01"])
    assert homes.sync_needs_attention(ports)
    sync_status.note_stock(ports, 0, [])
    assert not homes.sync_needs_attention(ports)
    two.local().compare_stock({"2024-05-01": "another"})
    assert homes.get_home(two.office.ports, NAME).differing_stock == ("2024-05-01",)
    assert homes.sync_needs_attention(two.office.ports)
    check_stock(two)
