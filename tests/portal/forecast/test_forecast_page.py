"""The forecast page: what each role sees, what is offered without a forecast, and the same numbers in the API."""

import re
from datetime import date
from decimal import Decimal

import pytest
from forecast_steps import sell  # noqa: F401 - what the fixtures of the module begin with
from visitor import People, Visitor, Work, indian_file, indian_sale

from portal.forecast import METHODS, method_text
from tillstream.analytics import queries
from tillstream.app import App
from tillstream.forecasting import run_records
from tillstream.goals.month_projection import forecast_sums
from tillstream.goals.standings import MonthOfGoals
from tillstream.goals.targets import GoalTarget
from tillstream.model.dates import Month
from tillstream.model.people import UNRESTRICTED
from tillstream.model.permissions import Role
from tillstream.reports import executive, facts, report_mail
from tillstream.reports.facts import ReportSource

SHARED = True


def rows_of(visitor: Visitor, **params: str) -> list[dict[str, str]]:
    answer = visitor.get("/api/v1/forecasts?" + "&".join(f"{name}={value}" for name, value in params.items()))
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, str]] = answer.get_json()["rows"]
    return rows


def test_the_page_shows_the_forecast_its_range_its_parts_and_what_it_is_the_sum_of(sold: Visitor) -> None:
    page = sold.get("/forecast?region=UK").text
    assert "Forecast: UK" in page
    assert "in the next 4 weeks, with 80% probability between" in page
    assert "Made by the model. In the backtest its error was" in page
    assert "It is made from the sales until" in page
    assert re.search(r"Weekday.*?below the recent level", page, re.DOTALL)
    for store in ("LDS1", "MAN1"):
        assert f"region=UK&amp;store={store}&amp;target=revenue" in page
    assert '"band": {"high": [' in page


def test_the_page_of_a_product_has_units_and_sums_from_errors_of_sums(sold: Visitor) -> None:
    page = sold.get("/forecast?region=UK&store=LDS1&category=Toys&product=TO-1").text
    assert "Forecast: Kite in LDS1" in page
    assert "units" in page
    cell = sold.get("/forecast?region=UK&store=LDS1&category=Toys&target=units").text
    assert "product=TO-1" in cell
    assert ">Kite in LDS1</a>" in cell


def test_another_method_is_named_and_is_not_in_our_backtest() -> None:
    sentence = method_text({"method": "BigQuery ML ARIMA_PLUS"}, 0.5, "day")
    assert sentence == "Made by BigQuery ML ARIMA_PLUS, which our backtest does not include."
    assert "a seasonal naive forecast" in method_text({"method": "seasonal naive"}, 0.5, "day")


@pytest.mark.parametrize(("step", "repeated"), [("day", "week"), ("week", "year")])
def test_a_naive_forecast_is_named_by_what_it_repeats(step: str, repeated: str) -> None:
    assert f"the sales of the last {repeated} again" in method_text({"method": "seasonal naive"}, None, step)
    assert METHODS[step]["seasonal naive"] == f"Last {repeated} again"


def test_a_selection_in_the_form_is_that_of_the_links(sold: Visitor) -> None:
    assert "Forecast: LDS1" in sold.get("/forecast?of=region%3DUK%26store%3DLDS1&target=units&by=week").text


def test_the_api_has_the_numbers_of_the_page_and_they_add_up(sold: Visitor) -> None:
    stores = rows_of(sold, level="store", target="units", period="week")
    total = rows_of(sold, level="total", target="units", period="week")[0]
    assert total["first_day"] == "2026-07-06"
    assert sum(Decimal(row["mean"]) for row in stores if row["first_day"] == "2026-07-06") == Decimal(total["mean"])
    days = {"from": "2026-07-10", "to": "2026-07-12", "store": "LDS1"}
    assert rows_of(sold, level="store", target="units", **days)[0]["last_day"] == "2026-07-10"
    assert rows_of(sold, level="store", target="units", channel="store") == [], "nothing is forecast by channel"


def test_charts_of_revenue_that_reach_the_present_have_the_forecast(sold: Visitor, person: People) -> None:
    days = "from=2026-06-01&to=2026-06-30&period=daily&region=UK&currency=GBP"
    assert '"forecast": {"band": {"high": [null' in sold.get(f"/dashboard/tiles/over-time?{days}").text
    for more in ("to=2026-05-31", "channel=store", "currency=INR", "period=monthly"):
        name = more.partition("=")[0]
        others = "&".join(one for one in days.split("&") if not one.startswith(f"{name}="))
        assert '"forecast"' not in sold.get(f"/dashboard/tiles/over-time?{others}&{more}").text
    tile = sold.get("/dashboard/tiles/over-time?region=UK&to=2026-05-31").text
    assert "Expected in the 4 weeks until" in tile
    assert 'href="/forecast?region=UK"' in tile
    seller = person(Role.SALESPERSON, "UK")
    assert "Expected in" not in seller.get(f"/dashboard/tiles/over-time?{days}").text
    assert '"forecast"' not in seller.get(f"/dashboard/tiles/over-time?{days}").text


def test_the_accuracy_page_and_its_api_have_the_backtest(sold: Visitor) -> None:
    page = sold.get("/forecast/accuracy").text
    assert "By level" in page
    assert "Products in stores" in page
    report = sold.get("/api/v1/forecasts/accuracy").get_json()
    assert report["run"]["cutoff_date"] == "2026-06-30"
    assert {row["level"] for row in report["windows"]} >= {"total", "region", "store", "product"}


