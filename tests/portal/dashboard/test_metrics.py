"""The dashboard and the API: one number, scoped to whoever asks, the same everywhere."""

import gzip
import re
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale

from portal import dashboard
from portal.api.queries import LISTS
from portal.dashboard.charts import over_time, period_name
from tillstream.analytics import queries
from tillstream.analytics.filters import PERIOD_PRESETS, preset_dates
from tillstream.app import App
from tillstream.intake import inbox
from tillstream.model.json_text import to_json
from tillstream.model.people import UNRESTRICTED
from tillstream.model.permissions import Role

SALES = indian_file(
    indian_sale("1", "100.10", date="03-05-2026 10:00"),
    indian_sale("2", "200.20", date="03-06-2026 10:00", customer="C2"),
    indian_sale("3", "300.30", date="04-06-2026 10:00"),
)
SHARED = True


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(SALES)
    work()


def test_the_dashboard_shows_the_number_before_the_chart_before_the_table(sold: Visitor) -> None:
    page = sold.get("/dashboard?whole=1&preset=all").text
    assert page.index("600.60") < page.index("data-chart=") < page.index("The figures")
    assert "Asha Rao" in page
    assert 'value="all" selected' in page


def test_filters_are_in_the_address(sold: Visitor) -> None:
    assert "500.50" in sold.get("/dashboard?from=2026-06-01&to=2026-06-30").text


def test_a_preset_moves_with_the_day(sold: Visitor) -> None:
    assert "500.50" in sold.get("/dashboard?preset=last-month").text
    empty = sold.get("/dashboard?preset=last-7-days").text
    assert "No sales match" in empty
    reach = " ".join(re.sub(r"<[^>]+>", " ", empty).split())
    assert "Data reaches through 4 Jun 2026 ; the first day is 3 May 2026" in reach
    assert '<a class="btn btn-primary" href="/dashboard">Last 28 reported days: 8 May – 4 Jun 2026</a>' in empty


def test_an_invalid_filter_is_explained(sold: Visitor) -> None:
    answer = sold.get("/dashboard?from=yesterday")
    assert answer.status_code == 422
    assert "write a day in the format 2026-01-31" in answer.text


def test_a_filter_on_region_and_status_narrows_the_number(sold: Visitor) -> None:
    assert "600.60" in sold.get("/dashboard?preset=all&region=IN&status=completed").text
    assert "No sales match" in sold.get("/dashboard?region=UK").text


def test_an_empty_portal_shows_the_next_step(person: People) -> None:
    assert "Upload a sales file" in person(Role.CLERK, "IN").get("/dashboard").text
    assert "Upload a sales file" not in person(Role.ANALYST).get("/dashboard").text


