"""Every kind of chart in a real browser: under the content policy, in both themes, with tooltips, links, and print."""

from pathlib import Path

import pytest
from live_server import Served, shared_portal, sign_in_at
from page_checks import settle
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
COLOURS = """(place) => {
  const canvas = place.querySelector('canvas');
  const copy = Object.assign(document.createElement('canvas'), { width: canvas.width, height: canvas.height });
  const context = copy.getContext('2d', { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const colours = new Set();
  for (let at = 0; at < data.length; at += 4) {
    const colour = data[at] << 16 | data[at + 1] << 8 | data[at + 2];
    if (data[at + 3] === 255) colours.add(colour.toString(16).padStart(6, '0'));
  }
  return [...colours];
}"""
PIXEL = "(place, [finder, value]) => echarts.getInstanceByDom(place).convertToPixel(finder, value)"


served = shared_portal(working=False, development=True)
"""One home for all tests of the file, which only look."""


@pytest.fixture
def charts(page: Page, served: Served) -> Page:
    page.set_viewport_size({"width": 1440, "height": 2800})
    page.emulate_media(color_scheme="light")
    sign_in_at(page, served, "/storybook/charts")
    page.locator("[data-drawn]").first.wait_for()
    settle(page)
    return page


def _hover(page: Page, chart: str, x: float, y: float) -> str:
    page.locator(f"[data-chart='{chart}']").hover(position={"x": x, "y": y})
    tip = page.locator(f"[data-chart='{chart}'] .tip")
    expect(tip).to_be_visible()
    return tip.inner_text()


def _size(page: Page, chart: str) -> tuple[float, float]:
    box = page.locator(f"[data-chart='{chart}']").bounding_box()
    assert box
    return box["width"], box["height"]


def test_every_kind_is_drawn_in_the_colours_of_the_theme(charts: Page, served: Served) -> None:
    kinds = charts.locator("[data-drawn]").evaluate_all("all => all.map((one) => one.dataset.drawn)")
    assert set(kinds) == {"bars", "columns", "line", "heatmap", "world"}
    assert charts.locator("[data-chart='number']").count() == 0, "one value is a number"
    bars, land = charts.locator("[data-chart='bars']"), charts.locator("[data-chart='world']")
    assert "4477aa" in bars.evaluate(COLOURS)
    assert {"e1e5ea", "17479f"} <= set(land.evaluate(COLOURS))
    charts.emulate_media(color_scheme="dark")
    charts.wait_for_function(f"() => ({COLOURS})(document.querySelector(\"[data-chart='bars']\")).includes('56b4e9')")
    assert "2c333d" in land.evaluate(COLOURS)
    assert served.page_errors == []


def test_a_tooltip_compares_and_names_in_full(charts: Page, served: Served) -> None:
    width, height = _size(charts, "bars")
    text = _hover(charts, "bars", width * 0.7, height * 0.27)
    assert "Noise-cancelling headphones with a spare cable, a case and three pairs of cushions" in text
    assert "44,120.50 USD" in text
    assert "47,800.00 USD" in text
    assert "▼ 7.7%" in text
    width, height = _size(charts, "columns")
    unfinished = _hover(charts, "columns", width - 20, height / 2)
    assert "not complete" in unfinished
    assert "This year" in unfinished, "the name of the figure, not of its measure"
    assert "Change" not in unfinished
    width, height = _size(charts, "line-series")
    assert "LON1" in _hover(charts, "line-series", width / 2, height / 2)
    assert served.page_errors == []


def test_a_click_on_a_row_opens_its_link(charts: Page, served: Served) -> None:
    place = charts.locator("[data-chart='bars']")
    y = place.evaluate(PIXEL, [{"yAxisIndex": 0}, "Kettle"])
    place.click(position={"x": 60, "y": y})  # on its name
    charts.wait_for_url("**/storybook/charts#bars")
    charts.locator("[data-chart='columns']").click(position={"x": _size(charts, "columns")[0] / 2, "y": 100})
    charts.wait_for_url("**/storybook/charts#columns")
    assert served.page_errors == []


def test_a_kind_that_is_added_is_drawn_and_its_rows_open_their_links(charts: Page, served: Served) -> None:
    """The kind declares along which axis its parts have links."""
    charts.evaluate(
        """() => {
          const dots = (figure) => ({
            grid: { left: 100 }, xAxis: { type: "value" }, yAxis: { type: "category", data: figure.labels },
            series: [{
              type: "scatter", symbolSize: 20, data: figure.values, itemStyle: { color: "#123456", opacity: 1 },
            }],
          });
          charts.kinds.dots = Object.assign(dots, { links: "y" });
          const data = document.querySelector("[data-chart='bars']").nextElementSibling;
          const links = Array(6).fill("#dots");
          data.textContent = JSON.stringify({ ...JSON.parse(data.textContent), kind: "dots", links });
          document.documentElement.dataset.theme = "light";
        }"""
    )
    charts.locator("[data-chart='bars'][data-drawn='dots']").wait_for()
    place = charts.locator("[data-chart='bars']")
    assert "123456" in place.evaluate(COLOURS)
    place.click(position={"x": 20, "y": place.evaluate(PIXEL, [{"yAxisIndex": 0}, "Kettle"])})
    charts.wait_for_url("**/storybook/charts#dots")
    assert served.page_errors == []


def test_charts_follow_the_width_and_are_printed_in_light(charts: Page, served: Served) -> None:
    charts.set_viewport_size({"width": 390, "height": 2800})
    place = charts.locator("[data-chart='columns']")
    charts.wait_for_function(
        "() => [...document.querySelectorAll('[data-drawn]')].every("
        "(one) => echarts.getInstanceByDom(one).getWidth() === one.clientWidth)"
    )
    charts.emulate_media(color_scheme="dark")
    charts.evaluate("dispatchEvent(new Event('beforeprint'))")
    paper = place.locator(":scope > canvas")
    assert paper.count() == 1
    colours = place.evaluate(COLOURS.replace("querySelector('canvas')", "querySelector(':scope > canvas')"))
    assert {"ffffff", "4477aa"} <= set(colours)
    charts.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(paper).to_have_count(0)
    assert served.page_errors == []


def test_a_chart_is_saved_as_a_picture(charts: Page, tmp_path: Path) -> None:
    section = charts.locator("section", has=charts.locator("[data-chart=columns]"))
    for form, begin in (("PNG", b"\x89PNG\r\n"), ("SVG", b"<svg")):
        with charts.expect_download() as saved:
            section.get_by_role("button", name=f"Save the chart as {form}").click()
        path = tmp_path / saved.value.suggested_filename
        saved.value.save_as(path)
        assert path.name == f"columns.{form.lower()}"
        assert path.read_bytes().startswith(begin)
        assert path.stat().st_size > 1000
