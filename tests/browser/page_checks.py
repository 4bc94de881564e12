"""Looking at one page: what a reader would find wrong with it, in words."""

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from live_server import Served, sign_in_without_form
from playwright.sync_api import BrowserContext, Page
from playwright.sync_api import TimeoutError as NotInTime
from routes import ENDLESS, addresses, routes_of
from sample_shop import NAMES, Shop

from examples import in_long_proofs
from portal.access import Open, access_of
from tillstream.model.permissions import PERMISSIONS, Role

_OFTEN = (Role.MANAGER, Role.CLERK)
FEW_ROLES = [*_OFTEN, *in_long_proofs(*(role for role in Role if role not in _OFTEN))]
BUDGET = 300_000
"""Bytes of a page with everything that it requests, without the scripts of charts and Swagger UI, and the map."""
OF_COMPANY = {"catalogue.merge_codes"}
"""Endpoints about entries of the whole company, which nobody who is limited to regions may edit; see
tests/portal/catalogue/test_new_codes.py."""
ELSEWHERE = {
    "static": "a file",
    "swagger_ui": "a file",
    "live.events": "a stream that never ends",
    "live.sales": "a stream that never ends",
    "sign_in.begin": "only where a company's sign-in is set: test_company_sign_in",
    "sign_in.returned": "only where a company's sign-in is set: test_company_sign_in",
    "sign_in.out": "only behind an Identity-Aware Proxy: test_company_sign_in",
    "corrections.cell": "a part of the grid, requested with a cell",
    "corrections.preview": "a part of the grid, requested with a change",
    "uploads.preview": "a file on its way in: walked by test_uploading_files",
    "uploads.preview_told": "a file on its way in: walked by test_uploading_files",
    "stock_files.refused": "rows of a file on its way in: tested with the import of stock",
    "uploads.questions": "a file on its way in: walked by test_uploading_files",
    "sign_in.form": "the door, walked by itself",
    "sign_in.join": "for invited people: walked by the tests of the door",
    "sign_in.code": "between two steps of the door",
}
"""endpoint → why it is not walked here; everything else is."""
UNCOUNTED = ("echarts.min.js", "world.json", "swagger-ui")
REDRAWN = 2_000
"""Milliseconds within which charts have the size of the page."""
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 375, "height": 812}

READY = """() => {
  const shown = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility());
  shown('[data-tile][data-empty]')[0]?.scrollIntoView();
  const isDrawn = !document.querySelector('#sell') || shown('#sell[data-ready], #sell [data-part=problem]').length;
  return document.readyState === 'complete' && isDrawn && !shown('[aria-busy="true"], [data-tile] .skeleton').length
    && [...document.querySelectorAll('[data-chart]')].every((one) => !one.checkVisibility() || one.dataset.drawn);
}"""
WEIGHT = """(uncounted) => [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
  .filter((one) => !uncounted.some((name) => one.name.includes(name)))
  .reduce((sum, one) => sum + one.encodedBodySize, 0)"""
OVERFLOW = """() => {
  const page = document.documentElement;
  if (page.scrollWidth <= page.clientWidth) return '';
  const wide = [...document.querySelectorAll('main *')].filter((one) =>
    one.getBoundingClientRect().right > page.clientWidth + 1
      && !one.closest('.scroller, [role="region"][tabindex="0"]'));
  const first = wide[0] || document.body;
  return `${page.scrollWidth - page.clientWidth} px, by <${first.tagName.toLowerCase()} class="${first.className}">`;
}"""
DRAWS = "performance.getEntriesByType('resource').some((one) => one.name.includes('echarts.min.js'))"
AXE = """(options) => axe.run({exclude: [['.swagger-ui']]}, {resultTypes: ['violations'], ...options})
  .then((found) => found.violations)"""
"""All rules that axe has on by default, best practices too: landmarks, regions, order of headings, titles.

The structure of Swagger UI is not ours; its contrast is checked by test_api_page.py.
"""
CONTRAST = {"runOnly": ["color-contrast"]}
STRUCTURE = {"runOnly": ["best-practice"]}


@cache
def axe() -> str:
    """The judge's script out of its package."""
    package = find_spec("axe_playwright_python")
    assert package is not None
    assert package.origin is not None
    return (Path(package.origin).parent / "axe.min.js").read_text(encoding="utf-8")


