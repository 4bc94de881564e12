"""The picture of a page of a report: its title, its controls, and its charts in a grid of two columns."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from docs.generate.looker.pictures.charts import HEAD, MOST_ROWS, ROW, Panel, Rows, draw
from docs.generate.looker.pictures.svg import BACK, FONT, LINE, QUIET, fitted, rectangle, text
from looker.definitions import Chart, Page, Report

WIDTH, GAP, TOP = 960, 12, 92
SMALL, LARGE = 88, 236
FULL = frozenset({"table", "pivot table"})
Content = tuple[Rows, Rows]
"""The rows of a chart, and those of the period to compare with."""


class _Box(NamedTuple):
    chart: int
    x: float
    y: float
    width: float
    height: float


def picture(report: Report, page: Page, contents: Sequence[Content]) -> str:
    """An SVG. contents: of each chart of the page, in their order."""
    boxes = list(_boxes(page.charts))
    height = max(box.y + box.height for box in boxes) + GAP + (22 if page.note else 0)
    parts = [
        rectangle(0, 0, WIDTH, height, BACK),
        text(GAP, 32, report.title, size=20),
        text(GAP, 52, page.title, size=13, fill=QUIET),
        *_controls(report, page),
    ]
    for box in boxes:
        drawn = draw(Panel(page.charts[box.chart], *contents[box.chart], box.width, box.height))
        parts.append(f'<g transform="translate({box.x:g} {box.y:g})">{drawn}</g>')
    if page.note:
        parts.append(text(GAP, height - 14, fitted(page.note, WIDTH - 2 * GAP, 11), size=11, fill=QUIET))
    label = f'role="img" aria-label="{report.title}: {page.title}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" font-family="{FONT}" {label}>'
    return "\n".join([head, *parts, "</svg>"]) + "\n"


def _controls(report: Report, page: Page) -> Iterator[str]:
    """The filter controls of the data sources of the page."""
    used = {chart.source for chart in page.charts}
    x = float(GAP)
    for one in report.filters:
        if one.source in used:
            label = f"{one.field}: {one.default}" if one.default else one.field
            width = 30 + 6.4 * len(label)
            yield rectangle(x + 0.5, 62.5, width, 22, "#fff", stroke=LINE)
            yield text(x + 10, 78, f"{label} ▾", size=11, fill=QUIET)
            x += width + 8


def _boxes(charts: Sequence[Chart]) -> Iterator[_Box]:
    """Scorecards share a row; tables have one of their own; of the others two share one."""
    y, waiting = float(TOP), [(n, chart) for n, chart in enumerate(charts)]
    while waiting:
        row = _first_row(waiting)
        waiting = waiting[len(row) :]
        width = (WIDTH - GAP * (len(row) + 1)) / len(row)
        height = _height(row[0][1])
        yield from (_Box(n, GAP + at * (width + GAP), y, width, height) for at, (n, _) in enumerate(row))
        y += height + GAP


def _first_row(charts: Sequence[tuple[int, Chart]]) -> Sequence[tuple[int, Chart]]:
    kind = _kind(charts[0][1])
    most = {"scorecard": 5, "full": 1, "half": 2}[kind]
    same = next((n for n, (_, chart) in enumerate(charts) if _kind(chart) != kind), len(charts))
    return charts[: min(most, same)]


def _kind(chart: Chart) -> str:
    return "full" if chart.type in FULL else "scorecard" if chart.type == "scorecard" else "half"


def _height(chart: Chart) -> float:
    if chart.type == "scorecard":
        return SMALL
    return HEAD + ROW * (MOST_ROWS + 1) + 10 if chart.type in FULL else LARGE
