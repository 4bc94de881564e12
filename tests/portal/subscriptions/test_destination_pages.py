"""Administrators set up destinations of files; people who subscribe choose among them."""

import re
from pathlib import Path

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.model.permissions import Role

FORM = {
    "name": "Kitchen",
    "address": "/explore?by=category",
    "preset": "last-month",
    "format": "csv",
    "every": "day",
    "hour": "18",
    "destination": "bi",
    "file_name": "{name}-{period}",
    "keeps": "yes",
}


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(indian_file(indian_sale("1", "10.00", date="01-06-2026 10:00")))
    work()


def folder_of(app: App) -> Path:
    return app.settings.home.absolute() / "deliveries" / "bi"


@pytest.mark.own_home
def test_a_destination_is_added_tested_used_and_removed(sold: Visitor, person: People, app: App) -> None:
    assert "No destinations yet" in sold.get("/subscriptions/destinations").text
    assert sold.post("/subscriptions/destinations", {"name": "bi", "to": "/etc"}).status_code == 422
    added = sold.post("/subscriptions/destinations", {"name": "bi", "to": str(folder_of(app))})
    assert added.status_code == 303
    assert sold.post("/subscriptions/destinations/bi/test").status_code == 303
    assert (folder_of(app) / "tillstream-test.txt").is_file()
    assert "was written to" in sold.get("/subscriptions/destinations").text

    analyst = person(Role.ANALYST)
    assert analyst.get("/subscriptions/destinations").status_code == 403
    assert analyst.post("/subscriptions/destinations", {"name": "x", "to": "gs://x/y"}).status_code == 403
    assert analyst.post("/subscriptions/destinations/bi/test").status_code == 403
    assert analyst.post("/subscriptions/destinations/bi/remove").status_code == 403
    form = analyst.get("/subscriptions/new?address=/explore?by=category").text
    assert '<option value="bi">bi</option>' in form
    assert "Files can be delivered to a destination already." in form
    assert analyst.post("/subscriptions", FORM | {"file_name": "../x"}).status_code == 422
    assert analyst.post("/subscriptions", FORM | {"destination": "other"}).status_code == 404
    assert analyst.post("/subscriptions", FORM).status_code == 303
    page = analyst.get("/subscriptions").text
    assert '<td data-label="To">bi' in page
    (one,) = re.findall(r"/subscriptions/([0-9a-f]{12})/send", page)
    changed = analyst.get(f"/subscriptions/{one}").text
    assert 'value="{name}-{period}"' in changed
    assert '<option value="bi" selected>' in changed
    assert analyst.post(f"/subscriptions/{one}/again").status_code == 422

    assert '<td data-label="Subscriptions" class="num">1</td>' in sold.get("/subscriptions/destinations").text
    assert sold.post("/subscriptions/destinations/bi/remove").status_code == 303
    assert "No destinations yet" in sold.get("/subscriptions/destinations").text
