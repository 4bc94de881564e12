"""Data quality pages after a failed check: its result for those who may see it, its rows for those who see all."""

import re

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.model.permissions import Role
from tillstream.operations import quality_checks

SHARED = True
TOTALS = "daily-totals-equal-lines"


def sell(admin: Visitor, work: Work) -> None:
    """A run of the checks after the daily totals became wrong."""
    admin.upload(indian_file(indian_sale("1", "800.00", date="10-04-2026 10:00")), "spring.csv")
    work()
    add_to_totals(admin.app, 1)
    quality_checks.check_all_days(admin.app.ports)


def add_to_totals(app: App, amount: int) -> None:
    text = f"SELECT * REPLACE (net + {amount} AS net) FROM day_sums"
    app.ports.warehouse.replace_table("day_sums", app.ports.warehouse.query(text))


def test_a_failing_check_leads_to_its_rows_and_their_sales(sold: Visitor) -> None:
    page = sold.get("/quality").text
    assert "1 check fails." in page
    assert "Fails: 1 row on 1 day" in page
    page = sold.get(f"/quality/{TOTALS}").text
    assert "1 row fails." in page
    assert "2026-04-10" in page
    assert ">801<" in page
    assert "from=2026-04-10&amp;to=2026-04-10&amp;region=IN" in page
    assert "SELECT * FROM final" in page


def test_a_failing_check_is_counted_in_the_menu(sold: Visitor) -> None:
    page = sold.get("/uploads").text
    link = page[page.index('href="/quality"') :].partition("</a>")[0]
    assert re.search(r'class="visually-hidden">1 check fails<', link)


def test_the_start_page_lists_that_a_check_fails(sold: Visitor, person: People) -> None:
    for visitor in (sold, person(Role.MANAGER, "IN")):
        assert "<b>1</b> quality check fails" in visitor.get("/dashboard/tiles/attention").text
    assert "quality check" not in person(Role.CLERK, "IN").get("/dashboard/tiles/attention").text


@pytest.mark.own_home
def test_corrected_rows_are_not_shown(sold: Visitor, app: App) -> None:
    add_to_totals(app, -1)
    assert "None: they were corrected after the last run." in sold.get(f"/quality/{TOTALS}").text


def test_a_manager_of_a_region_sees_results_without_rows_and_starts_no_run(sold: Visitor, person: People) -> None:
    manager = person(Role.MANAGER, "IN")
    assert "1 check fails." in manager.get("/quality").text
    page = manager.get(f"/quality/{TOTALS}").text
    assert "Only users who see all regions and stores see the rows." in page
    assert ">801<" not in page
    assert "Run all checks" not in manager.get("/quality").text
    assert manager.post("/quality").status_code == 403


def test_an_analyst_of_all_regions_sees_rows(sold: Visitor, person: People) -> None:
    assert ">801<" in person(Role.ANALYST).get(f"/quality/{TOTALS}").text


def test_programs_read_the_results(sold: Visitor) -> None:
    data = sold.get("/api/v1/quality").get_json()
    assert data["failing"] == [TOTALS]
    (check,) = [one for one in data["checks"] if one["name"] == TOTALS]
    assert check["failing_days"] == {"2026-04-10": 1}
    assert check["mart"] == "fact_sales_daily"
