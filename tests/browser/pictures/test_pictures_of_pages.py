"""The pictures of every page of the navigation, by role: `make pictures` writes them into docs/pictures/pages."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from demo_shop import DemoShop, demo_shop
from live_server import open_page, report_other_hosts
from page_checks import settle
from playwright.sync_api import Browser, Page

from docs.generate.pictures import pictures
from tillstream.model.permissions import Role

pytestmark = [pytest.mark.browser, pytest.mark.long]
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
QUALITY = 10
"""Of 100: letters stay readable, and all pictures together stay below 6 MB."""
LARGEST = 120_000
"""Bytes of one picture."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoShop]:
    with demo_shop(tmp_path_factory.mktemp("pictures"), working=False) as shop:
        yield shop


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder of the docs with `--pictures`, otherwise one of the test."""
    option = request.config.getoption("--pictures")
    folder = Path(option) / "pages" if option else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def capture(page: Page, path: Path) -> None:
    """Write what is visible as WebP, which Playwright itself cannot."""
    settle(page)
    page.wait_for_timeout(300)  # charts grow for a moment
    line = page.context.new_cdp_session(page)
    answer = line.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
    line.detach()
    path.write_bytes(base64.b64decode(answer["data"]))
    assert 2_000 < path.stat().st_size <= LARGEST, f"{path.name} has {path.stat().st_size:,} bytes"


@pytest.mark.parametrize("role", Role)
def test_every_page_of_a_role_is_taken(
    chromium: Browser, shop: DemoShop, folder: Path, role: Role, request: pytest.FixtureRequest
) -> None:
    served, part = shop.served, request.config.getoption("--pictures-of")
    context = chromium.new_context(
        locale="en-GB",
        timezone_id="Europe/London",
        viewport=WIDE,  # type: ignore[arg-type]
        color_scheme="light",
        reduced_motion="reduce",
    )
    report_other_hosts(context, served)
    try:
        page = open_page(context, served)
        shop.sign_in(page, role)
        for picture in (one for one in pictures() if one.role is role and part in one.name):
            with served.portal.test_request_context():
                path = served.portal.url_for(picture.area.endpoint, _external=False)
            page.emulate_media(color_scheme="dark" if picture.variant == "dark" else "light")
            page.set_viewport_size(NARROW if picture.variant == "narrow" else WIDE)  # type: ignore[arg-type]
            answer = page.goto(served.address + path)
            assert answer is not None
            assert answer.status == 200, path
            capture(page, folder / picture.name)
    finally:
        context.close()
    assert served.page_errors == []