def test_a_settlement_while_an_empty_page_is_rendered_is_news_to_it(
    app: App, person: People, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    any_sales = dashboard._anything_sold

    def then_settle() -> bool:
        answer = any_sales()
        inbox.receive_file(app.ports, app.contracts.pin("IN"), "june.csv", BytesIO(SALES), by="admin")
        work()
        return answer

    monkeypatch.setattr(dashboard, "_anything_sold", then_settle)
    page = person(Role.ADMIN).get("/dashboard").text
    assert "No sales yet" in page
    assert 'data-settled="0"' in page


def test_a_person_of_another_region_sees_nothing_of_it(sold: Visitor, person: People) -> None:
    manager = person(Role.MANAGER, "UK")
    assert "No sales yet" in manager.get("/dashboard").text
    assert manager.get("/api/kpis").get_json()["lines"] == 0


def test_an_analyst_sees_numbers_and_no_person(sold: Visitor, person: People) -> None:
    analyst = person(Role.ANALYST)
    page = analyst.get("/dashboard?whole=1&preset=all").text
    assert "600.60" in page
    assert "Asha Rao" not in page
    assert analyst.get("/api/kpis").get_json()["customers"] == 2
    for path in ("/api/top-customers", "/api/salespeople", "/api/kpis?salesperson=S1"):
        assert analyst.get(path).status_code == 403


def test_a_salesperson_sees_own_sales_only(sold: Visitor, person: People) -> None:
    own = person(Role.SALESPERSON, "IN", login="one", salesperson="S1")
    other = person(Role.SALESPERSON, "IN", login="two", salesperson="S2")
    assert own.get("/api/kpis").get_json()["lines"] == 3
    assert other.get("/api/kpis").get_json()["lines"] == 0


def test_the_api_returns_the_result_of_the_query(app: App, sold: Visitor) -> None:
    answer = sold.get("/api/kpis").get_json()
    (expected,) = to_json(queries.run_query(app.ports.warehouse, "kpis", UNRESTRICTED).to_pylist())
    assert answer == expected
    assert (answer["revenue"], answer["lines"], answer["currency"]) == ("600.6", 3, "INR")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_has_columns_rows_and_what_is_missing(app: App, sold: Visitor, name: str) -> None:
    answer = sold.get(f"/api/{name}").get_json()
    expected = queries.run_query(app.ports.warehouse, name, UNRESTRICTED)
    assert set(answer) == {"columns", "rows", "as_of", "currency", "unconverted_lines", "next_cursor"}
    assert answer["columns"] == expected.schema.names
    assert answer["rows"] == to_json(expected.to_pylist())
    assert sum(Decimal(row["revenue"]) for row in answer["rows"]) == Decimal("600.60")
    assert answer["unconverted_lines"] == 0


def test_a_list_takes_its_own_parameters_and_the_filters(sold: Visitor) -> None:
    by_year = sold.get("/api/sales-over-time?period=yearly&from=2026-06-01").get_json()["rows"]
    assert [(row["period_start"], row["revenue"]) for row in by_year] == [("2026-01-01", "500.5")]
    assert len(sold.get("/api/top-customers?limit=1").get_json()["rows"]) == 1


@pytest.mark.parametrize("query", ["period=hourly", "from=never", "colour=red", "limit=some"])
def test_a_list_refuses_what_it_does_not_know(sold: Visitor, query: str) -> None:
    answer = sold.get(f"/api/sales-over-time?{query}")
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")


def test_a_refresh_forgets_kept_answers_and_drives_on(sold: Visitor) -> None:
    answer = sold.client.post("/api/data-refresh", headers={"X-CSRFToken": sold.token()})
    assert answer.status_code == 202


@pytest.mark.shared
def test_the_known_numbers_of_a_real_file(person: People, work: Work, shared_data: Path, app: App) -> None:
    admin = person(Role.ADMIN)
    content = (shared_data / "classic-models" / "sales_data_sample.csv").read_bytes()
    admin.upload(gzip.compress(content), name="sales_data_sample.csv.gz", contract="classic-models")
    work()
    kpis = admin.get("/api/kpis").get_json()
    assert (kpis["lines"], kpis["cancelled_lines"], kpis["orders"], kpis["customers"]) == (2823, 60, 303, 92)


@pytest.mark.parametrize("preset", PERIOD_PRESETS)
@pytest.mark.parametrize("today", [date(2024, 2, 29), date(2026, 1, 1), date(2026, 12, 31), date(2026, 7, 15)])
def test_a_preset_never_begins_ahead_and_only_what_is_under_way_ends_there(preset: str, today: date) -> None:
    start, end = preset_dates(preset, today)
    assert start <= min(end, today)
    assert preset.startswith("this-") or end <= today


def test_a_month_a_quarter_and_a_year_under_way_are_whole() -> None:
    today = date(2026, 11, 15)
    assert preset_dates("this-month", today) == (date(2026, 11, 1), date(2026, 11, 30))
    assert preset_dates("this-quarter", today) == (date(2026, 10, 1), date(2026, 12, 31))
    assert preset_dates("this-year", today) == (date(2026, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize("today", [date(2026, 11, 23), date(2026, 11, 29)])
def test_last_week_is_the_last_one_from_monday_to_sunday(today: date) -> None:
    assert preset_dates("last-week", today) == (date(2026, 11, 16), date(2026, 11, 22))


@pytest.mark.parametrize("preset", ["yesterday", "last-7-days", "last-30-days", "last-12-months"])
def test_the_last_days_end_yesterday_as_today_is_not_whole(preset: str) -> None:
    assert preset_dates(preset, date(2026, 11, 23))[1] == date(2026, 11, 22)


def test_twelve_months_are_a_year_whatever_the_year() -> None:
    assert preset_dates("last-12-months", date(2026, 7, 15)) == (date(2025, 7, 15), date(2026, 7, 14))
    assert preset_dates("last-12-months", date(2024, 3, 1)) == (date(2023, 3, 1), date(2024, 2, 29))


def test_many_periods_are_a_line() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(200)]
    rows = [{"period_start": day, "revenue": Decimal(1)} for day in days]
    assert over_time(rows[:24], "daily", "EUR")["kind"] == "columns"
    assert over_time(rows, "daily", "EUR")["kind"] == "line"


@pytest.mark.parametrize(
    ("period", "starts", "between"),
    [
        ("daily", (date(2024, 2, 28), date(2024, 3, 2)), 2),
        ("weekly", (date(2025, 12, 22), date(2026, 1, 12)), 2),
        ("monthly", (date(2005, 11, 1), date(2006, 2, 1)), 2),
        ("quarterly", (date(2005, 7, 1), date(2006, 4, 1)), 2),
        ("yearly", (date(2005, 1, 1), date(2008, 1, 1)), 2),
    ],
)
def test_periods_without_sales_keep_their_place(period: str, starts: tuple[date, date], between: int) -> None:
    """Two sales ten years apart must not look like two months in a row."""
    rows = [{"period_start": start, "revenue": Decimal(5)} for start in starts]
    picture = over_time(rows, period, "EUR")
    assert picture["values"] == [5.0, *[0.0] * between, 5.0]
    assert [picture["labels"][0], picture["labels"][-1]] == [start.isoformat() for start in starts]
    assert len(picture["labels"]) == between + 2


def test_no_sales_are_no_periods() -> None:
    assert over_time([], "monthly", "EUR")["values"] == []


NAMES = {
    "yearly": "2026",
    "quarterly": "Q2 2026",
    "monthly": "Apr 2026",
    "weekly": "Week of 6 Apr 2026",
    "daily": "6 Apr 2026",
}


@pytest.mark.parametrize(("period", "name"), NAMES.items())
def test_a_period_has_the_name_people_use(period: str, name: str) -> None:
    assert period_name(date(2026, 4, 6), period) == name
