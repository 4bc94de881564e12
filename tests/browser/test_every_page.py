"""Every page of every role: nothing too wide, too heavy, unreadable, fetched from elsewhere, or complained about.

The pages come from the portal's own map of routes, so a new page is walked without a word here.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from furnished import Shop, open_shop
from playwright.sync_api import Browser, Page
from served import Served, keep_here, listened, running
from walk import PHONE, WIDE, faults, narrow_faults, pages, settle, sign_in

from tillstream.app import build
from tillstream.domain.people import Role
from tillstream.settings import Settings

pytestmark = pytest.mark.browser
Walk = tuple[Served, Shop]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    folder = tmp_path_factory.mktemp("shop")
    app = build(Settings(home=folder / "home", samples=False, development=True, threads=1))
    found = open_shop(app, folder)
    with running(app, working=False) as served:
        yield served, found


@contextmanager
def _visitor(chromium: Browser, shop: Walk, size: dict[str, int], scheme: str = "light") -> Iterator[Page]:
    """A browser's page that reaches nothing but the portal; what it complains of is remembered from here on."""
    context = chromium.new_context(
        locale="en-GB",
        timezone_id="Europe/London",
        viewport=size,  # type: ignore[arg-type]
        color_scheme="dark" if scheme == "dark" else "light",
    )
    keep_here(context, shop[0])
    shop[0].complaints.clear()
    try:
        yield listened(context, shop[0])
    finally:
        context.close()  # also after a failure: a stream left open would keep the server from closing


def test_no_page_of_an_admin_would_embarrass_us(chromium: Browser, shop: Walk) -> None:
    """One load of each page serves every question; the matrix of sizes, colours and roles is the long test."""
    served, company = shop
    found = []
    with _visitor(chromium, shop, WIDE) as page:
        sign_in(page, served, Role.ADMIN)
        walked = list(pages(page.context, served, Role.ADMIN, company, asked=False))
        for path in walked:
            page.goto(served.address + path)
            settle(page)
            found += faults(page, path) + narrow_faults(page, path)
    assert len(walked) > 12
    assert found + served.complaints == []


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_the_first_page_of_each_role_holds_on_a_phone(chromium: Browser, shop: Walk, role: Role) -> None:
    served, _ = shop
    with _visitor(chromium, shop, PHONE, "dark") as page:
        sign_in(page, served, role)
        settle(page)
        found = faults(page, role.value, both=False) + narrow_faults(page, role.value)
    assert found + served.complaints == []


@pytest.mark.long
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("role", list(Role))
def test_every_page_of_every_role_in_every_size_and_colour(
    chromium: Browser, shop: Walk, role: Role, size: dict[str, int], scheme: str
) -> None:
    served, company = shop
    found = []
    with _visitor(chromium, shop, size, scheme) as page:
        sign_in(page, served, role)
        for path in pages(page.context, served, role, company, asked=True):
            page.goto(served.address + path)
            settle(page)
            found += faults(page, path, both=False) + narrow_faults(page, path)
    assert found + served.complaints == []


def test_the_door_is_open_to_everybody(chromium: Browser, shop: Walk) -> None:
    served, _ = shop
    with _visitor(chromium, shop, PHONE) as page:
        page.goto(f"{served.address}/sign-in")
        found = faults(page, "/sign-in") + narrow_faults(page, "/sign-in")
    assert found + served.complaints == []


def test_the_judge_finds_what_is_wrong(chromium: Browser, shop: Walk) -> None:
    """A walk that cannot fail proves nothing."""
    served, _ = shop
    with _visitor(chromium, shop, WIDE) as page:
        page.goto(f"{served.address}/sign-in")
        page.evaluate("""() => {
          const main = document.querySelector('main');
          const wide = document.createElement('pre');
          wide.textContent = 'x'.repeat(4000);
          wide.style.whiteSpace = 'pre';
          main.append(wide, document.createElement('input'), document.createElement('h1'));
        }""")
        said = " ".join(faults(page, "/sign-in") + narrow_faults(page, "/sign-in"))
    assert "label (critical)" in said
    assert "wider than a phone" in said
    assert "2 headings" in said
