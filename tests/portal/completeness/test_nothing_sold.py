"""A person records that nothing was sold on a day: a file without rows does not contain its day."""

from datetime import date

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale

from portal.uploads.labels import day_in_name
from tillstream.app import App
from tillstream.contracts import source_settings
from tillstream.model.contract_schedule import Expectation
from tillstream.model.permissions import Role
from tillstream.records import batch_records

DAY = "/completeness/IN/2026-06-28"
BUTTON = "Nothing was sold on this day"


@pytest.fixture
def clerk(app: App, person: People, work: Work) -> Visitor:
    """Sales of Saturday and Monday; the file of Sunday 28 June has no rows. It is 1 July, 09:00 UTC."""
    contract = app.contracts.current("IN").model_copy(update={"stores": ()})
    source_settings.save_expectation(app.ports, contract, Expectation(cadence="daily", since=date(2026, 6, 27)), "boss")
    visitor = person(Role.CLERK, "IN")
    rows = [indian_sale(f"A{day}", date=f"{day}-06-2026 10:15") for day in (27, 29, 30)]
    visitor.upload(indian_file(*rows), "june.csv")
    visitor.upload(indian_file(), "IN_2026-06-28.csv")
    work()
    return visitor


def test_a_clerk_records_that_nothing_was_sold_and_takes_it_back(app: App, clerk: Visitor) -> None:
    assert "IN, 28 June: missing" in clerk.get("/completeness?day=2026-06-15").text
    assert BUTTON in clerk.get(DAY).text
    done = clerk.post(f"{DAY}/nothing-sold", {"source": "IN"}, follow_redirects=True).text
    assert "It is recorded that nothing was sold on this day" in done
    assert "A file is expected after all" in done
    calendar = clerk.get("/completeness?day=2026-06-15").text
    assert "IN, 28 June: missing" not in calendar
    assert "30 Jun 2026" in calendar, "complete until"
    (contract,) = source_settings.with_expectations(app.ports, [app.contracts.current("IN")])
    assert not contract.schedule.expects(date(2026, 6, 28))
    assert contract.schedule.since == date(2026, 6, 27), "what is expected stays as it was set"
    clerk.post(f"{DAY}/nothing-sold", {"source": "IN", "sold": "1"})
    assert "IN, 28 June: missing" in clerk.get("/completeness?day=2026-06-15").text


def test_what_is_expected_can_be_changed_and_the_day_stays_recorded(app: App, clerk: Visitor) -> None:
    clerk.post(f"{DAY}/nothing-sold", {"source": "IN"})
    contract = app.contracts.current("IN")
    source_settings.save_expectation(app.ports, contract, Expectation(cadence="daily", since=date(2026, 6, 1)), "boss")
    source_settings.save_expectation(app.ports, contract, None, "boss")
    stored = source_settings.expectation_of_contract(app.ports, contract)
    assert list(stored.nothing_sold) == [date(2026, 6, 28)]
    assert stored.expectation.closed_days == ()


def test_the_receipt_of_a_file_without_rows_leads_to_its_day(app: App, clerk: Visitor) -> None:
    (upload,) = [one for one in batch_records.find_batches(app.ports, limit=None) if one.file == "IN_2026-06-28.csv"]
    receipt = clerk.get(f"/uploads/{upload.batch_id}").text
    assert f'href="{DAY}"' in receipt
    assert day_in_name("UK_sales_20261122_cc.csv") == "2026-11-22"
    assert day_in_name("UK_2026-11-01_2026-11-30.csv") == ""
    assert day_in_name("2026-13-45.csv") == ""


def test_only_those_who_upload_for_the_whole_region_record_it(person: People, clerk: Visitor) -> None:
    assert person(Role.ANALYST).post(f"{DAY}/nothing-sold", {"source": "IN"}).status_code == 403
    assert person(Role.CLERK, "UK").post(f"{DAY}/nothing-sold", {"source": "IN"}).status_code == 404
    assert clerk.post("/completeness/IN/2026-07-09/nothing-sold", {"source": "IN"}).status_code == 422
    assert clerk.post("/completeness/IN/someday/nothing-sold", {"source": "IN"}).status_code == 422


def test_it_is_not_recorded_for_a_day_whose_file_is_held_or_has_arrived(clerk: Visitor, work: Work) -> None:
    sunday = [indian_sale(f"B{one}", date="28-06-2026 10:15") for one in range(3)]
    clerk.upload(indian_file(sunday[0], *(one.replace(",store,", ",web,") for one in sunday[1:])))
    work()
    for day, words in (("2026-06-28", "Needs review"), ("2026-06-29", "1 line of this day")):
        address = f"/completeness/IN/{day}"
        page = clerk.get(address).text
        assert words in page
        assert BUTTON not in page
        refused = clerk.post(f"{address}/nothing-sold", {"source": "IN"})
        assert refused.status_code == 422
        assert "A file of IN has sales of this day" in refused.text
    assert "27 Jun 2026" in clerk.get("/completeness?day=2026-06-15").text, "complete until"
