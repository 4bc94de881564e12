"""The calendar of what arrived: regions and stores by day, one day's uploads, and the reminder to send."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from app_factory import build
from flask import Flask
from visitor import PASSWORD, People, Visitor, Work, indian_file, indian_sale

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.contracts import contract_files
from tillstream.contracts.contract_files import shipped_contracts
from tillstream.model.contract_schedule import Schedule
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.settings import Settings


@pytest.fixture
def app(tmp_path: Path, clock: ManualClock) -> Iterator[App]:
    """The contract of India says that a file comes every day."""
    home = tmp_path / "home"
    daily = shipped_contracts()["IN"].model_copy(
        update={"schedule": Schedule(cadence="daily"), "version": 2, "stores": ()}
    )
    (home / "contracts").mkdir(parents=True)
    contract_files.write_contract_file(home / "contracts", daily)
    app = build(Settings(home=home, samples=False, threads=1, reporting_currency="INR"), clock)
    yield app
    app.close()


def day(number: int, sale: str, store: str = "MUM01") -> str:
    return indian_sale(sale, date=f"{number:02}-06-2026 10:15").replace("MUM01", store)


@pytest.fixture
def clerk(person: People, work: Work) -> Visitor:
    visitor = person(Role.CLERK, "IN")
    visitor.upload(indian_file(day(27, "A1"), day(28, "A2"), day(28, "A3", "DEL01")), "late-june.csv")
    work()
    return visitor


def test_the_calendar_marks_each_day_with_a_symbol_and_text(clerk: Visitor) -> None:
    page = clerk.get("/completeness?day=2026-06-15").text
    assert "IN, 28 June: arrived late, 2 lines" in page
    assert "IN, 29 June: missing" in page
    assert "IN, 30 June: missing" in page
    assert "28 Jun 2026" in page, "the watermark of the region"
    assert "DEL01" not in page
    opened = clerk.get("/completeness?day=2026-06-15&open=IN").text
    assert "DEL01, 28 June: arrived, 1 line" in opened


def test_on_the_first_of_a_month_the_calendar_is_that_of_the_month_that_is_over(
    clerk: Visitor, clock: ManualClock
) -> None:
    assert clock.now().date().day == 1
    assert "IN, 29 June: missing" in clerk.get("/completeness").text


def test_a_day_leads_to_its_uploads_and_a_missing_one_to_a_reminder(clerk: Visitor) -> None:
    page = clerk.get("/completeness/IN/2026-06-28?store=DEL01").text
    assert "late-june.csv" in page
    missing = clerk.get("/completeness/IN/2026-06-29").text
    assert "No deliveries" in missing
    assert "the sales of IN for these days have not arrived" in missing
    assert "29 June 2026, due on 30 June at 12:00 (Asia/Kolkata)" in missing


def test_a_held_file_and_refused_rows_are_shown_on_their_days(clerk: Visitor, work: Work) -> None:
    bad = day(29, "B2").replace(",Kettle,", ",Kettle,").replace(",1,100.00,", ",two,100.00,")
    clerk.upload(indian_file(bad, bad.replace("B2", "B3"), day(29, "B1")), "held.csv")
    good = [day(26, f"C{number}") for number in range(9)]
    clerk.upload(indian_file(*good, day(26, "C99").replace(",1,100.00,", ",two,100.00,")), "refused.csv")
    work()
    page = clerk.get("/completeness?day=2026-06-15").text
    assert "IN, 29 June: needs review" in page
    assert "IN, 26 June: rows to fix, 9 lines, 1 row to fix" in page
    assert "held.csv" in clerk.get("/completeness/IN/2026-06-29").text


def test_a_week_and_the_way_to_the_next_one(clerk: Visitor) -> None:
    page = clerk.get("/completeness?view=week&day=2026-06-28").text
    assert "22 – 28 Jun 2026" in page
    assert "day=2026-06-29" in page
    assert clerk.get("/completeness?day=someday").status_code == 422


def test_other_regions_days_are_unknown(person: People, clerk: Visitor) -> None:
    anonymous = person(Role.MANAGER, "USA")
    assert "IN, 28 June" not in anonymous.get("/completeness?day=2026-06-15").text
    for path in ("/completeness/IN/2026-06-28", "/completeness/nowhere/2026-06-28"):
        assert anonymous.get(path).status_code == 404
    assert clerk.get("/completeness/IN/2026-06-28?store=NOPE").status_code == 404
    assert person(Role.ANALYST).get("/completeness").status_code == 403


def test_a_user_scoped_to_stores_sees_no_other_store(
    app: App, portal: Flask, person: People, work: Work, clerk: Visitor
) -> None:
    listed = app.contracts.current("IN").model_copy(update={"stores": ("MUM01", "DEL01"), "version": 3})
    app.contracts.save(listed, "admin")
    accounts.add_account(app.ports, "bound", "Bound", Role.CLERK, regions=("IN",), stores=("DEL01",), password=PASSWORD)
    bound = Visitor(portal.test_client())
    bound.sign_in("bound")
    page = bound.get("/completeness?day=2026-06-15&open=IN").text
    assert "DEL01, 28 June" in page
    assert "MUM01" not in page
    assert bound.get("/completeness/IN/2026-06-28?store=MUM01").status_code == 404
