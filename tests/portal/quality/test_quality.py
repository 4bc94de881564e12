"""Data quality pages: results and trend for those who may see them, rows for those who see all of them."""

import re
from collections.abc import Callable

import pytest
from visitor import Visitor, indian_file, indian_sale

from tillstream.app import App
from tillstream.domain.people import Role
from tillstream.quality import run

People = Callable[..., Visitor]
Work = Callable[[], None]
TOTALS = "daily-totals-equal-lines"


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(indian_file(indian_sale("1", "800.00", date="10-04-2026 10:00")), "spring.csv")
    work()


@pytest.fixture
def wrong(app: App, sold: Visitor) -> Visitor:
    """An administrator of a home whose daily totals are wrong."""
    text = "SELECT * REPLACE (net + 1 AS net) FROM day_sums"
    app.ports.warehouse.replace_table("day_sums", app.ports.warehouse.query(text))
    run.run_all(app.ports)
    return sold


def test_without_a_run_the_page_states_when_one_comes(sold: Visitor) -> None:
    assert "No checks have run yet" in sold.get("/quality").text


def test_an_administrator_runs_all_checks(sold: Visitor) -> None:
    answer = sold.post("/quality", follow_redirects=True)
    assert "All checks pass." in answer.text
    assert "checks pass." in answer.text
    assert "1 day with a run, all passed." in answer.text


def test_a_failing_check_leads_to_its_rows_and_their_sales(wrong: Visitor) -> None:
    page = wrong.get("/quality").text
    assert "1 check fails." in page
    assert "Fails: 1 row on 1 day" in page
    page = wrong.get(f"/quality/{TOTALS}").text
    assert "1 row fails." in page
    assert "2026-04-10" in page
    assert ">801<" in page
    assert "from=2026-04-10&amp;to=2026-04-10&amp;region=IN" in page
    assert "SELECT * FROM final" in page


def test_a_failing_check_is_counted_in_the_menu(wrong: Visitor) -> None:
    page = wrong.get("/uploads").text
    link = page[page.index('href="/quality"') :].partition("</a>")[0]
    assert re.search(r'class="waits"><data value="1">1</data><span class="visually-hidden"> fail<', link)


def test_the_start_page_lists_that_a_check_fails(wrong: Visitor, person: People) -> None:
    for visitor in (wrong, person(Role.MANAGER, "IN")):
        assert "<b>1</b> quality check fails" in visitor.get("/dashboard/tiles/attention").text
    assert "quality check" not in person(Role.CLERK, "IN").get("/dashboard/tiles/attention").text


def test_corrected_rows_are_not_shown(wrong: Visitor, app: App) -> None:
    text = "SELECT * REPLACE (net - 1 AS net) FROM day_sums"
    app.ports.warehouse.replace_table("day_sums", app.ports.warehouse.query(text))
    assert "None: they were corrected after the last run." in wrong.get(f"/quality/{TOTALS}").text


def test_a_manager_of_a_region_sees_results_without_rows_and_starts_no_run(wrong: Visitor, person: People) -> None:
    manager = person(Role.MANAGER, "IN")
    assert "1 check fails." in manager.get("/quality").text
    page = manager.get(f"/quality/{TOTALS}").text
    assert "Only users who see all regions and stores see the rows." in page
    assert ">801<" not in page
    assert "Run all checks" not in manager.get("/quality").text
    assert manager.post("/quality").status_code == 403


def test_an_analyst_of_all_regions_sees_rows(wrong: Visitor, person: People) -> None:
    assert ">801<" in person(Role.ANALYST).get(f"/quality/{TOTALS}").text


@pytest.mark.parametrize("role", [Role.CLERK, Role.SALESPERSON])
def test_others_may_not_see_the_pages(sold: Visitor, person: People, role: Role) -> None:
    visitor = person(role, "IN")
    assert visitor.get("/quality").status_code == 403
    assert visitor.get("/api/v1/quality").status_code == 403


def test_programs_read_the_results(wrong: Visitor) -> None:
    data = wrong.get("/api/v1/quality").get_json()
    assert data["failing"] == [TOTALS]
    (check,) = [one for one in data["checks"] if one["name"] == TOTALS]
    assert check["failing_days"] == {"2026-04-10": 1}
    assert check["mart"] == "fact_sales_daily"


def test_an_unknown_check_is_not_there(sold: Visitor) -> None:
    assert sold.get("/quality/none").status_code == 404
