"""Amounts in the own currency of the reader: defaults, choice, links, exports, the API and the profile."""

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale, page_words

from tillstream.analytics import queries
from tillstream.analytics.filters import Filters
from tillstream.app import App
from tillstream.model.people import UNRESTRICTED
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.records import audit_log, batch_records

SHARED = True
BRITISH = (
    b"Sale,Sale Date,Store Code,Operator,Customer No,Customer,SKU,Description,Department,Channel,State,Country,Units,"
    b"Price,Cost,Discount,Net,VAT,Gross,Credit For\n"
    b"1,02/06/2026,LON1,T1,9,Ann Lee,P9,Tea,Food,store,,United Kingdom,2,15.00,10.00,0.00,30.00,6.00,36.00,\n"
)


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(indian_file(indian_sale("1", "100.10"), indian_sale("2", "200.20")))
    admin.upload(BRITISH, name="UK.csv", contract="UK")
    work()


def card(visitor: Visitor, arguments: str = "") -> str:
    """Amount and currency of the first figure, the revenue."""
    text = page_words(visitor.get(f"/dashboard/tiles/headline{arguments}").text).partition("Revenue")[2]
    amount, code = re.search(r"[\d,]+\.\d\d", text), re.search(r"\b[A-Z]{3}\b", text)
    assert amount, text
    assert code, text
    return f"{amount[0]} {code[0]}"


def revenue(app: App, currency: str) -> Decimal:
    (row,) = queries.run_query(app.ports.warehouse, "kpis", UNRESTRICTED, Filters(currency=currency)).to_pylist()
    amount: Decimal = row["revenue"]
    return amount


def save(visitor: Visitor, currency: str) -> Any:
    return visitor.post("/profile", {"name": "A", "locale": "", "time_zone": "", "display_currency": currency})


def test_readers_of_one_currency_read_amounts_in_it(app: App, sold: Visitor, person: People) -> None:
    assert card(sold) == f"{revenue(app, 'INR'):,.2f} INR"  # several currencies: the reporting one
    assert card(person(Role.CLERK, "UK")) == "30.00 GBP"
    assert card(person(Role.MANAGER, "IN", "UK")) == card(sold)
    assert card(person(Role.ANALYST, "UK")) == "30.00 GBP"


def test_currencies_without_sales_are_offered_after_those_with_sales(sold: Visitor) -> None:
    menu = re.compile(r'<select[^>]+id="currency".*?</select>', re.DOTALL)
    page = menu.search(sold.get("/dashboard").text)
    assert page
    offered = re.findall(r">([A-Z]{3})", page[0])
    assert {"EUR", "JPY"} <= set(offered[offered.index("GBP") + 1 :])
    assert len(offered) == len(set(offered))


def test_the_chosen_currency_applies_to_every_tile_and_to_links(app: App, sold: Visitor) -> None:
    in_pounds = f"{revenue(app, 'GBP'):,.2f}"
    assert card(sold, "?currency=GBP") == f"{in_pounds} GBP"
    page = sold.get("/dashboard?currency=GBP&whole=1").text
    assert re.search(r'<option value="GBP" selected>GBP</option>', page)
    figures = [
        json.loads(one) for one in re.findall(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)
    ]
    assert {figure["currency"] for figure in figures} == {"GBP"}
    for target in ("/tables/sales-by-dimension-compared", "/why/revenue", "/sale-lines", "/dashboard/tables/by-region"):
        assert re.search(rf'href="{target}\?[^"]*currency=GBP', page), target
    assert in_pounds in sold.get("/why/revenue?currency=GBP").text
    lines = sold.get("/sale-lines?currency=GBP&column=reporting_amount").text
    assert f"{in_pounds}" in lines
    assert 'name="currency" value="GBP"' in lines


def test_amounts_of_each_currency_are_listed_unconverted(sold: Visitor, person: People) -> None:
    listed = page_words(sold.get("/dashboard/tiles/headline?currency=GBP").text)
    assert "By currency" in listed
    assert "INR 300.30" in listed
    assert "GBP 30.00 30.00" in listed
    assert "By currency" not in person(Role.CLERK, "UK").get("/dashboard/tiles/headline").text


