"""The restock queue: what is needed, from where, and how decisions and orders count."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from restock_steps import BALL, KITE, LAMP, LEEDS_KITE, count, open_shop, queue_of

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.catalogue import entry_saving, stored_entries, warehouse_mirror
from tillstream.model.errors import Rejected
from tillstream.model.product_catalogue import DatedAmount, EntryKind, Product
from tillstream.ports import Ports
from tillstream.stock import purchase_orders, restock_lines, restock_needs, restock_queue
from tillstream.stock.purchase_orders import OrderLine, OrderState, PurchaseOrder
from tillstream.stock.restock_needs import RestockSettings

DAY = 86_400.0
"""Seconds."""


def pounds(region: str, store_id: str) -> str:
    """The currency of the stores."""
    return "GBP"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    opened = open_shop(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def ports(app: App) -> Ports:
    return app.ports


def test_what_lasts_too_short_is_ordered_in_packs_with_the_reason(ports: Ports) -> None:
    count(ports, {("LDS1", KITE): 10, ("LDS1", BALL): 500})
    lines = queue_of(ports)
    assert set(lines) == {("LDS1", KITE, "")}
    line = lines["LDS1", KITE, ""]
    assert line["units"] % 12 == 0
    assert line["level"] <= line["units"] + 10 < line["level"] + 12
    assert (line["supplier"], line["lead_days"], line["review_days"], line["is_due"]) == ("ACME", 5, 9, True)
    assert "you order every 9 days, and the supplier needs 5 days" in line["reason"]
    assert line["unit_cost"] > 4  # pounds in the reporting currency
    assert 14 * line["daily"] < line["level"] < 28 * line["daily"]


def queue_after(ports: Ports, counted: dict[tuple[str, str], int], number: int = 1) -> dict[tuple[str, str, str], Any]:
    count(ports, counted, number=number)
    return queue_of(ports)


def test_products_that_were_never_counted_are_not_ordered(ports: Ports) -> None:
    assert queue_of(ports) == {}


def test_a_line_can_wait_as_long_as_the_stock_lasts_longer_than_the_lead_time(ports: Ports) -> None:
    count(ports, {("LDS1", BALL): 0})
    level = queue_of(ports)["LDS1", BALL, ""]["level"]
    count(ports, {("LDS1", BALL): int(level) - 5}, number=2)
    assert not queue_of(ports)["LDS1", BALL, ""]["is_due"]


def test_another_store_with_too_much_gives_before_anything_is_ordered(ports: Ports) -> None:
    count(ports, {("LDS1", KITE): 10, ("MAN1", KITE): 1_000})
    lines = queue_of(ports)
    assert set(lines) == {("LDS1", KITE, "MAN1")}
    assert lines["LDS1", KITE, "MAN1"]["reason"].endswith(" The other store has 1,000 and needs 63.")
    assert " and has 10, on order and in transit included." in lines["LDS1", KITE, "MAN1"]["reason"]


def test_a_suggested_transfer_is_not_in_transit_in_the_order_of_what_is_still_missing(ports: Ports) -> None:
    level = float(queue_after(ports, {("LDS1", KITE): 0})["LDS1", KITE, ""]["level"])
    lines = queue_after(ports, {("LDS1", KITE): 0, ("MAN1", KITE): int(level * 1.25) + 5}, number=2)
    suggested, ordered = lines["LDS1", KITE, "MAN1"], lines["LDS1", KITE, ""]
    assert (ordered["on_hand"], ordered["in_transit"], ordered["urgency"]) == (0, 0, 0)
    units = f"{suggested['units']:.0f}"
    assert f"In stock: 0. {units} more by suggested transfers from other stores: {units} in all." in ordered["reason"]


def test_what_is_on_order_is_not_listed_again(ports: Ports) -> None:
    count(ports, {("LDS1", KITE): 10})
    line = queue_of(ports)["LDS1", KITE, ""]
    (order,) = restock_queue.order_queue_lines(ports, {LEEDS_KITE: None}, currency_of=pounds, by="ana")
    assert [(one.product, one.units, one.unit_cost) for one in order.lines] == [(KITE, line["units"], Decimal(4))]
    assert order.currency == "GBP"
    assert (
        restock_queue.order_queue_lines(ports, {LEEDS_KITE: None}, currency_of=pounds, by="ana") == []
    )  # a second click
    drafted = queue_of(ports)["LDS1", KITE, ""]
    assert (drafted["state"], drafted["decision"]) == ("ordered", order.number)
    purchase_orders.send_order(ports, order.order_id, by="ana")
    assert queue_of(ports) == {}
    assert restock_lines.read_decisions(ports) == {}


def test_what_a_cancelled_draft_contained_is_open_again(ports: Ports) -> None:
    count(ports, {("LDS1", KITE): 10})
    queue_of(ports)
    (order,) = restock_queue.order_queue_lines(ports, {LEEDS_KITE: None}, currency_of=pounds, by="ana")
    purchase_orders.cancel_order(ports, order.order_id, by="ana")
    assert queue_of(ports)["LDS1", KITE, ""]["state"] == "open"


def test_lines_of_a_supplier_and_store_share_one_draft(ports: Ports) -> None:
    count(ports, {("LDS1", KITE): 10, ("LDS1", BALL): 1, ("MAN1", BALL): 1})
    queue_of(ports)
    restock_queue.order_queue_lines(ports, {LEEDS_KITE: Decimal(24)}, currency_of=pounds, by="ana")
    restock_queue.order_queue_lines(
        ports, {("UK", "LDS1", BALL): Decimal(7), ("UK", "MAN1", BALL): None}, currency_of=pounds, by="ana"
    )
    drafts = {one.store_id: one for one in purchase_orders.find_orders(ports, OrderState.DRAFT)}
    assert {line.product: line.units for line in drafts["LDS1"].lines} == {KITE: 24, BALL: 7}
    assert [line.product for line in drafts["MAN1"].lines] == [BALL]


def save_cost(ports: Ports, code: str, *costs: DatedAmount) -> None:
    stored = stored_entries.get_required_entry(ports, EntryKind.PRODUCT, code)
    assert isinstance(stored.entry, Product)
    changed = replace(stored.entry, costs=costs)
    entry_saving.save_entry(ports, EntryKind.PRODUCT, changed, if_version=stored.version, by="ana", regions=("UK",))
    warehouse_mirror.follow_change(ports)


def test_an_order_is_in_the_currency_of_the_costs_of_its_supplier(ports: Ports) -> None:
    """Not in the reporting currency, in which the queue compares them: 310 rupees stay 310 rupees."""
    save_cost(ports, BALL, DatedAmount("*", "INR", Decimal("310.50")))
    save_cost(ports, KITE)
    count(ports, {("LDS1", KITE): 10, ("LDS1", BALL): 1})
    queue_of(ports)
    before = purchase_orders.create_order(
        ports,
        PurchaseOrder("earlier", "ACME", "UK", "LDS1", "USD", (OrderLine(KITE, "Kite", Decimal(1), Decimal("5.12")),)),
        by="ana",
    )
    (order,) = restock_queue.order_queue_lines(
        ports, {LEEDS_KITE: Decimal(12), ("UK", "LDS1", BALL): Decimal(2)}, currency_of=pounds, by="ana"
    )
    assert order.currency == "INR"
    assert {line.product: line.unit_cost for line in order.lines} == {KITE: None, BALL: Decimal("310.50")}
    assert purchase_orders.get_order(ports, "earlier") == before, "a draft in another currency gets no lines"


def test_products_without_a_cost_are_ordered_in_the_currency_of_the_store(ports: Ports) -> None:
    save_cost(ports, BALL)
    save_cost(ports, KITE)
    count(ports, {("LDS1", BALL): 1})
    queue_of(ports)
    (order,) = restock_queue.order_queue_lines(ports, {("UK", "LDS1", BALL): Decimal(2)}, currency_of=pounds, by="ana")
    assert (order.currency, [line.unit_cost for line in order.lines]) == ("GBP", [None])


def test_costs_in_two_currencies_are_two_orders(ports: Ports) -> None:
    save_cost(ports, BALL, DatedAmount("*", "JPY", Decimal(500)))
    count(ports, {("LDS1", KITE): 10, ("LDS1", BALL): 1})
    queue_of(ports)
    both = restock_queue.order_queue_lines(
        ports, {LEEDS_KITE: Decimal(12), ("UK", "LDS1", BALL): Decimal(2)}, currency_of=pounds, by="ana"
    )
    assert [(one.currency, one.cost) for one in both] == [("GBP", 48), ("JPY", 1000)]


def test_without_a_supplier_nothing_is_ordered(ports: Ports) -> None:
    count(ports, {("LDS1", LAMP): 0})
    queue_of(ports)
    with pytest.raises(Rejected, match="Enter a supplier in the catalogue first: HK-1"):
        restock_queue.order_queue_lines(ports, {("UK", "LDS1", LAMP): None}, currency_of=pounds, by="ana")


def test_a_snoozed_line_is_open_again_on_its_day(ports: Ports) -> None:
    count(ports, {("LDS1", KITE): 10})
    queue_of(ports)
    until = ports.clock.now().date() + timedelta(days=2)
    restock_queue.snooze_lines(ports, [LEEDS_KITE], until, by="ana")
    assert queue_of(ports)["LDS1", KITE, ""]["until"] == until
    assert isinstance(ports.clock, ManualClock)
    ports.clock.advance(2 * DAY)
    assert queue_of(ports)["LDS1", KITE, ""]["state"] == "open"
    with pytest.raises(Rejected, match="after today"):
        restock_queue.snooze_lines(ports, [LEEDS_KITE], until, by="ana")


def test_a_dismissal_ends_with_the_need(ports: Ports) -> None:
    count(ports, {("LDS1", KITE): 10})
    queue_of(ports)
    restock_queue.dismiss_lines(ports, [LEEDS_KITE], "other", by="ana")
    assert queue_of(ports)["LDS1", KITE, ""]["state"] == "dismissed"
    count(ports, {("LDS1", KITE): 900}, number=2)
    assert queue_of(ports) == {}
    count(ports, {("LDS1", KITE): 10}, number=3)
    assert queue_of(ports)["LDS1", KITE, ""]["state"] == "open"


def test_a_dismissal_needs_a_reason_and_can_be_taken_back(ports: Ports) -> None:
    count(ports, {("LDS1", KITE): 10})
    queue_of(ports)
    with pytest.raises(Rejected, match="Choose a reason"):
        restock_queue.dismiss_lines(ports, [LEEDS_KITE], "", by="ana")
    restock_queue.dismiss_lines(ports, [LEEDS_KITE], "other", by="ana")
    restock_queue.reopen_lines(ports, [LEEDS_KITE], by="ana")
    assert queue_of(ports)["LDS1", KITE, ""]["state"] == "open"


def test_the_budget_of_a_store_defers_the_less_urgent_lines(ports: Ports) -> None:
    count(ports, {("LDS1", KITE): 0, ("LDS1", BALL): 0, ("MAN1", BALL): 0})
    lines = queue_of(ports)
    cost = {key[:2]: line["units"] * line["unit_cost"] for key, line in lines.items()}
    budget = max(cost["LDS1", KITE], cost["LDS1", BALL], cost["MAN1", BALL])
    restock_needs.save_settings(ports, RestockSettings(budget=str(budget)), by="ana")
    states = {key[:2]: line["state"] for key, line in queue_of(ports).items()}
    assert states["MAN1", BALL] == "open"
    assert sorted([states["LDS1", KITE], states["LDS1", BALL]]) == ["deferred", "open"]


def test_a_higher_service_of_a_category_raises_its_levels(ports: Ports) -> None:
    count(ports, {("LDS1", KITE): 0, ("LDS1", LAMP): 0})
    before = queue_of(ports)
    restock_needs.save_settings(ports, RestockSettings(of_categories={"Toys": 0.99}), by="ana")
    after = queue_of(ports)
    assert after["LDS1", KITE, ""]["level"] > before["LDS1", KITE, ""]["level"]
    assert after["LDS1", LAMP, ""]["level"] == before["LDS1", LAMP, ""]["level"]


def test_levels_can_reach_a_fill_rate(ports: Ports) -> None:
    count(ports, {("LDS1", KITE): 0})
    of_cycles = queue_of(ports)["LDS1", KITE, ""]
    assert float(of_cycles["service"]) == pytest.approx(0.95, abs=0.002)
    assert of_cycles["fill_rate"] > of_cycles["service"]
    restock_needs.save_settings(ports, RestockSettings(aim="fill"), by="ana")
    of_units = queue_of(ports)["LDS1", KITE, ""]
    assert float(of_units["fill_rate"]) == pytest.approx(0.95, abs=0.002)
    assert of_units["level"] < of_cycles["level"]
    assert "serve 95% of the demand, and are enough in" in of_units["reason"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"service": 0.4},
        {"aim": "profit"},
        {"of_categories": {"Toys": 1.0}},
        {"review_days": 0},
        {"most_weeks": 60},
        {"budget": "-5"},
        {"budget": "much"},
    ],
)
def test_settings_outside_of_their_limits_are_rejected(ports: Ports, wrong: dict[str, object]) -> None:
    with pytest.raises(Rejected):
        restock_needs.save_settings(ports, replace(RestockSettings(), **wrong), by="ana")  # type: ignore[arg-type]
    assert restock_needs.read_settings(ports) == RestockSettings()


def test_retired_products_are_given_away_and_not_ordered(ports: Ports) -> None:
    stored = stored_entries.get_required_entry(ports, EntryKind.PRODUCT, KITE)
    assert isinstance(stored.entry, Product)
    retired = replace(stored.entry, active=False)
    entry_saving.save_entry(ports, EntryKind.PRODUCT, retired, if_version=stored.version, by="ana", regions=("UK",))
    warehouse_mirror.follow_change(ports)
    count(ports, {("LDS1", KITE): 0, ("MAN1", KITE): 50})
    assert queue_of(ports) == {}


def test_the_queue_is_due_after_stock_has_changed_and_on_request(ports: Ports) -> None:
    count(ports, {("LDS1", KITE): 10})
    assert restock_queue.run_due_restock(ports) is not None
    assert isinstance(ports.clock, ManualClock)
    ports.clock.advance(DAY / 12)
    assert not restock_queue.is_restock_due(ports)
    count(ports, {("LDS1", KITE): 11}, number=2)
    assert restock_queue.is_restock_due(ports)
    restock_queue.run_due_restock(ports)
    assert not restock_queue.is_restock_due(ports)
    assert restock_queue.update_queue(ports, by="ana") is not None
