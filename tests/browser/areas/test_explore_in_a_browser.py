"""Explore in a browser: changes are undone and redone by key and by link, and the page is used without a mouse."""

from io import BytesIO

import pytest
from live_server import Served, shared_portal, sign_in_at
from playwright.sync_api import Page, expect
from waiting import wait_for_batch

from tillstream.intake import inbox
from tillstream.model.batch import STATES_IN_LEDGER

pytestmark = pytest.mark.browser
HEADER = (
    "Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,"
    "Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice"
)


def _sell(served: Served) -> None:
    rows = [
        f"{at},1,{at:02}-05-2026 10:15,{store},S1,C{at},Asha Rao,P{at},Kettle,Kitchen,store,Completed,1,"
        f"{at}00.00,0.00,{at}00.00,18.00,118.00,"
        for at, store in enumerate(("MUM01", "DEL01", "BLR01"), start=1)
    ]
    content = BytesIO("\n".join([HEADER, *rows, ""]).encode())
    batch = inbox.receive_file(served.app.ports, served.app.contracts.pin("IN"), "may.csv", content, by="admin")
    wait_for_batch(served.app.ports, batch.batch_id, *STATES_IN_LEDGER)


served = shared_portal(_sell)
"""One home with these sales for all tests of the file, which only look."""


def _open(page: Page, served: Served) -> None:
    sign_in_at(page, served, "/explore")
    page.wait_for_url("**/explore")


def test_changes_are_undone_and_redone(page: Page, served: Served) -> None:
    _open(page, served)
    undo = page.get_by_role("link", name="Undo")
    group = page.get_by_label("Group by")
    assert undo.count() == 0  # nothing to undo is no link
    for name in ("store", "region"):
        group.select_option(name)
        page.get_by_role("button", name="Show").click()
        page.wait_for_url(f"**by={name}**")
    expect(undo).to_be_visible()
    page.locator("h1").click()
    page.keyboard.press("Control+z")
    page.wait_for_url("**by=store**")
    expect(group).to_have_value("store")
    page.get_by_role("link", name="Undo").click()
    page.wait_for_url("**/explore")
    page.keyboard.press("Control+Shift+z")
    page.wait_for_url("**by=store**")
    page.get_by_role("link", name="Redo").click()
    page.wait_for_url("**by=region**")
    expect(page.get_by_role("link", name="Redo")).to_have_count(0)
    page.go_back()
    page.wait_for_url("**by=store**")
    expect(page.get_by_role("link", name="Redo")).to_be_visible()
    assert served.page_errors == []


def test_measures_and_groups_are_chosen_by_keyboard(page: Page, served: Served) -> None:
    _open(page, served)
    page.locator("details.choice > summary").first.focus()
    page.keyboard.press("Enter")
    page.get_by_label("Units", exact=True).focus()
    page.keyboard.press("Space")
    page.get_by_label("Group by").focus()
    page.keyboard.type("Store")
    page.get_by_role("button", name="Show").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**measure=units**")
    expect(page.locator("details.choice > summary").first).to_contain_text("Revenue, Orders, Units")
    expect(page.get_by_label("Group by")).to_have_value("store")
    assert served.page_errors == []


def test_a_chart_has_all_names_and_menus_stay_on_the_page(page: Page, served: Served) -> None:
    _open(page, served)
    page.set_viewport_size({"width": 1400, "height": 900})
    page.goto(f"{served.address}/explore?measure=revenue&by=store&chart=columns&preset=all")
    expect(page.locator("[data-drawn=columns]")).to_be_visible()
    assert page.evaluate(_NAMES, 3) == ["column", 0, 0]  # all of them level
    assert page.evaluate(_NAMES, 20) == ["column", 40, 0]  # turned
    page.set_viewport_size({"width": 390, "height": 900})
    assert page.evaluate(_NAMES, 20) == ["bar", 0, 0]  # too narrow for columns
    for width in (390, 1400):
        page.set_viewport_size({"width": width, "height": 900})
        for name in ("Pin", "Views", "Export"):
            page.locator("main summary", has_text=name).first.click()
            box = page.locator("main details[open] > .menu").bounding_box()
            main = page.locator("main").bounding_box()
            assert box
            assert main
            assert main["x"] <= box["x"] <= width - box["width"]
            page.keyboard.press("Escape")
    assert served.page_errors == []


def test_a_wide_table_keeps_the_names_of_its_rows_in_view(page: Page, served: Served) -> None:
    _open(page, served)
    page.set_viewport_size({"width": 800, "height": 900})
    measures = "&".join(
        f"measure={name}"
        for name in ("revenue", "returned_value", "discount_value", "cancelled_value", "pending_value", "lines")
    )
    page.goto(f"{served.address}/explore?{measures}&by=store&preset=all")
    table = page.get_by_role("region", name="Explored measures")
    assert table.evaluate("(one) => { one.scrollLeft = 400; return one.scrollLeft; }") > 0
    name, whole = table.get_by_role("rowheader").first.bounding_box(), table.bounding_box()
    assert name
    assert whole
    assert name["x"] == pytest.approx(whole["x"], abs=2)
    assert name["width"] >= 160
    assert served.page_errors == []


_NAMES = """(count) => {
  const labels = Array.from({ length: count }, (_, at) => `Store of the street ${at}`);
  const figure = { kind: "columns", labels, values: labels.map((_, at) => at), measure: "Revenue", currency: "INR" };
  const { xAxis, yAxis } = charts.kinds.columns(figure, document.querySelector("[data-chart]"));
  const axis = xAxis.type === "category" ? xAxis : yAxis;
  return [axis === xAxis ? "column" : "bar", axis.axisLabel.rotate ?? 0, axis.axisLabel.interval];
}"""
"""Whether a chart of so many names has columns or bars, by how many degrees its names are turned, and how many names it
leaves out after each one."""
