"""Every page of every role: nothing too wide, too heavy, unreadable, fetched from elsewhere, or complained about.

The pages come from the portal's own map of routes, so a new page is walked without a word here.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from live_server import Served, new_context, open_page
from page_checks import PHONE, WIDE, narrow_page_problems, page_problems, pages, plain_problems, settle, sign_in
from playwright.sync_api import Browser, Error, Page
from sample_shop import Shop

from tillstream.model.permissions import Role

pytestmark = pytest.mark.browser
Walk = tuple[Served, Shop]


@pytest.fixture(scope="module")
def shop(sample_shop: Walk) -> Walk:
    return sample_shop


@contextmanager
def _visitor(chromium: Browser, shop: Walk, size: dict[str, int], scheme: str = "light") -> Iterator[Page]:
    """A browser's page that reaches nothing but the portal; what it complains of is remembered from here on."""
    with new_context(chromium, shop[0], viewport=size, color_scheme=scheme) as context:
        yield open_page(context, shop[0])


PARTS = 3
"""A part of the pages for each test: each test has a time limit."""
JUDGED = 3
"""One page in so many is judged by axe with each change; the others are in the matrix."""


@pytest.fixture(scope="module")
def pages_of_admin(chromium: Browser, shop: Walk) -> list[str]:
    """Requested once: which addresses are pages shows only in their answers."""
    with _visitor(chromium, shop, WIDE) as page:
        sign_in(page, shop[0], Role.ADMIN)
        return list(pages(page.context, shop[0], Role.ADMIN, shop[1], with_queries=False))


@pytest.mark.parametrize("part", range(PARTS))
def test_no_page_of_an_admin_would_embarrass_us(
    chromium: Browser, shop: Walk, pages_of_admin: list[str], part: int
) -> None:
    """One load of each page serves every question; the matrix of sizes, colours and roles is the long test."""
    served, _ = shop
    walked = pages_of_admin[part::PARTS]
    problems = []
    with _visitor(chromium, shop, WIDE, ("light", "dark")[part % 2]) as page:
        sign_in(page, served, Role.ADMIN)
        for number, path in enumerate(walked):
            page.goto(served.address + path)
            settle(page)
            judged = number % JUDGED == 0
            problems += page_problems(page, path, both=False) if judged else plain_problems(page, path)
            problems += narrow_page_problems(page, path, judged=judged)
    assert len(walked) > 12
    assert problems + served.page_errors == []


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_the_first_page_of_each_role_holds_on_a_phone(chromium: Browser, shop: Walk, role: Role) -> None:
    served, _ = shop
    with _visitor(chromium, shop, PHONE, "dark") as page:
        sign_in(page, served, role)
        page.goto(f"{served.address}/")
        settle(page)
        problems = page_problems(page, role.value, both=False) + narrow_page_problems(page, role.value)
    assert problems + served.page_errors == []


PAIRS = [
    pytest.param(role, size, ("light", "dark")[(number + place) % 2], id=f"{role}-{name}")
    for number, role in enumerate(Role)
    for place, (name, size) in enumerate({"wide": WIDE, "phone": PHONE}.items())
]
"""Every role in each size and in each colour, and each size in both colours."""


@pytest.mark.long
@pytest.mark.parametrize(("role", "size", "scheme"), PAIRS)
def test_every_page_of_every_role_in_every_size_and_colour(
    chromium: Browser, shop: Walk, role: Role, size: dict[str, int], scheme: str
) -> None:
    served, company = shop
    problems = []
    with _visitor(chromium, shop, size, scheme) as page:
        sign_in(page, served, role)
        for path in pages(page.context, served, role, company, with_queries=True):
            page.goto(served.address + path)
            settle(page)
            problems += page_problems(page, path, both=False) + narrow_page_problems(page, path)
    assert problems + served.page_errors == []


def test_the_door_is_open_to_everybody(chromium: Browser, shop: Walk) -> None:
    served, _ = shop
    with _visitor(chromium, shop, PHONE) as page:
        page.goto(f"{served.address}/sign-in")
        problems = page_problems(page, "/sign-in") + narrow_page_problems(page, "/sign-in")
    assert problems + served.page_errors == []


def test_a_request_to_another_host_is_reported_and_reaches_nothing(chromium: Browser, shop: Walk) -> None:
    served, _ = shop
    with _visitor(chromium, shop, WIDE) as page, pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://example.com/")
    assert served.page_errors[0] == "requested http://example.com/"


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
        problems = " ".join(page_problems(page, "/sign-in") + narrow_page_problems(page, "/sign-in"))
    assert "label (critical)" in problems
    assert "wider than a phone" in problems
    assert "2 headings" in problems
