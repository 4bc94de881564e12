"""A day close that agreed, or was accepted, is open again when an undo or a correction changes its sales."""

import html
from typing import Any

import pytest
from test_day_closes import close, only, sale, send, sweep
from visitor import People

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.batch import BatchKind
from tillstream.model.permissions import Role
from tillstream.records import batch_records
from tillstream.review import day_closes, undo

CLOSE = close(["1-2"], 2, "20")


def agreed(app: App, clock: ManualClock) -> None:
    send(app, sale("1"))
    send(app, sale("2"), CLOSE)
    sweep(app, clock)
    assert only(app).state == "agreed"


def test_an_undo_opens_it_again_until_the_sale_counts_again(app: App, clock: ManualClock, person: People) -> None:
    agreed(app, clock)
    newest = batch_records.find_batches(app.ports, kind=BatchKind.STORE_SALES, limit=1)[0]
    undo.undo_batch(app.ports, newest.batch_id, "manager")
    sweep(app, clock)
    assert (only(app).state, only(app).missing) == ("open", ("2",))
    admin = person(Role.ADMIN)
    assert "All day closes agree" in admin.get("/waiting/day-closes").text, "sales may still arrive"
    sweep(app, clock)
    page = html.unescape(admin.get("/waiting/day-closes").text)
    assert "Its sales changed after it agreed" in page
    assert "Missing sale numbers: 2." in page
    send(app, sale("2", version=2))
    sweep(app, clock)
    assert (only(app).state, only(app).reopened_at != "") == ("agreed", True)


@pytest.mark.parametrize(
    "changes",
    [
        {"lines": [{"line": "1", "product_id": "P-1", "quantity": "1", "unit_price": "11"}]},
        {"status": "cancelled"},
        {"sold_at": "2026-03-20T10:03:00+00:00"},
    ],
    ids=["another amount", "cancelled", "another day"],
)
def test_a_correction_of_the_till_opens_it_again(app: App, clock: ManualClock, changes: dict[str, Any]) -> None:
    agreed(app, clock)
    send(app, sale("2") | {"version": 2} | changes)
    sweep(app, clock)
    assert only(app).state == "open"


def test_a_sale_of_the_form_that_arrives_later_may_be_a_double(app: App, clock: ManualClock) -> None:
    agreed(app, clock)
    send(app, sale("W-ab-1", source="form"))
    sweep(app, clock)
    assert (only(app).state, only(app).doubles) == ("open", (("W-ab-1", "1"),))


def test_other_sales_of_the_day_and_repeats_change_nothing(app: App, clock: ManualClock) -> None:
    agreed(app, clock)
    before = app.ports.documents.get(day_closes.DAY_CLOSES_COLLECTION, only(app).id)
    send(app, sale("2"), sale("3", "7"))
    send(app, sale("1", "12") | {"store_id": "MAN1"}, store="MAN1")
    sweep(app, clock)
    assert app.ports.documents.get(day_closes.DAY_CLOSES_COLLECTION, only(app).id) == before


def test_an_acceptance_holds_for_its_difference_only(app: App, clock: ManualClock, person: People) -> None:
    send(app, sale("1"), close(["1-3"], 3, "30"))
    sweep(app, clock)
    day_closes.accept_day_close(app.ports, only(app).id, "boss", "two test sales")
    sweep(app, clock)
    assert only(app).state == "accepted"
    send(app, sale("1", "9", version=2))
    sweep(app, clock)
    sweep(app, clock)
    assert only(app).state == "open"
    page = html.unescape(person(Role.ADMIN).get("/waiting/day-closes").text)
    assert "Its sales changed after it was accepted by boss (“two test sales”)" in page
    send(app, sale("1", version=3), sale("2"))
    send(app, sale("3"))
    sweep(app, clock)
    assert only(app).state == "agreed"


def test_a_stop_between_comparison_and_its_record_is_made_up_for(
    app: App, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    agreed(app, clock)
    send(app, sale("2", "11", version=2))
    query = app.ports.warehouse.query

    def stopped(text: str, values: Any = None) -> Any:
        if "product_id" in text and values and "store" in values:
            raise KeyboardInterrupt
        return query(text, values)

    monkeypatch.setattr(app.ports.warehouse, "query", stopped)
    with pytest.raises(KeyboardInterrupt):
        sweep(app, clock)
    monkeypatch.undo()
    sweep(app, clock)
    assert only(app).state == "open"
