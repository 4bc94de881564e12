"""Saved views and annotations: who may keep, see and delete what."""

import html
import re

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.records import saved_views

JUNE = "/dashboard?from=2026-06-01&to=2026-06-30"


def views_of(app: App, login: str) -> dict[str, str]:
    """Name → id of the views that a person can open."""
    created = accounts.get_user(app.ports, login).created_at
    return {view.name: view.id for view in saved_views.find_views(app.ports, login, created)}


def test_a_view_opens_the_portal_with_its_filters(person: People, app: App) -> None:
    admin = person(Role.ADMIN)
    answer = admin.post("/views", {"name": "June", "address": JUNE, "start": "yes"})
    assert answer.headers["Location"] == JUNE
    assert admin.get("/").headers["Location"] == JUNE
    admin.post("/views/start", {"view": ""})
    assert admin.get("/").headers["Location"] == "/dashboard"
    admin.post("/views/start", {"view": views_of(app, "admin-all")["June"]})
    admin.post(f"/views/{views_of(app, 'admin-all')['June']}/delete")
    assert admin.get("/").headers["Location"] == "/dashboard"


def test_a_name_is_unique_for_each_person(person: People, app: App) -> None:
    admin = person(Role.ADMIN)
    admin.post("/views", {"name": "June", "address": JUNE})
    admin.post("/views", {"name": " June ", "address": "/compare?by=region"})
    assert list(views_of(app, "admin-all")) == ["June"]
    assert "/compare?by=region" in admin.get("/views").text


def test_only_shared_views_are_visible_to_others(person: People, app: App) -> None:
    manager, clerk = person(Role.MANAGER, "IN"), person(Role.CLERK, "IN")
    manager.post("/views", {"name": "Private", "address": JUNE})
    manager.post("/views", {"name": "Weekly meeting", "address": JUNE, "shared": "yes"})
    page = clerk.get("/views").text
    assert "Weekly meeting" in page
    assert "Private" not in page
    private = views_of(app, "manager-in")["Private"]
    assert clerk.post(f"/views/{private}/delete").status_code == 404
    assert clerk.post("/views/start", {"view": private}).status_code == 404
    assert clerk.post(f"/views/{views_of(app, 'clerk-in')['Weekly meeting']}/delete").status_code == 404
    assert person(Role.ADMIN).post(f"/views/{private}/delete").status_code == 303


@pytest.mark.parametrize("address", ["https://elsewhere.example/dashboard", "/people", "", "/dashboard?" + "x" * 2001])
def test_other_addresses_are_not_saved(person: People, address: str) -> None:
    assert person(Role.ADMIN).post("/views", {"name": "Odd", "address": address}).status_code == 422


@pytest.fixture
def shop(person: People, work: Work) -> Visitor:
    admin = person(Role.ADMIN)
    admin.upload(indian_file(indian_sale("1", "10.00", date="05-06-2026 10:00")))
    work()
    return admin


def test_an_annotation_is_on_the_chart_of_its_days(shop: Visitor) -> None:
    shop.post("/annotations", {"day": "2026-06-05", "text": "Strike of the carriers"})
    chart = "/dashboard/tiles/over-time?from=2026-06-01&to=2026-06-30"
    assert "Strike of the carriers" in shop.get(chart).text
    assert '"annotations": [{"at": "2026-06-05"' in shop.get(f"{chart}&period=daily").text.replace(
        '":"', '": "'
    ).replace('":[', '": [')
    assert "Strike of the carriers" not in shop.get(chart.replace("-06-", "-05-").replace("05-30", "05-31")).text


def test_annotations_of_another_region_are_hidden(person: People) -> None:
    person(Role.ADMIN).post("/annotations", {"day": "2026-06-05", "text": "Bank holiday", "region": "UK"})
    uk, india = person(Role.CLERK, "UK"), person(Role.CLERK, "IN")
    assert "Bank holiday" in uk.get("/annotations").text
    assert "Bank holiday" not in india.get("/annotations").text
    assert india.post("/annotations", {"day": "2026-06-05", "text": "Fair", "region": "UK"}).status_code == 422
    assert india.post("/annotations", {"day": "2026-06-05", "text": "Fair"}).status_code == 422
    assert india.post("/annotations", {"day": "2026-06-05", "text": "Fair", "region": "IN"}).status_code == 303