def test_an_outside_series_has_what_the_last_forecast_made_of_it(sold: Visitor) -> None:
    rows = re.findall(r"<tr><th scope=\"row\"><a.*?</tr>", sold.get("/forecast/series").text)
    use = {re.findall(r">(\w+)</a>", row)[0]: re.findall(r'"Last forecast">(.*?)</td>', row)[0] for row in rows}
    assert use["opening_day"] == "Not used: it has values of too few days"
    assert re.fullmatch(
        r"Used: without it, the error is [\d.]+% larger|Used, but the forecast is not .*", use["visitors"]
    )
    assert "Outside visitors" in sold.get("/forecast/accuracy").text
    assert use["visitors"] in sold.get("/forecast/series/visitors").text


def test_forecasts_are_exported_as_csv(sold: Visitor) -> None:
    link = re.search(r'href="(/tables/forecasts[^"]+)"', sold.get("/forecast?region=UK&by=week").text)
    assert link
    text = sold.get(link[1].replace("&amp;", "&")).text
    assert text.splitlines()[0].startswith('\ufeff"target","level","region"')
    assert len(text.splitlines()) == 1 + 12


def test_a_manager_sees_own_stores_and_no_total(sold: Visitor, person: People) -> None:
    manager = person(Role.MANAGER, "UK")
    assert "Forecast: UK" in manager.get("/forecast").text
    assert "All sales" not in manager.get("/forecast").text
    assert rows_of(manager, level="total", target="units") == []
    assert len(rows_of(manager, level="region", target="units", period="week")) == 12
    other = person(Role.MANAGER, "IN")
    assert "Ask an administrator" in other.get("/forecast").text
    assert rows_of(other, level="store", target="units") == []
    assert "There is no forecast for this selection" in other.get("/forecast?region=UK").text


def test_salespeople_see_no_forecasts(sold: Visitor, person: People) -> None:
    seller = person(Role.SALESPERSON, "UK")
    for path in ("/forecast", "/forecast/accuracy", "/api/v1/forecasts", "/api/v1/forecasts/accuracy"):
        assert seller.get(path).status_code == 403
    assert "/forecast" not in seller.get("/dashboard").text


def test_only_administrators_request_a_forecast(sold: Visitor, person: People) -> None:
    assert person(Role.ANALYST).post("/forecast").status_code == 403
    assert "Forecast again" not in person(Role.ANALYST).get("/forecast?target=units").text


@pytest.mark.own_home
def test_an_administrator_requests_a_forecast(sold: Visitor, app: App) -> None:
    assert "Forecast again" in sold.get("/forecast?target=units").text
    words = "A new forecast is made within a few minutes, or after a load of sales that is under way."
    assert words in sold.post("/forecast", follow_redirects=True).text
    assert run_records.is_forecast_due(app.ports, at_night=False)
    assert "forecast.requested" in sold.get("/audit?action=forecast.requested").text


def test_without_a_run_the_page_explains_when_one_comes(person: People, app: App) -> None:
    admin = person(Role.ADMIN)
    page = admin.get("/forecast").text
    assert "No forecast has been made yet" in page
    assert "Make a forecast now" in page
    assert "No forecast has been made yet" in admin.get("/forecast/accuracy").text
    run_records.note_progress(app.ports, "2026-07-01T03:00:00+00:00", 3, 14)
    assert "3 of 14 steps are done" in admin.get("/forecast").text
    run_records.save_run(
        app.ports,
        run_records.ForecastRun("2026-07-01T03:00:00+00:00", "2026-07-01T03:00:01+00:00", "There are too few."),
    )
    assert "There are too few. The next attempt is made tonight." in admin.get("/forecast").text


@pytest.mark.own_home
def test_a_forecast_that_lacks_a_region_is_never_that_of_the_company(sold: Visitor, work: Work) -> None:
    """The start page had 205,002 USD expected over 638,283 USD sold: two of three regions had no forecast."""
    tile = "/dashboard/tiles/over-time?from=2026-06-01&to=2026-06-30&period=daily"
    assert '"forecast": {' in sold.get(tile).text
    sold.upload(indian_file(indian_sale("1", "900000.00", date="29-06-2026 10:15")), "IN.csv", "IN")
    work()
    lacks = "1 of 2 regions; IN has no forecast"
    page = sold.get(tile).text
    assert f"28 Jul 2026</time> in {lacks}: <a" in page[page.index("Expected in the 4 weeks until") :]
    assert '"forecast": {' not in page, "the chart shows what all regions sold"
    shown = sold.get("/forecast").text
    assert f"in the next 4 weeks in {lacks}, with 80% probability" in shown
    assert f"This is not the forecast of all sales: {lacks}." in shown
    assert "no forecast" not in sold.get("/forecast?region=UK").text
    assert {(row["covered_regions"], row["missing_regions"]) for row in rows_of(sold, level="total")} == {("UK", "IN")}
    assert {row["missing_regions"] for row in rows_of(sold, level="region")} == {None}
    source = ReportSource(
        sold.app.ports,
        sold.app.contracts,
        UNRESTRICTED,
        facts.latest_period(facts.MONTH, date(2026, 7, 1)),
        "USD",
        "USD",
    )
    assert f"is expected in {lacks}; with 80% probability" in report_mail.report_mail_text(
        executive.executive_report(source)
    )
    month = MonthOfGoals(sold.app.ports, sold.app.contracts, "USD", Month.from_day(date(2026, 7, 1)))
    assert forecast_sums(month.sales, month.month, GoalTarget()) == {}
    assert set(forecast_sums(month.sales, month.month, GoalTarget("UK"))) == {GoalTarget("UK")}
    assert (
        queries.run_query(sold.app.ports.warehouse, "forecasts", UNRESTRICTED).column("missing_regions")[0].as_py()
        == "IN"
    )
