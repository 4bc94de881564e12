"""Numbers that the server writes into text are in the locale of the reader."""

from datetime import date

import pytest
from portal_factory import create_app

from portal import formats, reader_locale
from portal.dashboard import charts
from tillstream.app import App
from tillstream.reports import formats as report_formats


@pytest.mark.parametrize(
    ("locale", "amount", "share"),
    [
        ("", "1,234,567.5", "4.6%"),
        ("en-GB", "1,234,567.5", "4.6%"),
        ("en-IN", "12,34,567.5", "4.6%"),
        ("de-DE", "1.234.567,5", "4,6\u00a0%"),
        ("fr-FR", "1\u202f234\u202f567,5", "4,6\u202f%"),
        ("pl-PL", "1\u00a0234\u00a0567,5", "4,6%"),
        ("ja-JP", "1,234,567.5", "4.6%"),
        ("es-MX", "1,234,567.5", "4.6%"),
    ],
)
def test_numbers_and_percent_signs_follow_the_browser(app: App, locale: str, amount: str, share: str) -> None:
    with create_app(app).test_request_context("/", headers={"Accept-Language": locale} if locale else {}):
        assert reader_locale.decimal(1234567.5, 1) == amount
        assert formats.share("0.0461") == share
        assert share in formats.growth("0.0461")


def test_a_percentage_is_rounded_half_away_from_zero_as_in_files(app: App) -> None:
    """300 after 192 orders are 56.25% more."""
    with create_app(app).test_request_context("/"):
        assert formats.share("0.5625") == report_formats.share_text("0.5625") == "56.3%"
        assert "56.3%" in formats.growth("-0.5625")


def test_small_numbers_are_not_grouped(app: App) -> None:
    with create_app(app).test_request_context("/", headers={"Accept-Language": "es-ES"}):
        assert [reader_locale.decimal(number) for number in (999, -1234, 12345)] == ["999", "−1234", "12.345"]


def test_the_sentence_of_a_chart_follows_the_reader(app: App) -> None:
    figure = {"labels": ["2026-06-01"], "values": [12345.0], "currency": "EUR", "period": "monthly"}
    with create_app(app).test_request_context("/", headers={"Accept-Language": "de-DE,en;q=0.5"}):
        assert "12.345,00 EUR" in charts.describe_over_time(figure)
        assert formats.many(1200, "line") == "1.200 lines"


@pytest.mark.parametrize(
    ("locale", "days", "month"),
    [
        ("", ["5 Oct 2024", "5 – 12 Oct 2024", "5 Oct 2024 – 12 Jan 2025"], "Oct 2024"),
        (
            "en-US",
            ["Oct 5, 2024", "Oct 5 – 12, 2024", "Oct 5, 2024 – Jan 12, 2025"],
            "Oct 2024",
        ),
        (
            "de-AT",
            ["5. Okt. 2024", "5.–12. Okt. 2024", "5. Okt. 2024 – 12. Jan. 2025"],
            "Okt. 2024",
        ),
        (
            "fr-FR",
            ["5 oct. 2024", "5 – 12 oct. 2024", "5 oct. 2024 – 12 janv. 2025"],
            "oct. 2024",
        ),
    ],
)
def test_dates_follow_the_reader_without_scripts(app: App, locale: str, days: list[str], month: str) -> None:
    start = date(2024, 10, 5)
    ends = [start, date(2024, 10, 12), date(2025, 1, 12)]
    with create_app(app).test_request_context("/", headers={"Accept-Language": locale} if locale else {}):
        assert [formats.days(start, end).striptags() for end in ends] == days
        assert reader_locale.month_text(start) == month
    assert reader_locale.days_text(start, date(2024, 11, 12)) == "5 Oct – 12 Nov 2024"


def test_cells_follow_the_reader_without_scripts(app: App) -> None:
    with create_app(app).test_request_context("/", headers={"Accept-Language": "de-DE"}):
        assert formats.money("1234567.5", "EUR") == '<data value="1234567.5">1.234.567,50</data>'
        assert formats.count("1234.50").striptags() == "1.234,5"
        assert formats.rounded("1240000").striptags() == "1,24 M"
        assert reader_locale.is_written()
    with create_app(app).test_request_context("/", headers={"Accept-Language": "ar-EG"}):
        assert not reader_locale.is_written(), "the script of the page writes them"


@pytest.mark.parametrize(
    ("locale", "first", "last"), [("", "Mon", "Sun"), ("de-AT", "Mo", "So"), ("sv-SE", "mån", "sön")]
)
def test_weekdays_follow_the_reader(app: App, locale: str, first: str, last: str) -> None:
    with create_app(app).test_request_context("/", headers={"Accept-Language": locale} if locale else {}):
        names = reader_locale.weekdays()
    assert (len(names), names[0], names[-1]) == (7, first, last)


def test_every_date_style_names_seven_weekdays() -> None:
    assert {len(style.weekdays.split()) for style in reader_locale.DATES.values()} == {7}
