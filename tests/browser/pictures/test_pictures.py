"""The pictures of the docs, taken where the pages are proved: `make pictures` writes them into docs/pictures."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_server import Served, open_page, report_other_hosts, running
from page_checks import settle, sign_in
from playwright.sync_api import Browser
from sample_shop import Shop, open_shop

from tillstream.app import build
from tillstream.model.permissions import Role
from tillstream.server.serve import with_server_memory
from tillstream.settings import Settings

pytestmark = [pytest.mark.browser, pytest.mark.long]
DESKTOP, PHONE = {"width": 1200, "height": 780}, {"width": 375, "height": 740}
LARGEST, QUALITY = 120_000, 60
PICTURES: dict[str, tuple[Role, str, dict[str, int], str]] = {
    "admin-morning": (Role.ADMIN, "/dashboard", DESKTOP, "light"),
    "admin-people": (Role.ADMIN, "/people", DESKTOP, "light"),
    "admin-audit": (Role.ADMIN, "/audit", DESKTOP, "light"),
    "manager-morning": (Role.MANAGER, "/dashboard", DESKTOP, "light"),
    "manager-waiting": (Role.MANAGER, "/waiting/{held}", DESKTOP, "light"),
    "manager-undo": (Role.MANAGER, "/uploads/{batch_id}/undo", DESKTOP, "light"),
    "clerk-morning": (Role.CLERK, "/dashboard", DESKTOP, "light"),
    "clerk-receipt": (Role.CLERK, "/uploads/{batch_id}", DESKTOP, "light"),
    "clerk-repair": (Role.CLERK, "/uploads/{batch_id}/fix", DESKTOP, "light"),
    "clerk-days": (Role.CLERK, "/completeness?day=2026-06-30", DESKTOP, "light"),
    "salesperson-morning": (Role.SALESPERSON, "/dashboard", PHONE, "light"),
    "salesperson-sale": (Role.SALESPERSON, "/sale-lines", DESKTOP, "light"),
    "analyst-morning": (Role.ANALYST, "/dashboard", DESKTOP, "dark"),
    "analyst-why": (Role.ANALYST, "/why/revenue", DESKTOP, "dark"),
}
"""name → who sees it, where, how wide, in which colours"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Shop]]:
    folder = tmp_path_factory.mktemp("pictures")
    app = build(with_server_memory(Settings(home=folder / "home", samples=False, threads=1)))
    shop = open_shop(app, folder)
    with running(app, working=False) as served:
        yield served, shop


@pytest.fixture
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    folder_name = request.config.getoption("--pictures")
    return Path(folder_name) if folder_name else tmp_path


@pytest.mark.parametrize("name", list(PICTURES))
def test_a_picture_of_the_docs_can_be_taken(
    chromium: Browser, shop: tuple[Served, Shop], folder: Path, name: str
) -> None:
    served, company = shop
    role, path, size, scheme = PICTURES[name]
    context = chromium.new_context(
        locale="en-GB",
        timezone_id="Europe/London",
        viewport=size,  # type: ignore[arg-type]
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    report_other_hosts(context, served)
    try:
        page = open_page(context, served)
        sign_in(page, served, role)
        arguments = company.arguments | {"held": company.own["review.decide"]["batch_id"]}
        answer = page.goto(served.address + path.format(**arguments))
        assert answer is not None
        assert answer.status == 200
        settle(page)
        page.wait_for_timeout(300)  # charts grow for a moment
        folder.mkdir(parents=True, exist_ok=True)
        line = context.new_cdp_session(page)
        answer_of_line = line.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
        taken = base64.b64decode(answer_of_line["data"])
        (folder / f"{name}.webp").write_bytes(taken)
    finally:
        context.close()
    assert len(taken) <= LARGEST, f"{name}.webp has {len(taken):,} bytes"
