"""Every component of the storybook in light and dark, wide and on a phone: no fault of accessibility, no overflow."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from app_factory import build
from live_server import PASSWORD, Served, running
from page_checks import OVERFLOW, PHONE, WIDE, axe
from playwright.sync_api import Page

from portal.storybook import components
from tillstream.domain.people import Role
from tillstream.people import accounts
from tillstream.server.serve import with_server_memory
from tillstream.settings import Settings

AXE = "axe.run('main', {resultTypes: ['violations']}).then((found) => found.violations)"
pytestmark = pytest.mark.browser


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    app = build(with_server_memory(Settings(home=tmp_path / "home", samples=False, development=True, threads=1)))
    accounts.add(app.ports, "admin", "Ada Admin", Role.ADMIN, password=PASSWORD)
    with running(app, working=False) as served:
        yield served


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_component(page: Page, served: Served, theme: str) -> None:
    page.goto(f"{served.address}/sign-in")
    page.get_by_label("Name", exact=True).fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/dashboard**")
    problems = []
    for name in components():
        page.set_viewport_size(WIDE)
        page.goto(f"{served.address}/storybook/{name}?theme={theme}")
        page.evaluate(axe())
        problems += [f"{name}: {fault['id']} {fault['nodes'][0]['html']}" for fault in page.evaluate(AXE)]
        problems += [f"{name}, wide: {wide}" for wide in [page.evaluate(OVERFLOW)] if wide]
        page.set_viewport_size(PHONE)
        problems += [f"{name}, phone: {wide}" for wide in [page.evaluate(OVERFLOW)] if wide]
        assert page.locator(f"[data-part={name}]").screenshot(), name
    assert not problems, "\n".join(problems)
    assert served.page_errors == []