def sign_in(page: Page, served: Served, role: Role) -> None:
    """As the person of sample_shop.py with the role; on no page yet."""
    sign_in_without_form(page, served, login_of(role))


def login_of(role: Role) -> str:
    return NAMES[role].split()[0].lower()


def pages(context: BrowserContext, served: Served, role: Role, shop: Shop, *, with_queries: bool) -> Iterator[str]:
    """Every address that answers this role with a whole page; with_queries: with each query of tests/routes.py.

    A new page is among them by itself. Where its path has an argument, tests/routes.py names an example, and
    tests/browser/sample_shop.py one that is there in its company.
    """
    left_out = ENDLESS | set(ELSEWHERE) | (set() if role is Role.ADMIN else OF_COMPANY)
    for rule in routes_of(served.portal):
        access = access_of(served.portal, rule.endpoint)
        mine = access in PERMISSIONS[role] or access in {Open.EVERYBODY, Open.SIGNED_IN}
        if not mine or rule.endpoint in left_out:
            continue
        arguments = shop.arguments | shop.own.get(rule.endpoint, {})
        every = addresses(rule, **arguments)
        for path in every if with_queries else every[:1]:
            answer = context.request.get(served.address + path, max_redirects=0)
            if answer.status == 404 and rule.arguments and role is not Role.ADMIN:
                continue  # of another person or of all regions; the admin has an example of each
            if answer.status in {301, 302, 303, 308} or "text/html" not in answer.headers.get("content-type", ""):
                continue
            is_file = answer.headers.get("content-disposition", "").startswith("attachment")
            if is_file or "<!doctype html>" not in answer.text() or rule.rule.endswith(".json"):
                continue  # a download, a part of a page, or what a script reads
            assert answer.status == 200, (
                f"{path} answers {answer.status}: name an example in tests/browser/sample_shop.py"
            )
            yield path


def settle(page: Page) -> None:
    """Until everything that the page fetches by itself is there, also what it fetches only in view."""
    page.wait_for_function(READY, timeout=60_000)
    page.evaluate("scrollTo(0, 0)")


def page_problems(page: Page, path: str, *, both: bool = True) -> list[str]:
    """What is wrong with the page that is open at 1440 pixels in light; `both`: also in the other colours."""
    problems = plain_problems(page, path)
    problems += axe_problems(page, path, {}, "light")
    if both:
        page.emulate_media(color_scheme="dark")
        problems += axe_problems(page, path, CONTRAST, "dark")
        page.emulate_media(color_scheme="light")
    return problems


def plain_problems(page: Page, path: str) -> list[str]:
    """What is wrong with the weight, the scripts, and the headings of the page."""
    problems = []
    weight = page.evaluate(WEIGHT, list(UNCOUNTED))
    if weight > BUDGET:
        problems.append(f"{path} weighs {weight:,} bytes of {BUDGET:,}")
    if page.evaluate(DRAWS) and not page.locator("[data-chart], [data-tile]").count():
        problems.append(f"{path} loads the script of the charts and has no chart")
    headings = page.locator("h1:not(.swagger-ui *)").count()
    if headings != 1:
        problems.append(f"{path} has {headings} headings of the first level")
    return problems


def narrow_page_problems(page: Page, path: str, *, judged: bool = True) -> list[str]:
    """What is wrong with the same page on a phone.

    judged: also its landmarks and headings, as other parts are shown.
    """
    before = page.viewport_size
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    wide = _overflow(page)
    problems = axe_problems(page, path, STRUCTURE, "narrow") if judged else []
    if before:
        page.set_viewport_size(before)
    return ([f"{path} is wider than a phone: {wide}"] if wide else []) + problems


def _overflow(page: Page) -> str:
    """What is too wide, if it stays so: charts draw themselves again a moment after the size changed."""
    try:
        page.wait_for_function(f"() => !({OVERFLOW})()", timeout=REDRAWN)
    except NotInTime:
        return str(page.evaluate(OVERFLOW))
    return ""


def axe_problems(page: Page, path: str, options: dict[str, Any], where: str) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe())
    return [
        f"{path}, {where}: {one['id']} ({one['impact']}), {one['help']}: {one['nodes'][0]['html'][:160]}"
        f" [{len(one['nodes'])} ×] {one['nodes'][0].get('failureSummary', '')[:200]}"
        for one in page.evaluate(AXE, options)
    ]