def test_exports_are_in_the_currency_of_the_page(sold: Visitor, person: People) -> None:
    answer = person(Role.CLERK, "UK").get("/tables/sales-by-store?format=csv")
    assert "in-GBP" in answer.headers["Content-Disposition"]
    assert '"UK","LON1","30"' in answer.text
    assert "in-EUR" in sold.get("/tables/kpis?format=csv&currency=EUR").headers["Content-Disposition"]
    lines = sold.get("/sale-lines/export?format=csv&currency=EUR")
    assert "in-EUR" in lines.headers["Content-Disposition"]


def test_the_api_is_in_the_reporting_currency_unless_requested(app: App, sold: Visitor, person: People) -> None:
    reader = person(Role.ANALYST, "UK")
    assert reader.get("/api/kpis").get_json()["currency"] == "INR"
    answer = reader.get("/api/kpis?currency=GBP").get_json()
    assert (answer["currency"], Decimal(answer["revenue"])) == ("GBP", 30)
    rows = sold.get("/api/sales-by-region?currency=EUR").get_json()
    assert rows["currency"] == "EUR"
    assert abs(sum(Decimal(row["revenue"]) for row in rows["rows"]) - revenue(app, "EUR")) < Decimal("1e-8")


@pytest.mark.parametrize("address", ["/api/kpis?currency=XXX", "/dashboard?currency=XXX", "/api/kpis?currency=eur"])
def test_a_currency_without_rates_is_rejected(sold: Visitor, address: str) -> None:
    answer = sold.get(address)
    assert answer.status_code == 400
    assert "There is no currency" in answer.text


@pytest.mark.own_home
def test_the_display_currency_is_a_setting_of_the_profile(app: App, sold: Visitor, person: People) -> None:
    reader = person(Role.CLERK, "UK", login="ann")
    assert save(reader, "EUR").status_code == 303
    assert card(reader).endswith(" EUR")
    assert '<option selected value="EUR">' in reader.get("/profile").text
    assert "display currency EUR" in sold.get("/people/ann").text
    (entry,) = audit_log.find_entries(app.ports, audit_log.AuditFilter(what="user.profile-changed"))
    assert entry.after is not None
    assert entry.after["display_currency"] == "EUR"
    assert save(reader, "reporting").status_code == 303
    assert card(reader).endswith(" INR")
    assert save(reader, "").status_code == 303
    assert card(reader) == "30.00 GBP"


def test_an_unknown_display_currency_is_explained_under_its_field(sold: Visitor) -> None:
    answer = save(sold, "XXX")
    assert answer.status_code == 422
    assert "There is no exchange rate of XXX." in answer.text


@pytest.mark.own_home
def test_accounts_of_earlier_versions_have_no_display_currency(app: App, sold: Visitor, person: People) -> None:
    person(Role.CLERK, "UK", login="ann")
    stored = app.ports.documents.get("users", "ann")
    assert stored is not None
    assert "display_currency" not in stored.data
    assert accounts.get_user(app.ports, "ann").display_currency == ""


def test_changes_are_in_the_currency_of_their_reader(app: App, sold: Visitor, person: People) -> None:
    british = person(Role.MANAGER, "UK")
    day = app.ports.clock.now().date().isoformat()
    page = page_words(british.get(f"/changes?since={day}").text)
    assert "Revenue GBP 0.00 30.00 + 30.00" in page
    assert re.search(r"Removed Revenue GBP .* 1 0 0 \+ 30\.00", page)
    (batch,) = (one.batch_id for one in batch_records.find_batches(app.ports) if one.contract == "UK")
    undone = page_words(british.get(f"/uploads/{batch}/undo").text)
    assert re.search(r"Revenue GBP 30\.00 (0\.00|–) −\s?30\.00", undone), undone[600:1500]
