"""Reports of stock: their tables, exports, scope and costs."""

from typing import Any

import pytest
from shop_steps import People, Shop

from tillstream.model.permissions import Role

REPORTS = ("value", "shrinkage", "slow", "classes", "unplaced")


def record(shop: Shop, *movements: tuple[str, str, str, int, dict[str, Any]]) -> None:
    """Kind, store, day, units and further fields of movements of the product P1."""
    body = [
        {
            "movement_id": f"m{number}",
            "kind": kind,
            "region": "IN",
            "store_id": store,
            "stock_date": day,
            "lines": [{"product_id": "P1", "quantity": str(units)}],
        }
        | fields
        for number, (kind, store, day, units, fields) in enumerate(movements)
    ]
    headers = {"X-CSRFToken": shop.boss.token()}
    answer = shop.boss.client.post("/api/stock/movements", json={"movements": body}, headers=headers)
    assert answer.status_code == 200, answer.text


def counted(shop: Shop) -> None:
    """8 sales of P1 on 3 June in MUM01: 20 - 8 are expected, 10 are there; one more is written off."""
    shop.upload()
    record(
        shop,
        ("count", "MUM01", "2026-06-01", 20, {}),
        ("count", "MUM01", "2026-06-04", 10, {}),
        ("write-off", "MUM01", "2026-06-05", 1, {"reason": "damaged"}),
        ("count", "DEL01", "2026-06-01", 5, {}),
    )


def exported(shop: Shop, table: str, query: str = "") -> list[dict[str, str]]:
    header, *lines = shop.boss.get(f"/tables/{table}?{query}").text.lstrip("\ufeff").replace('"', "").splitlines()
    return [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]


@pytest.mark.parametrize("report", REPORTS)
def test_each_report_has_a_page_also_without_stock(shop: Shop, report: str) -> None:
    assert "Nothing to report" in shop.boss.get(f"/stock/reports/{report}").text
    counted(shop)
    page = shop.boss.get(f"/stock/reports/{report}?from=2026-05-01&to=2026-06-30")
    assert (page.status_code, "Stock reports" in page.text) == (200, True)


def test_shrinkage_is_by_store_cause_and_reason(shop: Shop) -> None:
    counted(shop)
    page = shop.boss.get("/stock/reports/shrinkage?from=2026-06-01&to=2026-06-30").text
    assert "Difference at a count" in page
    assert "Damaged" in page
    rows = exported(shop, "stock-shrinkage", "first=2026-06-01&last=2026-06-30")
    assert [(row["cause"], row["reason"], row["lost_units"]) for row in rows] == [
        ("count-difference", "", "2"),
        ("write-off", "damaged", "1"),
    ]
    assert exported(shop, "stock-shrinkage", "first=2026-06-05&last=2026-06-30")[0]["cause"] == "write-off"
    assert exported(shop, "stock-shrinkage", "first=2026-06-06&last=2026-06-30") == []


def test_stock_without_sales_is_dead(shop: Shop) -> None:
    counted(shop)
    (row,) = exported(shop, "stock-slow", "today=2026-07-01&days=30")
    assert (row["store_id"], row["speed"], row["days_without_sale"]) == ("DEL01", "dead", "30")
    assert exported(shop, "stock-slow", "today=2026-07-01&days=31&speed=dead") == []


def test_the_value_is_grouped(shop: Shop) -> None:
    counted(shop)
    assert {row["code"]: row["units"] for row in exported(shop, "stock-value")} == {"MUM01": "9", "DEL01": "5"}
    assert [row["units"] for row in exported(shop, "stock-value", "by=region")] == ["14"]


def test_a_manager_sees_only_the_own_stores(shop: Shop, person: People) -> None:
    counted(shop)
    page = person(Role.MANAGER, "IN", login="dev", stores=("DEL01",)).get("/stock/reports/value").text
    table = page.partition('<table class="figures')[2]
    assert "DEL01" in table
    assert "MUM01" not in table


def test_costs_are_hidden_from_salespeople(shop: Shop, person: People) -> None:
    counted(shop)
    query = "/stock/reports/shrinkage?from=2026-06-01&to=2026-06-30"
    sam = person(Role.SALESPERSON, "IN", login="sam", stores=("MUM01",))
    assert "Loss at cost" in shop.boss.get(query).text
    assert "Loss at cost" not in sam.get(query).text
    assert "lost_cost" not in sam.get("/tables/stock-shrinkage?first=2026-06-01&last=2026-06-30").text


def test_an_unknown_report_is_not_there(shop: Shop) -> None:
    assert shop.boss.get("/stock/reports/weather").status_code == 404
