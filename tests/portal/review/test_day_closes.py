"""Day closes: agreement closes them, a difference is an open question with the missing numbers."""

import html
import json
from decimal import Decimal
from typing import Any

import pytest
from visitor import People

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.model.messages import day_close_schema, store_sale_schema
from tillstream.model.permissions import Role
from tillstream.operations import reconcile
from tillstream.people import accounts
from tillstream.ports.bus import Message
from tillstream.review import day_closes
from tillstream.server.worker import Worker

SALE = store_sale_schema()["examples"][0]
CLOSE = day_close_schema()["examples"][0]
REGION, STORE = SALE["region"], SALE["store_id"]


def sale(number: str, amount: str = "10", **changes: Any) -> dict[str, Any]:
    lines = [{"line": "1", "product_id": "P-1", "quantity": "1", "unit_price": amount}]
    return {**SALE, "number": number, "lines": lines, **changes}


def close(numbers: list[str], sales: int, net: str, **changes: Any) -> dict[str, Any]:
    return CLOSE | {"numbers": numbers, "sales": sales, "totals": [{"currency": "GBP", "net": net}]} | changes


def send(app: App, *messages: dict[str, Any], store: str = STORE) -> None:
    attributes = {"region": REGION, "store_id": store}
    bodies = [Message(json.dumps(one).encode(), attributes) for one in messages]
    app.ports.bus.publish(TOPIC_STORE_SALES, bodies)
    Worker(app).run_until_idle()


def sweep(app: App, clock: ManualClock) -> None:
    clock.advance(600)
    reconcile.resume_interrupted_work(app.ports, app.contracts)


def only(app: App) -> day_closes.DayClose:
    (one,) = day_closes.find_day_closes(app.ports)
    return one


def test_a_day_close_of_what_counts_agrees_by_itself(app: App, clock: ManualClock) -> None:
    send(app, sale("1"), sale("2", "2.5"), sale("3", status="cancelled"), close(["1-3"], 2, "12.50"))
    sweep(app, clock)
    assert (only(app).state, only(app).counted) == ("agreed", 2)
    assert app.ports.warehouse.query("SELECT COUNT(*) AS n FROM refusals").column("n")[0].as_py() == 0


def test_a_difference_is_a_question_with_the_missing_numbers_until_the_sales_arrive(
    app: App, clock: ManualClock, person: People
) -> None:
    admin = person(Role.ADMIN)
    send(app, sale("1001"), sale("1005"), close(["1001-1005", "R-7"], 6, "60"))
    assert "Missing" not in admin.get("/waiting/day-closes").text
    sweep(app, clock)
    page = html.unescape(admin.get("/waiting/day-closes").text)
    assert "Missing sale numbers: 1002-1004, R-7." in page
    assert "The till recorded 6 sales; 2 of them count." in page
    assert ">60.00</data> GBP; the sales" in page
    assert "1 day close of a till does not agree" in admin.get("/waiting").text
    send(app, *(sale(number) for number in ("1002", "1003", "1004", "R-7")))
    sweep(app, clock)
    assert only(app).state == "agreed"
    assert "All day closes agree" in admin.get("/waiting/day-closes").text


def test_another_amount_under_the_same_numbers_is_a_question(app: App, clock: ManualClock) -> None:
    send(app, sale("1", "10.01"), close(["1"], 1, "10"))
    sweep(app, clock)
    assert only(app).state == "open"
    ((currency, till, counted),) = only(app).totals
    assert (currency, Decimal(till), Decimal(counted)) == ("GBP", Decimal(10), Decimal("10.01"))


def test_a_person_accepts_a_difference_with_a_reason(app: App, clock: ManualClock, person: People) -> None:
    send(app, close(["1"], 1, "10"))
    sweep(app, clock)
    admin = person(Role.ADMIN)
    assert admin.post(f"/waiting/day-closes/{only(app).id}/accept", {"reason": " "}).status_code == 422
    assert admin.post(f"/waiting/day-closes/{only(app).id}/accept", {"reason": "a test sale"}).status_code == 303
    sweep(app, clock)
    accepted = only(app)
    assert (accepted.state, accepted.accepted_by, accepted.reason) == ("accepted", "admin-all", "a test sale")


def test_a_later_day_close_replaces_an_earlier_one_in_any_order(app: App, clock: ManualClock) -> None:
    later = close(["1-2"], 2, "20", closed_at="2026-11-20T20:00:00+00:00")
    earlier = close(["1"], 1, "10", closed_at="2026-11-20T19:00:00+00:00")
    clock.advance(300 * 86_400)
    send(app, sale("1"), later)
    send(app, earlier)
    send(app, later)
    assert only(app).sales == 2
    send(app, earlier | {"till_id": "back"})
    sweep(app, clock)
    assert sorted((one.till_id, one.state) for one in day_closes.find_day_closes(app.ports)) == [
        ("back", "agreed"),
        ("front", "open"),
    ]


@pytest.mark.parametrize("change", [{"sales": -1}, {"date": "2026-02-30"}, {"numbers": ["9-3"]}])
def test_an_invalid_day_close_is_a_rejected_message(app: App, change: dict[str, Any]) -> None:
    send(app, CLOSE | change)
    (refusal,) = app.ports.warehouse.query("SELECT code, problems FROM refusals").to_pylist()
    assert refusal["code"] == "unreadable-message"
    assert json.loads(refusal["problems"])[0]["detail"].startswith(next(iter(change)))
    assert day_closes.find_day_closes(app.ports) == []


def test_a_day_close_for_another_store_is_a_rejected_message(app: App) -> None:
    send(app, CLOSE, store="MAN1")
    (refusal,) = app.ports.warehouse.query("SELECT problems FROM refusals").to_pylist()
    assert "another store" in refusal["problems"]
    assert day_closes.find_day_closes(app.ports) == []


def test_a_sale_of_the_form_that_a_till_recorded_too_is_a_possible_double(
    app: App, clock: ManualClock, person: People
) -> None:
    send(app, sale("1"), sale("W-ab-1", source="form"), sale("2", "7"), close(["1-2"], 2, "17"))
    sweep(app, clock)
    assert only(app).doubles == (("W-ab-1", "1"),)
    assert "Sale W-ab-1 of the form may be the same sale as 1" in person(Role.ADMIN).get("/waiting/day-closes").text


def test_an_agreeing_day_close_moves_the_completeness_of_the_store(
    app: App, clock: ManualClock, person: People
) -> None:
    send(app, sale("1"), close(["1"], 1, "10"))
    send(app, sale("2", sold_at="2026-11-21T10:00:00Z"), close(["2-3"], 2, "20", date="2026-11-21"))
    clock.advance(150 * 86_400)
    sweep(app, clock)
    page = person(Role.ADMIN).get(f"/completeness?day=2026-11-20&open={REGION}").text
    store = page.partition(f">{STORE}</th>")[2].partition("</tr>")[0]
    assert "20" in store.partition("</td>")[0]
    assert "a day close does not agree" in store


def test_a_manager_sees_and_accepts_day_closes_of_own_stores_only(app: App, clock: ManualClock, person: People) -> None:
    send(app, close(["1"], 1, "10"))
    sweep(app, clock)
    manager = person(Role.MANAGER, REGION, login="manager")
    assert STORE in manager.get("/waiting/day-closes").text
    accounts.assign_account(app.ports, "manager", stores=("MAN1",), by="boss")
    assert "All day closes agree" in manager.get("/waiting/day-closes").text
    assert manager.post(f"/waiting/day-closes/{only(app).id}/accept", {"reason": "x"}).status_code == 404
