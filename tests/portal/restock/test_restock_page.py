"""The restock pages: the queue of the user's stores, decisions by form, and the settings."""

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
import shop_of_two_stores
from flask import Flask
from portal_factory import create_app
from restock_steps import BALL, KITE, count, open_shop, queue_of
from visitor import PASSWORD, Visitor

from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.stock import purchase_orders, restock_needs
from tillstream.stock.purchase_orders import OrderState


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = open_shop(tmp_path)
    count(opened.ports, {("LDS1", KITE): 10, ("LDS1", BALL): 1, ("MAN1", BALL): 1})
    queue_of(opened.ports)
    yield opened
    opened.close()


@pytest.fixture
def portal(app: App) -> Flask:
    return create_app(app, testing=True)


def visitor_of(portal: Flask, app: App, role: Role, *stores: str) -> Visitor:
    login = f"{role}-{'-'.join(stores) or 'all'}".lower()
    regions = () if role is Role.ADMIN else ("UK",)
    seller = "T1" if role is Role.SALESPERSON else None
    accounts.add_account(
        app.ports, login, login, role, regions=regions, stores=stores, salesperson=seller, password=PASSWORD
    )
    visitor = Visitor(portal.test_client())
    assert visitor.sign_in(login).status_code == 303
    return visitor


@pytest.fixture
def boss(portal: Flask, app: App) -> Visitor:
    return visitor_of(portal, app, Role.ADMIN)


def read(visitor: Visitor, query: str = "") -> str:
    """The words of the page."""
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", visitor.get(f"/restock{query}").text).split()))


def line(store: str, product: str) -> str:
    return json.dumps(["UK", store, product])


def test_the_queue_shows_what_is_needed_with_reason_and_cost(boss: Visitor) -> None:
    page = read(boss)
    assert "To order 3" in page
    assert page.index("Ball") < page.index("Kite")  # the most urgent first
    assert "Acme Wholesale" in page
    assert "USD in this list" in page
    assert "the supplier needs 5 days" in page
    assert "in 95% of the cases, and serve 9" in page


def test_selected_lines_become_a_draft_with_the_entered_units(boss: Visitor, app: App) -> None:
    ball = line("LDS1", BALL)
    answer = boss.post("/restock/decide?state=open", {"do": "order", "line": ball, f"units {ball}": "17"})
    assert answer.status_code == 302
    (draft,) = purchase_orders.find_orders(app.ports, OrderState.DRAFT)
    assert [(one.product, one.units, one.unit_cost) for one in draft.lines] == [(BALL, 17, 4)]
    assert draft.currency == "GBP"
    assert draft.number in read(boss)
    assert "In an order 1" in read(boss, "?state=ordered")


def test_a_suggested_transfer_opens_its_form(boss: Visitor, app: App, portal: Flask) -> None:
    count(app.ports, {("LDS1", KITE): 10, ("MAN1", KITE): 1_000}, number=2)
    units = int(queue_of(app.ports)["LDS1", KITE, "MAN1"]["units"])
    query = f"store=UK/MAN1&other_store=UK/LDS1&product={KITE}&quantity={units}"
    address = f"/stock/new/transfer?{query}"
    assert address in unescape(boss.get("/restock").text)
    form = boss.get(address).text
    assert '<option value="UK/LDS1" selected>' in form
    assert f'name="product" value="{KITE}"' in form
    assert f'name="quantity" value="{units}"' in form
    of_receiver = visitor_of(portal, app, Role.MANAGER, "LDS1")
    page = of_receiver.get("/restock").text
    assert "1,000 and needs" in page
    assert "/stock/new/transfer" not in page, "managers send from their own stores"


def test_lines_are_snoozed_dismissed_and_put_back(boss: Visitor) -> None:
    kite, ball = line("LDS1", KITE), line("LDS1", BALL)
    boss.post("/restock/decide", {"do": "snooze", "days": "3", "line": kite})
    boss.post("/restock/decide", {"do": "dismiss", "reason": "other", "line": ball})
    page = read(boss, "?state=snoozed")
    assert "Snoozed 1" in page
    assert "Dismissed 1" in page
    boss.post("/restock/decide", {"do": "reopen", "line": kite})
    assert "To order 2" in read(boss)


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"do": "order"}, "Select at least one product first."),
        ({"do": "dismiss", "line": line("LDS1", KITE)}, "Choose a reason to dismiss the selected products."),
        ({"do": "snooze", "days": "99", "line": line("LDS1", KITE)}, "Choose for how long."),
        ({"do": "order", "line": line("LDS1", KITE), f"units {line('LDS1', KITE)}": "-3"}, "enter a number of units"),
    ],
)
def test_what_cannot_be_done_is_explained(boss: Visitor, form: dict[str, str], words: str) -> None:
    boss.post("/restock/decide", form)
    page = unescape(boss.get("/restock").text)
    assert re.search(rf'<p class="notice wrong" data-failed>[^<]*{words}', page), "as an error, not as a success"


def test_json_that_is_nested_too_deeply_is_refused_in_forms_and_bodies(boss: Visitor) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    assert boss.post("/restock/decide", {"do": "order", "line": deep}).status_code == 400
    headers = {"X-CSRFToken": boss.token()}
    body = boss.client.post("/sell/sales", data=deep, headers=headers, content_type="application/json")
    assert body.status_code == 422


def test_managers_decide_about_their_stores_only(portal: Flask, app: App) -> None:
    manager = visitor_of(portal, app, Role.MANAGER, "MAN1")
    page = read(manager)
    assert "To order 1" in page
    assert "LDS1" not in page
    assert manager.post("/restock/decide", {"do": "order", "line": line("LDS1", KITE)}).status_code == 403
    assert manager.get("/restock/settings").status_code == 403


def test_who_may_not_change_stock_sees_the_queue_without_forms(portal: Flask, app: App) -> None:
    salesperson = visitor_of(portal, app, Role.SALESPERSON, "LDS1")
    page = read(salesperson)
    assert "Kite" in page
    assert "Order selected" not in page
    assert "USD" not in page
    assert salesperson.post("/restock/decide", {"do": "order", "line": line("LDS1", KITE)}).status_code == 403


def test_settings_are_saved_and_wrong_ones_kept_in_the_form(boss: Visitor, app: App) -> None:
    form = {"service": "97,", "review_days": "7", "most_weeks": "8", "budget": "", "categories": "Toys: 99"}
    wrong = boss.post("/restock/settings", form)
    assert wrong.status_code == 422
    assert "Toys: 99" in wrong.text
    assert boss.post("/restock/settings", form | {"service": "97", "aim": "fill"}).status_code == 302
    stored = restock_needs.read_settings(app.ports)
    assert (stored.service, stored.aim, stored.of_categories) == (0.97, "fill", {"Toys": 0.99})
    assert 'value="97"' in boss.get("/restock/settings").text
    assert '<option value="fill" selected>' in boss.get("/restock/settings").text


def test_the_queue_is_computed_on_request(boss: Visitor, app: App) -> None:
    count(app.ports, {("LDS1", BALL): 900}, number=2)
    boss.post("/restock/update", {})
    assert "2 products need something" in read(boss)


def test_a_home_without_counts_is_sent_to_stock(tmp_path: Path) -> None:
    with_sales = shop_of_two_stores.app(tmp_path)
    boss = visitor_of(create_app(with_sales, testing=True), with_sales, Role.ADMIN)
    assert "Not computed yet" in read(boss)
    boss.post("/restock/update", {})
    assert "Nothing was counted yet" in read(boss)
    with_sales.close()