@pytest.mark.parametrize("form", [{"day": "soon", "text": "a"}, {"day": "2026-06-05", "text": " "}])
def test_wrong_annotations_are_refused(person: People, form: dict[str, str]) -> None:
    assert person(Role.ADMIN).post("/annotations", form).status_code == 422


def test_a_salesperson_reads_annotations_only(person: People) -> None:
    seller = person(Role.SALESPERSON, "IN")
    assert seller.get("/annotations").status_code == 200
    assert seller.post("/annotations", {"day": "2026-06-05", "text": "a", "region": "IN"}).status_code == 403


def test_views_of_sales_and_of_compare_can_be_subscribed(person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    rows = [indian_sale("1", date="01-05-2026 10:00"), indian_sale("2", date="30-06-2026 10:00")]
    admin.upload(indian_file(*rows))
    work()
    admin.post("/views", {"name": "June", "address": JUNE + "&region=IN"})
    admin.post("/views", {"name": "Both months", "address": "/compare?from=2026-06-01&to=2026-06-30"})
    links = re.findall(r'href="([^"]*)">Subscribe<span', admin.get("/views").text)
    forms = {link.split("?")[0]: admin.get(html.unescape(link), follow_redirects=True).text for link in links}
    assert set(forms) == {"/dashboard/subscribe", "/compare/subscribe"}
    assert "<dd>Growth</dd>" in forms["/dashboard/subscribe"]
    assert 'value="June"' in forms["/dashboard/subscribe"]
    assert "<dd>IN</dd>" in forms["/dashboard/subscribe"]
    assert "<dd>Change</dd>" in forms["/compare/subscribe"]
    assert "2026-05-01 – 2026-05-31" in forms["/compare/subscribe"]
    assert admin.get("/compare/subscribe?by=region").status_code == 422


TABLES_OF_VIEWS = {
    "/dashboard": "/tables/growth",
    "/dashboard?region=IN": "/tables/growth?region=IN",
    "/dashboard?preset=last-month": "/tables/growth?preset=last-month",
    "/dashboard?preset=all": "/tables/kpis?preset=all",
    f"{JUNE}&like-for-like=yes": "/tables/growth?from=2026-06-01&to=2026-06-30&store=MUM01",
    "/dashboard?like-for-like=yes": "/tables/growth?store=MUM01",
    "/compare": "/tables/change?grain=product-and-channel",
    "/compare?by=store": "/tables/change?store=MUM01&compare-store=PUN02&grain=product",
}
"""View → the table of its subscription; MUM01 has sales of May and June, PUN02 only of June."""


def test_the_table_of_a_view_has_its_filters_and_moves_on_without_dates(person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    rows = [indian_sale("1", date="01-05-2026 10:00"), indian_sale("2", date="30-06-2026 10:00")]
    other = [indian_sale(one, date="29-06-2026 10:00").replace("MUM01", "PUN02") for one in "3456"]
    admin.upload(indian_file(*rows, *other))
    work()
    for view, table in TABLES_OF_VIEWS.items():
        admin.post("/views", {"name": "View", "address": view})
        (link,) = re.findall(r'href="([^"]*)">Subscribe<span', admin.get("/views").text)
        form = admin.get(html.unescape(link), follow_redirects=True).text
        (address,) = map(html.unescape, re.findall(r'name="address" value="([^"]*)"', form))
        assert address == table
        moves = "preset" not in table and "2026" not in table
        assert ('<option value="" selected>Latest period' in form) is moves
        assert ('<option value="all"' in form) is ("kpis" in table)
        fields = {"name": "View", "to": "a@example.com", "format": "csv", "every": "week", "address": address}
        preset = "own" if "2026" in table else table.partition("preset=")[2]
        assert admin.post("/subscriptions", fields | {"preset": preset}).status_code == 303
