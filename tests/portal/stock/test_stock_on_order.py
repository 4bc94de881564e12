"""Units on order beside stock levels: on the page, in files and for programs; and the first steps without stock."""

import csv
import io
from datetime import date
from decimal import Decimal

import order_steps
import pytest
import python_calamine
import stock_steps
from stock_steps import counted, rows, text
from visitor import People, Visitor, Work

from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.stock import published_levels, purchase_orders
from tillstream.stock.purchase_orders import OrderLine, PurchaseOrder

SHARED = True


def sell(visitor: Visitor, work: Work) -> None:
    """12 kettles are on order for Mumbai, of which 5 arrived, and 7 pots for Delhi."""
    stock_steps.sell(visitor, work)
    ports = visitor.app.ports
    counted(visitor.app, date(2026, 6, 1), "MUM01", {"KET": 3, "POT": 2})
    counted(visitor.app, date(2026, 6, 1), "DEL02", {"KET": 51, "POT": 1})
    for order_id, store, product, units in (("o1", "MUM01", "KET", 12), ("o2", "DEL02", "POT", 7)):
        line = OrderLine(product, product, Decimal(units), Decimal(60))
        purchase_orders.create_order(ports, PurchaseOrder(order_id, "ACME", "IN", store, "INR", (line,)), by="setup")
        purchase_orders.send_order(ports, order_id, by="setup")
    order_steps.arrive(ports, {"KET": 5}, order_id="o1", on=date(2026, 6, 5))


def listed(visitor: Visitor, query: str = "") -> dict[tuple[str, str], str]:
    """Product and store → units on order, of an exported file."""
    content = visitor.get(f"/tables/stock-levels?format=csv&{query}").get_data().decode("utf-8-sig")
    return {(row["product"], row["store_id"]): row["on_order"] for row in csv.DictReader(io.StringIO(content))}


def test_the_page_has_what_suppliers_still_deliver_to_each_store(sold: Visitor) -> None:
    answer = sold.get("/stock?store=MUM01&sort=product")
    assert "On order" in text(answer.text)
    kettle, *others = rows(answer)
    assert kettle.startswith("Kettle KET Mumbai MUM01 In stock 4 – 7 4")
    assert all(" – – " in row for row in others)
    assert rows(sold.get("/stock?store=DEL02&q=pot"))[0].startswith("POT Delhi DEL02 In stock 1 – 7 0")


def test_an_order_that_is_closed_is_expected_no_more(sold: Visitor) -> None:
    path = "/api/v1/stock?store=DEL02&product=POT"
    before = sold.get(path)
    assert [row["on_order"] for row in before.get_json()["rows"]] == ["7"]
    assert sold.post("/orders/PO-000002/close").status_code == 303
    after = sold.client.get(path, headers={"If-None-Match": before.headers["ETag"]})
    assert [row["on_order"] for row in after.get_json()["rows"]] == ["0"]
    assert sold.post("/orders/PO-000002/reopen").status_code == 303


def test_stock_of_the_past_has_no_orders(sold: Visitor) -> None:
    (row, *_) = sold.get("/api/v1/stock?at=2026-06-03").get_json()["rows"]
    assert "on_order" not in row


def test_files_have_all_rows_of_the_filtered_list(sold: Visitor) -> None:
    page = sold.get("/stock?store=MUM01&sort=-on-hand&size=25&q=ke")
    links = [one.replace("&amp;", "&") for one in stock_steps.findall(r'href="(/tables/stock-levels[^"]*)"', page.text)]
    workbook_link, csv_link = links
    content = sold.get(csv_link).get_data().decode("utf-8-sig")
    assert [(row["product"], row["on_order"]) for row in csv.DictReader(io.StringIO(content))] == [("KET", "7")]
    answer = sold.get(workbook_link)
    assert answer.headers["Content-Disposition"].endswith(".xlsx")
    header, *lines = python_calamine.load_workbook(io.BytesIO(answer.get_data())).get_sheet_by_index(0).to_python()
    (row,) = [dict(zip(header, line, strict=True)) for line in lines]
    assert (row["product"], row["on_hand"], row["on_order"], row["counted_on"]) == ("KET", 4, 7, date(2026, 6, 1))
    assert listed(sold) == {
        ("KET", "MUM01"): "7",
        ("POT", "MUM01"): "0",
        ("PAN", "MUM01"): "0",
        ("KET", "DEL02"): "0",
        ("POT", "DEL02"): "7",
    }


def test_only_few_orders_are_read_one_store_after_the_other(
    sold: Visitor, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {("IN", "MUM01", "KET"): Decimal(7), ("IN", "DEL02", "POT"): Decimal(7)}
    for few in (0, 5):
        monkeypatch.setattr(purchase_orders, "FEW_PLACES", few)
        assert purchase_orders.units_on_order(app.ports, {("IN", "MUM01"), ("IN", "DEL02")}) == expected
        assert purchase_orders.units_on_order(app.ports, {("IN", "MUM01")}).keys() == {("IN", "MUM01", "KET")}
    assert purchase_orders.units_on_order(app.ports) == expected


def test_files_keep_to_the_scope_and_hide_costs(sold: Visitor, person: People) -> None:
    manager = person(Role.MANAGER, "IN", stores=("DEL02",))
    assert listed(manager) == {("KET", "DEL02"): "0", ("POT", "DEL02"): "7"}
    seller = person(Role.SALESPERSON, "IN", stores=("MUM01",))
    content = seller.get("/tables/stock-levels?format=xlsx").get_data()
    header, *lines = python_calamine.load_workbook(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert published_levels.ON_ORDER in header
    assert not {"unit_cost", "stock_cost"} & {*header}
    assert {line[header.index("store_id")] for line in lines} == {"MUM01"}


@pytest.mark.own_home
def test_without_stock_the_page_has_the_first_steps_of_those_who_may_take_them(person: People) -> None:
    page = person(Role.ADMIN).get("/stock").text
    assert 'href="/stock/counts/new">Start a count<' in page
    assert 'href="/stock/import">Import stock<' in page
    page = person(Role.ANALYST).get("/stock").text
    assert "No stock yet" in page
    assert "Start a count" not in page
    assert "Import stock" not in page
