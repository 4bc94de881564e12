"""The dates that the server writes are those of the browser."""

from datetime import date
from pathlib import Path

import pytest
from app_factory import build
from playwright.sync_api import Browser
from portal_factory import create_app

from portal import reader_locale
from tillstream.settings import Settings

pytestmark = pytest.mark.browser
LOCALES = ["en-US", "en-GB", "en-IN", "de-DE", "es-ES", "fr-FR", "it-IT", "nl-NL", "pl-PL", "pt-BR", "sv-SE"]
OF_THE_BROWSER = """(locale) => [...Array(12).keys()].flatMap((month) => {
  const at = new Date(Date.UTC(2024, month, 5));
  const written = (shape) => new Intl.DateTimeFormat(locale, { timeZone: 'UTC', ...shape }).format(at);
  return [written({ day: 'numeric', month: 'short', year: 'numeric' }), written({ month: 'short', year: 'numeric' })];
})"""


def test_days_and_months_are_written_as_by_the_browser(chromium: Browser, tmp_path: Path) -> None:
    app = create_app(build(Settings(home=tmp_path / "home", samples=False, threads=1)))
    page = chromium.new_page()
    for locale in LOCALES:
        with app.test_request_context("/", headers={"Accept-Language": locale}):
            days = [date(2024, month, 5) for month in range(1, 13)]
            texts = [text for day in days for text in (reader_locale.day_text(day), reader_locale.month_text(day))]
        assert texts == page.evaluate(OF_THE_BROWSER, locale), locale
    page.close()
