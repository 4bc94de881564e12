"""Numbers that the server writes into text are in the locale of the reader."""

import pytest
from app_factory import create_app

from portal import formats
from portal.dashboard import charts
from tillstream.app import App


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
    ],
)
def test_numbers_and_percent_signs_follow_the_browser(app: App, locale: str, amount: str, share: str) -> None:
    with create_app(app).test_request_context("/", headers={"Accept-Language": locale} if locale else {}):
        assert formats.decimal(1234567.5, 1) == amount
        assert formats.share("0.0461") == share
        assert share in formats.growth("0.0461")


def test_small_numbers_are_not_grouped(app: App) -> None:
    with create_app(app).test_request_context("/", headers={"Accept-Language": "es-ES"}):
        assert [formats.decimal(number) for number in (999, -1234, 12345)] == ["999", "−1234", "12.345"]


def test_the_sentence_of_a_chart_follows_the_reader(app: App) -> None:
    figure = {"labels": ["2026-06-01"], "values": [12345.0], "currency": "EUR", "period": "monthly"}
    with create_app(app).test_request_context("/", headers={"Accept-Language": "de-DE,en;q=0.5"}):
        assert "12.345 EUR" in charts.describe_over_time(figure)
        assert formats.many(1200, "line") == "1.200 lines"
