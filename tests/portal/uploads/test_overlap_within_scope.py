"""The comparison of a new file with sales of the ledger shows a user nothing beyond their regions and stores."""

import pytest
from flask import Flask
from upload_steps import ANSWERS, UNKNOWN, look_at, text_of
from visitor import PASSWORD, People, Visitor, Work

from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.people import accounts

ROWS = ["1001,2026-04-03,Lampe,1024.50", "1002,2026-04-05,Stuhl,179.80", "1003,2026-05-04,Tisch,240.00"]
COPY = "\n".join(["Invoice Number,Order Date,Product Name,Net Amount", *ROWS, ""]).encode()
OVERLAP = "look like sales that linz already delivered"
OTHERS = {key: value for key, value in ANSWERS.items() if "status" not in key}


@pytest.fixture
def linz(person: People, work: Work) -> None:
    """Three sales of Austria are loaded with the contract linz."""
    admin = person(Role.ADMIN)
    place = look_at(admin, UNKNOWN, "linz.csv")
    admin.post(f"{place}/answers", ANSWERS)
    admin.post(f"{place}/save", {"name": "linz"})
    work()


@pytest.mark.usefixtures("linz")
@pytest.mark.parametrize(("region", "sees"), [("Austria", True), ("IN", False)])
def test_sales_of_another_region_are_not_compared(person: People, region: str, sees: bool) -> None:
    clerk = person(Role.CLERK, region)
    place = look_at(clerk, COPY, "office.csv")
    answer = clerk.post(f"{place}/answers", OTHERS)
    assert ("Austria is not one of your regions" in answer.text) == (not sees)
    if not sees:
        clerk.post(f"{place}/answers", OTHERS | {"answer.region": "IN"})
    page = text_of(clerk.get(place).text)
    assert (OVERLAP in page, "All questions are answered" in page) == (sees, not sees)
    assert "also belongs to Austria" not in page


@pytest.mark.usefixtures("linz")
@pytest.mark.parametrize(("stores", "sees"), [(("Linz", "Graz"), True), (("Wels",), False)])
def test_sales_of_other_stores_are_not_compared(app: App, portal: Flask, stores: tuple[str, ...], sees: bool) -> None:
    accounts.add_account(app.ports, "mia", "mia", Role.MANAGER, regions=("Austria",), stores=stores, password=PASSWORD)
    manager = Visitor(portal.test_client())
    manager.sign_in("mia")
    place = look_at(manager, COPY, "office.csv")
    manager.post(f"{place}/answers", OTHERS)
    assert (OVERLAP in text_of(manager.get(place).text)) == sees


@pytest.mark.parametrize(("role", "regions", "any_region"), [(Role.ADMIN, "", True), (Role.CLERK, "IN", False)])
def test_only_who_has_all_regions_can_name_a_new_one(
    person: People, role: Role, regions: str, any_region: bool
) -> None:
    visitor = person(role, *([regions] if regions else []))
    page = visitor.get(look_at(visitor, COPY, "office.csv")).text
    assert ('<input class="form-control" name="answer.region"' in page) == any_region
    assert ("enter the name of a new one" in page) == any_region
    assert ('<select class="form-select" name="answer.region"' in page) != any_region
