"""What a dashboard costs on the wire: the first visit, the second, and what is loaded only in view."""

from collections.abc import Iterator
from typing import Any

import pytest
from live_server import Served, fill_in_sign_in, new_context
from page_checks import WIDE, login_of, settle
from playwright.sync_api import Browser, CDPSession, Page
from sample_shop import Shop

from tillstream.model.permissions import Role

pytestmark = pytest.mark.browser
FIRST_VISIT = 900_000
"""Bytes on the wire from the sign-in page to a dashboard with all its tiles."""
CHART_SCRIPT = 500_000
SECOND_VISIT = 120_000
REQUESTS = 50


class Wire:
    """Bytes that each address cost, from the browser's own network log; from its cache they cost none."""

    def __init__(self, log: CDPSession) -> None:
        self.addresses: dict[str, str] = {}
        self.cost: dict[str, int] = {}
        log.on("Network.requestWillBeSent", self._begin)
        log.on("Network.requestServedFromCache", self._cached)
        log.on("Network.loadingFinished", self._end)
        log.send("Network.enable")

    def _begin(self, event: dict[str, Any]) -> None:
        self.addresses[event["requestId"]] = event["request"]["url"]

    def _cached(self, event: dict[str, Any]) -> None:
        self.addresses.pop(event["requestId"], None)

    def _end(self, event: dict[str, Any]) -> None:
        if event["requestId"] in self.addresses and event["encodedDataLength"]:
            address = self.addresses[event["requestId"]]
            self.cost[address] = self.cost.get(address, 0) + int(event["encodedDataLength"])

    def of(self, part: str) -> list[int]:
        return [cost for address, cost in self.cost.items() if part in address]

    @property
    def total(self) -> int:
        return sum(self.cost.values())


@pytest.fixture
def shop(sample_shop: tuple[Served, Shop]) -> Served:
    return sample_shop[0]


@pytest.fixture
def page(chromium: Browser, shop: Served) -> Iterator[Page]:
    with new_context(chromium, shop, viewport=WIDE) as context:
        yield context.new_page()


def test_a_first_visit_is_light_and_a_second_one_lighter(page: Page, shop: Served) -> None:
    wire = Wire(page.context.new_cdp_session(page))
    page.goto(f"{shop.address}/sign-in")
    fill_in_sign_in(page, login_of(Role.ADMIN))
    page.wait_for_function("() => document.querySelectorAll('[data-drawn]').length")
    tiles = page.locator("[data-tile]").count()
    assert len(wire.of("/dashboard/tiles/")) < tiles, "tiles below the fold wait until they come near"
    settle(page)
    assert wire.total <= FIRST_VISIT, dict(sorted(wire.cost.items(), key=lambda item: -item[1])[:8])
    assert sum(wire.of("echarts")) <= CHART_SCRIPT
    assert len(wire.cost) <= REQUESTS
    first = wire.total
    wire.cost.clear()
    page.goto(f"{shop.address}/dashboard")
    settle(page)
    assert wire.of("/static/") == []
    assert 0 < wire.total <= min(SECOND_VISIT, first / 4)
