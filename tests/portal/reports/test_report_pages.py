"""Reports by one click, of one's own sales."""

import re

import pytest
import shop_of_two_stores
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.model.permissions import Role

SHARED = True
JUNE = "from=2026-06-01&to=2026-06-30"


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(shop_of_two_stores.content(), "UK.csv", "UK")
    work()


@pytest.mark.parametrize(
    ("form", "start", "kind"),
    [
        ("pdf", b"%PDF-", "application/pdf"),
        ("html", b"<!doctype html>", "text/html; charset=utf-8"),
        ("xlsx", b"PK", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ],
)
def test_a_report_is_downloaded_in_each_form(sold: Visitor, form: str, start: bytes, kind: str) -> None:
    page = sold.get("/reports").text
    assert f"/reports/executive.{form}?from=2026-06-01&amp;to=2026-06-30" in page
    answer = sold.get(f"/reports/executive.{form}?{JUNE}")
    assert answer.status_code == 200
    assert answer.data.startswith(start)
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["Content-Disposition"] == f"attachment; filename=sales-2026-06.{form}"


def test_other_days_and_one_region(sold: Visitor) -> None:
    answer = sold.get("/reports/executive.html?from=2026-06-01&to=2026-06-05&region=UK&currency=GBP")
    assert "Sales in 1 June 2026 to 5 June 2026" in answer.text
    assert answer.headers["Content-Disposition"] == "attachment; filename=sales-UK-2026-06-01-2026-06-05.html"
    assert sold.get("/reports/executive.html").text.count("June 2026")  # the last complete month
    assert "There are no sales in March 2020." in sold.get("/reports/executive.html?from=2020-03-01&to=2020-03-31").text


@pytest.mark.own_home
def test_only_regions_with_sales_are_offered(sold: Visitor, work: Work) -> None:
    assert 'name="region"' not in sold.get("/reports").text, "there is only one"
    sold.upload(indian_file(indian_sale("1")))
    work()
    assert re.findall(r'<option value="([A-Z]+)"', sold.get("/reports").text) == ["IN", "UK"]


def test_wrong_addresses_get_a_reason(sold: Visitor) -> None:
    assert sold.get(f"/reports/executive.doc?{JUNE}").status_code == 404
    assert sold.get(f"/reports/executive.pdf?{JUNE}&region=XX").status_code == 404
    for wrong in ("from=2026-06-01", "from=June&to=July", "from=2026-06-30&to=2026-06-01"):
        assert sold.get(f"/reports/executive.pdf?{wrong}").status_code == 422


def test_each_role_gets_its_own_sales(sold: Visitor, person: People) -> None:
    manager = person(Role.MANAGER, "UK", stores=("LDS1",)).get(f"/reports/executive.html?{JUNE}").text
    assert "Stores LDS1" in manager
    assert "MAN1" not in manager
    assert "There are no sales" in person(Role.CLERK, "IN").get(f"/reports/executive.html?{JUNE}").text
    seller = person(Role.SALESPERSON, "UK", stores=("LDS1",), salesperson="T1")
    page = seller.get(f"/reports/executive.html?{JUNE}").text
    assert "Own sales" in page
    assert "Margin" not in page.partition("What the figures mean")[0]
    assert person(Role.MANAGER, "UK").get(f"/reports/executive.html?{JUNE}&region=IN").status_code == 404


@pytest.mark.own_home
def test_users_subscribe_themselves_and_an_administrator_others(sold: Visitor, person: People) -> None:
    analyst = person(Role.ANALYST)
    page = analyst.get("/reports").text
    assert "E-mail is not set up yet." in page
    assert "Subscriptions of others" not in page
    wednesday = {"every": "week", "to": "ana@example.com", "day": "3", "hour": "18"}
    assert analyst.post("/reports/subscribe", wednesday).status_code == 303
    page = analyst.get("/reports").text
    assert "The subscription is kept. E-mail is not set up, so reports come once it is." in page
    assert not re.search(r"comes? by e-mail", page), "nothing promises e-mail while it is not set up"
    assert "ana@example.com" in page
    assert "Every Wednesday at 18:00" in page
    assert analyst.post("/reports/subscribe", wednesday | {"day": "8"}).status_code == 422
    assert "ana@example.com" in sold.get("/reports").text
    assert analyst.post("/reports/subscribe", {"every": "week", "to": "ana"}).status_code == 422
    other = {"every": "week", "to": "x@example.com", "login": "admin-all"}
    assert analyst.post("/reports/subscribe", other).status_code == 422
    assert (
        sold.post("/reports/subscribe", {"every": "month", "to": "x@example.com", "login": "nobody"}).status_code == 404
    )
    assert sold.post("/reports/unsubscribe", {"every": "week", "login": "analyst-all"}).status_code == 303
    assert "ana@example.com" not in analyst.get("/reports").text
    assert analyst.post("/reports/unsubscribe", {"every": "week", "login": "admin-all"}).status_code == 404
    assert analyst.post("/reports/messages/x").status_code == 403
    assert sold.post("/reports/messages/x").status_code == 404


@pytest.mark.own_home
def test_days_and_hours_are_offered_with_the_usual_ones_chosen(sold: Visitor) -> None:
    page = sold.get("/reports").text
    assert page.count('<option value="1" selected>On Mondays</option>') == 2, "for oneself and for others"
    assert page.count('<option value="2" selected>On the 2nd</option>') == 2
    assert page.count('<option value="7" selected>at 7:00</option>') == 4
    assert "On the 29th" not in page
