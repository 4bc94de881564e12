"""Dashboards of one's own in a browser: pinned on Explore, arranged by keyboard and by drag, also on a phone."""

from io import BytesIO

import pytest
from live_server import Served, sign_in_at
from page_checks import settle
from playwright.sync_api import Page, expect

from tillstream.commands.demo_shop import people as demo_dashboard
from tillstream.explore import own_dashboards
from tillstream.intake import inbox
from tillstream.people import accounts

pytestmark = pytest.mark.browser
HEADER = (
    "Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,"
    "Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice"
)


def _sell(served: Served) -> None:
    rows = [
        f"{at},1,{at:02}-0{at % 2 + 5}-2026 10:15,MUM0{at % 3},S1,C{at},Asha Rao,P{at},Kettle,"
        f"{'Garden' if at < 3 else 'Kitchen'},store,Completed,1,{at}00.00,0.00,{at}00.00,18.00,118.00,"
        for at in range(1, 5)
    ]
    content = BytesIO("\n".join([HEADER, *rows, ""]).encode())
    inbox.receive_file(served.app.ports, served.app.contracts.pin("IN"), "june.csv", content, by="admin")


def _open(page: Page, served: Served, address: str) -> None:
    sign_in_at(page, served, f"{address}")
    page.wait_for_url(f"**{address}")


def _titles(page: Page) -> list[str]:
    return page.locator(".tile h2").all_inner_texts()


def _own(served: Served) -> str:
    """Address of the dashboard of the demo, with the admin as its owner."""
    created = accounts.get_user(served.app.ports, "admin").created_at
    dashboard = demo_dashboard.add_dashboard(served.app, "admin")
    assert dashboard
    data = dashboard.data() | {"account": created}
    served.app.ports.documents.put(own_dashboards.DASHBOARDS.name, dashboard.id, data)
    return dashboard.address


def test_a_chart_is_pinned_by_keyboard_and_its_tile_is_drawn(page: Page, served: Served) -> None:
    _sell(served)
    _open(page, served, "/explore")
    pin = page.locator("details.views > summary", has_text="Pin")
    pin.focus()
    page.keyboard.press("Enter")
    page.get_by_label("Title of the tile").fill("My categories")
    page.get_by_label("Title of the tile").press("Enter")
    page.wait_for_url("**/dashboards/*")
    expect(page.locator(".tile h2")).to_have_text(["My categories"])
    expect(page.locator(".tile [data-chart][data-drawn]")).to_have_count(1)
    page.locator(".tile").get_by_role("link", name="Open in Explore").click()
    page.wait_for_url("**/explore?**")
    assert served.page_errors == []


def test_tiles_are_arranged_by_keyboard_and_by_drag_and_stay_so(page: Page, served: Served) -> None:
    _sell(served)
    _open(page, served, _own(served))
    settle(page)
    first, second, third, *_ = _titles(page)
    handle = page.locator(".tile", has_text=first).first.locator("[data-handle]")
    handle.focus()
    page.keyboard.press("ArrowRight")
    assert _titles(page)[:3] == [second, first, third]
    expect(page.locator("#arranged")).to_have_text(f"{first}: place 2 of {len(demo_dashboard.TILES)}.")
    expect(handle).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#tiles[data-saved='2']")).to_have_count(1)
    page.reload()
    settle(page)
    assert _titles(page)[:3] == [second, first, third]
    expect(page.locator(".tile").nth(1)).to_have_attribute("data-width", "half")
    target = page.locator(".tile").nth(0).bounding_box()
    start = page.locator(".tile").nth(1).locator("[data-handle]").bounding_box()
    assert target
    assert start
    page.mouse.move(start["x"] + 4, start["y"] + 4)
    page.mouse.down()
    page.mouse.move(target["x"] + 20, target["y"] + 20, steps=5)
    page.mouse.up()
    expect(page.locator("#tiles[data-saved='1']")).to_have_count(1)
    page.reload()
    assert _titles(page)[:3] == [first, second, third]
    edge = page.locator(".tile").nth(0).locator("[data-resizer]").bounding_box()
    whole = page.locator("#tiles").bounding_box()
    assert edge
    assert whole
    page.mouse.move(edge["x"] + 4, edge["y"] + 20)
    page.mouse.down()
    page.mouse.move(whole["x"] + whole["width"] - 2, edge["y"] + 20, steps=5)
    page.mouse.up()
    expect(page.locator("#tiles[data-saved='1']")).to_have_count(1)
    page.reload()
    expect(page.locator(".tile").nth(0)).to_have_attribute("data-width", "full")
    assert served.page_errors == []


def test_a_tile_is_removed_and_comes_back_and_a_phone_has_one_column(page: Page, served: Served) -> None:
    _sell(served)
    page.set_viewport_size({"width": 375, "height": 812})
    _open(page, served, _own(served))
    titles = _titles(page)
    tile = page.locator(".tile").nth(1)
    tile.locator(".drop-menu summary").click()
    tile.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("status").filter(has_text="removed")).to_be_visible()
    assert len(_titles(page)) == len(titles) - 1
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".tile")).to_have_count(len(titles))
    assert _titles(page) == titles
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    lefts = page.locator(".tile").evaluate_all("(all) => all.map((one) => one.offsetLeft)")
    assert len(set(lefts)) == 1
    assert served.page_errors == []
