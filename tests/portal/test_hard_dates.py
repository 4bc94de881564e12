"""Every page at dates at which programs fail: a leap day, a change of year, hours in which clocks change."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from routes import ENDLESS, addresses, routes_of
from visitor import People, Work, indian_file, indian_sale

from tillstream.adapters.local.clock import ManualClock
from tillstream.analytics.filters import PERIOD_PRESETS

pytestmark = pytest.mark.long  # each opens some hundred pages
MOMENTS = (
    "2028-02-29T12:00+00:00",
    "2028-01-31T12:00+00:00",
    "2028-03-31T18:45+00:00",  # tomorrow, and another quarter, in India
    "2029-02-28T18:45+00:00",
    "2027-12-31T23:30+00:00",
    "2027-03-28T00:50+00:00",
    "2027-10-31T00:50+00:00",
    "2027-01-01T00:10+00:00",
)
WITH_PRESETS = ("/dashboard", "/explore", "/customers", "/products", "/sale-lines", "/compare")


@pytest.mark.parametrize("at", MOMENTS)
def test_every_page_opens(at: str, portal: Flask, clock: ManualClock, person: People, work: Work) -> None:
    now = datetime.fromisoformat(at)
    clock.advance((now - clock.now()).total_seconds())
    admin = person()
    days = [now - timedelta(days=before) for before in (0, 1, 31, 365, 366)]
    sales = [indian_sale(str(number), date=f"{day:%d-%m-%Y %H:%M}") for number, day in enumerate(days, 1)]
    admin.upload(indian_file(*sales))
    work()
    pages = [page for rule in routes_of(portal) if rule.endpoint not in ENDLESS for page in addresses(rule)]
    pages += [f"{page}?preset={preset}" for page in WITH_PRESETS for preset in PERIOD_PRESETS]
    codes = {page: admin.get(page).status_code for page in pages if page != "/sign-out"}
    assert {page: code for page, code in codes.items() if code >= 500} == {}
    assert all(codes[f"{page}?preset=last-month"] == 200 for page in WITH_PRESETS), codes
    assert clock.now().astimezone(UTC) == now
