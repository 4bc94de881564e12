"""Every component of the storybook in light and dark, wide and on a phone: no fault of accessibility, no overflow."""

from itertools import cycle

import pytest
from live_server import Served, shared_portal, sign_in_without_form
from page_checks import OVERFLOW, PHONE, WIDE, axe
from playwright.sync_api import Page

from examples import one_in
from portal.storybook import components

AXE = "axe.run('main', {resultTypes: ['violations']}).then((found) => found.violations)"
pytestmark = pytest.mark.browser


served = shared_portal(working=False, development=True)
"""One home for all tests of the file, which only look."""


@pytest.mark.parametrize("themes", one_in(2, [("light", "dark"), ("dark", "light")]), ids=" ".join)
def test_every_component(page: Page, served: Served, themes: tuple[str, str]) -> None:
    """The components are shown in the themes in turns; every one in both of them is the long test."""
    sign_in_without_form(page, served, "admin")
    problems = []
    for name, theme in zip(components(), cycle(themes), strict=False):
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
