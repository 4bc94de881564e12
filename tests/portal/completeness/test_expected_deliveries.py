"""Expected deliveries are edited on a page, which shows what a change does to the calendar before it is saved."""

from datetime import date
from typing import Any

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.contracts import source_settings
from tillstream.model.permissions import Role

PAGE = "/expected-deliveries/IN"


def daily(**other: Any) -> dict[str, Any]:
    fields = {"cadence": "daily", "deadline": "12:00", "deadline_days": "1", "since": "2026-06-24"}
    return fields | {"notify": "shop@example.com", "expected": STORES} | other


STORES = ["MUM01", "DEL01", "BLR01", "MAA01", "CCU01", "PNQ01", "WEB-IN"]
ONLY = {"expected": ["MUM01"]}


SHARED = True
SELLER = Role.MANAGER


def sell(manager: Visitor, work: Work) -> None:
    """The manager's region has delivered sales of 24 to 26 June in one store; it is 1 July, 09:00 UTC."""
    rows = [indian_sale(f"A{day}", date=f"{day}-06-2026 10:15") for day in (24, 25, 26)]
    manager.upload(indian_file(*rows))
    work()


def test_a_change_is_previewed_with_its_email_and_not_saved(app: App, sold: Visitor) -> None:
    page = sold.post(f"{PAGE}/preview", daily(**ONLY)).text
    assert "4 days of June 2026 become missing." in page
    assert "3 days of June 2026 become late." in page
    assert "Subject: Missing sales of IN: 27 June 2026 and 3 more days" in page
    assert "To: shop@example.com" in page
    assert "Nothing is saved yet." in page
    assert source_settings.expectation_of_contract(app.ports, app.contracts.current("IN")).by == ""


@pytest.mark.own_home
def test_a_saved_expectation_replaces_the_schedule_of_the_contract(app: App, sold: Visitor) -> None:
    assert "IN, 27 June: missing" not in sold.get("/completeness?day=2026-06-15").text
    fields = daily(**ONLY, closed=["sunday"], closed_days="2026-06-29")
    assert sold.post(PAGE, fields, follow_redirects=True).status_code == 200
    calendar = sold.get("/completeness?day=2026-06-15").text
    assert "IN, 27 June: missing" in calendar
    assert "IN, 28 June" not in calendar, "a Sunday"
    assert "IN, 29 June" not in calendar, "a holiday"
    assert "IN, 30 June: missing" in calendar
    (contract,) = source_settings.with_expectations(app.ports, [app.contracts.current("IN")])
    assert contract.schedule.since == date(2026, 6, 24)
    form = sold.get(PAGE).text
    assert 'value="sunday" checked' in form
    assert "shop@example.com" in form
    sold.post(f"{PAGE}/reset")
    assert "IN, 27 June: missing" not in sold.get("/completeness?day=2026-06-15").text


@pytest.mark.own_home
def test_a_store_can_differ_from_its_source(sold: Visitor) -> None:
    sold.post(
        PAGE, daily(**{"expected": ["MUM01", "DEL01"], "since DEL01": "2026-06-26", "closed_days DEL01": "2026-06-30"})
    )
    page = sold.get("/completeness?day=2026-06-15&open=IN").text
    assert "DEL01, 25 June" not in page, "it opens later"
    assert "DEL01, 26 June: missing" in page
    assert "DEL01, 30 June" not in page
    assert "BLR01, 26 June" not in page, "nothing is expected of it"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("closed_days", "2026-13-01", "“2026-13-01” is not a date."),
        ("deadline", "25:00", "“25:00” is not a time."),
        ("time_zone", "Mars/Base", "“Mars/Base” is not a time zone."),
        ("notify", "somebody", "“somebody” is not an email address."),
        ("since MUM01", "soon", "“soon” is not a date."),
    ],
)
def test_an_invalid_field_is_shown_with_what_was_typed(sold: Visitor, field: str, value: str, words: str) -> None:
    answer = sold.post(PAGE, daily(**{field: value}))
    assert answer.status_code == 422
    assert words in answer.text
    assert value in answer.text


@pytest.mark.own_home
def test_weekdays_are_offered_as_one_choice(app: App, sold: Visitor) -> None:
    sold.post(PAGE, daily(cadence="weekdays"))
    stored = source_settings.expectation_of_contract(app.ports, app.contracts.current("IN")).expectation
    assert (stored.cadence, stored.closed) == ("daily", ("saturday", "sunday"))
    assert '<option selected value="weekdays">' in sold.get(PAGE).text


def test_only_those_who_decide_for_the_region_may_edit(person: People, sold: Visitor) -> None:
    clerk = person(Role.CLERK, "IN")
    assert "Every day" not in clerk.get("/expected-deliveries").text
    assert clerk.get(PAGE).status_code == 403
    assert clerk.post(PAGE, daily()).status_code == 403
    assert sold.get("/expected-deliveries/UK").status_code == 404
    assert "Set by" in sold.get("/expected-deliveries").text
