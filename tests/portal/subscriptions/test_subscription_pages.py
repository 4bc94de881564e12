"""Subscribing to explorations and tables, and managing one's own subscriptions."""

import re
from html import unescape

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.model.permissions import Role

SHARED = True
FORM = {
    "name": "Kitchen",
    "to": "ana@example.com",
    "address": "/explore?by=category&from=2026-06-01&to=2026-06-30&format=csv",
    "preset": "last-month",
    "format": "csv",
    "every": "week",
    "weekday": "3",
    "monthday": "5",
    "hour": "18",
}


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(indian_file(indian_sale("1", "10.00", date="01-06-2026 10:00")))
    work()


def _link(page: str) -> str:
    match = re.search(r'href="(/subscriptions/new[^"]*)">Subscribe', page)
    assert match, page
    return unescape(match[1])


def _id(page: str) -> str:
    match = re.search(r"/subscriptions/([0-9a-f]{12})/send", page)
    assert match, page
    return match[1]


def test_the_menus_of_explore_and_of_tables_lead_to_the_form(sold: Visitor) -> None:
    page = sold.get(_link(sold.get("/explore?by=region&preset=last-month").text)).text
    assert '<option value="last-month" selected>' in page
    assert "by=region" in page.partition('name="address" value="/explore?')[2].partition('"')[0]
    table = sold.get(_link(sold.get("/customers?from=2026-06-01&to=2026-06-30").text)).text
    assert '<option value="own" selected>The same days each time: 2026-06-01 – 2026-06-30' in table
    assert "format=" not in table.partition('name="address"')[2].partition(">")[0]
    lines = sold.get(_link(sold.get("/sale-lines?region=IN&q=a").text)).text
    assert 'name="address" value="/tables/sale-lines?region=IN&amp;q=a"' in lines
    sales = sold.get(_link(sold.get("/dashboard/tiles/over-time?from=2026-06-01&to=2026-06-30").text)).text
    assert "<dt>Table</dt><dd>Sales over time</dd><dt>Period</dt><dd>Days</dd>" in sales
    assert sold.get("/subscriptions/new?address=/catalogue").status_code == 422
    answer = sold.get(_link(sold.get("/explore?by=region&first=5").text))
    assert (answer.status_code, "contains all groups" in answer.text) == (422, True)


def test_the_form_has_a_name_the_filters_in_words_and_a_notice_without_e_mail(sold: Visitor, person: People) -> None:
    page = sold.get("/subscriptions/new?address=/explore/file?measure=revenue%26by=region%26category=Toys").text
    assert 'id="name" name="name" value="Revenue by region"' in page
    facts = page.partition('<dl class="facts">')[2].partition("</dl>")[0]
    assert "<dt>Measures</dt><dd>Revenue</dd><dt>By</dt><dd>Region</dd><dt>Category</dt><dd>Toys</dd>" in facts
    table = sold.get("/subscriptions/new?address=/tables/sales-over-time?period=monthly%26compare-region=UK").text
    assert 'value="Sales over time"' in table
    assert "<dt>Period</dt><dd>Months</dd><dt>Region to compare with</dt><dd>UK</dd>" in table
    assert page.index("E-mail is not set up") < page.index('<form class="panel"')
    assert "TILLSTREAM_SMTP_URL" in page
    assert "TILLSTREAM_SMTP_URL" not in person(Role.ANALYST).get("/subscriptions").text


@pytest.mark.own_home
def test_people_manage_their_own_subscriptions_and_administrators_all(sold: Visitor, person: People) -> None:
    analyst = person(Role.ANALYST)
    assert "No subscriptions yet" in analyst.get("/subscriptions").text
    assert analyst.post("/subscriptions", FORM).status_code == 303
    page = analyst.get("/subscriptions").text
    assert "“Kitchen” is kept. E-mail is not set up, so its files come once it is." in page
    assert "comes by e-mail" not in page
    assert "Every Wednesday at 18:00" in page
    assert "/explore?by=category&amp;preset=last-month" in page
    assert "Subscriptions of others" not in page
    one = f"/subscriptions/{_id(page)}"
    changed = FORM | {"every": "month", "skip_empty": "yes"}
    assert "checked" not in analyst.get(one).text
    assert analyst.post(one, changed).status_code == 303
    assert "Every month on the 5th at 18:00" in analyst.get("/subscriptions").text
    assert "checked" in analyst.get(one).text
    assert analyst.post(f"{one}/pause").status_code == 303
    assert "By analyst-all." in analyst.get("/subscriptions").text
    assert analyst.post(f"{one}/resume").status_code == 303
    assert analyst.post(f"{one}/send").status_code == 303
    page = analyst.get("/subscriptions").text
    assert "Paused" not in page
    assert "within a few minutes" not in page
    other = person(Role.MANAGER, "IN")
    assert other.get(one).status_code == 404
    for what in ("", "/pause", "/resume", "/send", "/remove"):
        assert other.post(one + what, FORM).status_code == 404
    assert "Kitchen" in sold.get("/subscriptions").text.partition("Subscriptions of others")[2]
    assert sold.post(f"{one}/remove").status_code == 303
    assert "No subscriptions yet" in analyst.get("/subscriptions").text


def test_a_table_out_of_scope_is_not_subscribed(sold: Visitor, person: People) -> None:
    analyst = person(Role.ANALYST)
    for address in (
        "/explore?by=salesperson",
        "/explore?by=category&region=XX",
        "/tables/no-such-query",
        "/tables/receipts",
        "/tables/kpis?nothing=1",
    ):
        answer = analyst.post("/subscriptions", FORM | {"address": address})
        assert answer.status_code in {400, 403, 404, 422}, address
    assert analyst.post("/subscriptions", FORM | {"to": "ana"}).status_code == 422


@pytest.mark.own_home
def test_a_saved_view_of_explore_is_subscribed_from_the_list_of_views(sold: Visitor) -> None:
    sold.post("/views", {"name": "By region", "address": "/explore?by=region&preset=last-month"})
    sold.post("/views", {"name": "Sales", "address": "/dashboard?region=IN"})
    page = sold.get("/views").text
    match = re.findall(r'href="(/subscriptions/new\?view=[0-9a-f]+)"', page)
    assert len(match) == 1
    form = sold.get(match[0]).text
    assert 'value="By region"' in form
    view = match[0].partition("=")[2]
    answer = sold.post("/subscriptions", FORM | {"name": "By region", "view": view, "address": "/explore?by=region"})
    assert answer.status_code == 303
    assert "By region" in sold.get("/subscriptions").text
    assert sold.get("/subscriptions/new?view=000000000000").status_code == 404
