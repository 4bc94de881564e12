"""Every page of the menu on paper or as a PDF: in ink, without the menu, and no wider than what a browser fits."""

from collections.abc import Iterator

import pytest
from demo_shop import DemoShop, demo_shop
from live_server import open_page, report_other_hosts
from page_checks import settle
from playwright.sync_api import Browser, Page

from examples import one_in
from portal import menu
from tillstream.model.permissions import Role

pytestmark = pytest.mark.browser
PAPER = {"width": 688, "height": 1000}
"""Pixels between the margins of A4."""
FITTED = 2
"""A browser makes what is wider smaller, at most by this factor."""
OWN_LAYOUT = {"api.docs_page", "storybook.show"}
"""Pages for developers."""
ON_PAPER = """() => {
  const shown = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility());
  return { wide: document.documentElement.scrollWidth, titles: shown("h1, .print-head").length,
           doors: shown(".side, .bar, .entry-tabs, main button").map((one) => one.outerHTML.slice(0, 80)),
           ground: getComputedStyle(document.body).backgroundColor };
}"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoShop]:
    with demo_shop(tmp_path_factory.mktemp("printed"), working=False) as shop:
        yield shop


@pytest.fixture
def reader(chromium: Browser, shop: DemoShop) -> Iterator[Page]:
    """The page of an administrator with dark colours."""
    context = chromium.new_context(color_scheme="dark", viewport=PAPER, locale="en-GB")  # type: ignore[arg-type]
    report_other_hosts(context, shop.served)
    try:
        page = open_page(context, shop.served)
        shop.sign_in(page, Role.ADMIN)
        yield page
    finally:
        context.close()


def _problems(page: Page, path: str) -> list[str]:
    printed = page.evaluate(ON_PAPER)
    return [
        *([f"{path} is {printed['wide']} pixels wide"] if printed["wide"] > FITTED * PAPER["width"] else []),
        *([f"{path} has no title"] if not printed["titles"] else []),
        *(f"{path} shows {door}" for door in printed["doors"]),
        *([f"{path} is not in ink: {printed['ground']}"] if printed["ground"] != "rgb(255, 255, 255)" else []),
    ]


PARTS = 3
"""A part of the pages for each test: each test has a time limit."""


@pytest.mark.parametrize("part", one_in(PARTS, range(PARTS)))
def test_every_page_prints(reader: Page, shop: DemoShop, part: int) -> None:
    problems = []
    for area in [one for one in menu.AREAS if one.endpoint not in OWN_LAYOUT][part::PARTS]:
        with shop.served.portal.test_request_context():
            path = shop.served.portal.url_for(area.endpoint, _external=False)
        reader.emulate_media(media="screen")
        reader.goto(shop.served.address + path)
        settle(reader)
        reader.emulate_media(media="print")
        problems += _problems(reader, path)
    assert problems == []


def test_the_menu_of_the_name_prints_and_the_pdf_has_pages(reader: Page, shop: DemoShop) -> None:
    reader.evaluate("() => { window.printed = 0; window.print = () => { window.printed += 1; }; }")
    reader.set_viewport_size({"width": 1280, "height": 900})
    reader.locator(".person > summary").click()
    reader.get_by_role("button", name="Print or save as PDF").click()
    assert reader.evaluate("window.printed") == 1
    content = reader.pdf(format="A4")
    assert content.startswith(b"%PDF")
    assert 1 <= content.count(b"/Type /Page\n") + content.count(b"/Type/Page/") <= 8
