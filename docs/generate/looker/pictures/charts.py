"""The charts of a picture: each draws its rows into a box from (0, 0), below its title."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from docs.generate.looker.pictures.svg import (
    COLOURS,
    LINE,
    QUIET,
    TEXT,
    compact,
    fitted,
    polyline,
    rectangle,
    shown,
    text,
)
from looker.definitions import Chart
from tillstream.model.countries import country_code

Row = Mapping[str, Any]
Rows = Sequence[Row]
HEAD = 34
"""Height of the title of a chart."""
ROW = 22
MOST_BARS, MOST_ROWS, MOST_SERIES, MOST_COLUMNS = 8, 8, 6, 8
WORLD = Path(__file__).resolve().parents[4] / "portal" / "static" / "world.json"


@dataclass(frozen=True)
class Panel:
    """A chart with its rows, and the size of its box in pixels."""

    chart: Chart
    rows: Rows
    before: Rows
    """The rows of the period to compare with."""
    width: float
    height: float


def draw(panel: Panel) -> str:
    """The chart with its title."""
    frame = rectangle(0.5, 0.5, panel.width - 1, panel.height - 1, "#fff", stroke=LINE)
    return frame + text(12, 21, panel.chart.title, size=13, fill=QUIET) + _DRAWINGS[panel.chart.type](panel)


def _scorecard(panel: Panel) -> str:
    (metric,) = panel.chart.metrics
    value, earlier = (one[0][metric] if one else None for one in (panel.rows, panel.before))
    drawn = text(12, 56, shown(value, metric), size=26)
    if panel.chart.compare and value is not None and earlier:
        change = float(value) / float(earlier) - 1
        colour = "#188038" if change >= 0 else "#d93025"
        drawn += text(12, 76, f"{'▲' if change >= 0 else '▼'} {abs(change):.1%}", size=11, fill=colour)
    return drawn


def _series(chart: Chart, rows: Rows) -> dict[str, dict[Any, float]]:
    """Name → value by date: a series for each metric, or for each value of the second dimension."""
    first, *others = chart.dimensions
    series: dict[str, dict[Any, float]] = {}
    for row in rows:
        names = [str(row[others[0]])] if others else list(chart.metrics)
        for name in names:
            value = row[chart.metrics[0] if others else name]
            series.setdefault(name, {})[row[first]] = float(value or 0)
    return dict(sorted(series.items(), key=lambda one: -sum(one[1].values()))[:MOST_SERIES])


def _time_series(panel: Panel) -> str:
    series = _series(panel.chart, panel.rows)
    days = sorted({day for values in series.values() for day in values})
    lines = [[values.get(day, 0.0) for day in days] for values in series.values()]
    earlier = [float(row[panel.chart.metrics[0]] or 0) for row in panel.before]
    top = max([*(value for line in lines for value in line), *earlier, 1.0])
    left, bottom, room = 52.0, panel.height - 30, panel.height - HEAD - 62
    drawn = ""
    for part in range(3):
        y = bottom - room * part / 2
        drawn += rectangle(left, y, panel.width - left - 14, 1, LINE)
        drawn += text(left - 6, y + 4, compact(top * part / 2), size=10, fill=QUIET, anchor="end")

    def points(values: Sequence[float]) -> list[tuple[float, float]]:
        step = (panel.width - left - 14) / max(1, len(values) - 1)
        return [(left + n * step, bottom - room * value / top) for n, value in enumerate(values)]

    if earlier:
        drawn += polyline(points(earlier), "#9fc6f9", dashed=True)
    drawn += "".join(polyline(points(line), COLOURS[n]) for n, line in enumerate(lines))
    names = [*series, f"{panel.chart.metrics[0]} ({panel.chart.compare})"] if earlier else [*series]
    at = left
    for n, name in enumerate(names):
        drawn += rectangle(at, HEAD + 2, 10, 4, "#9fc6f9" if n >= len(series) else COLOURS[n])
        drawn += text(at + 14, HEAD + 9, name, size=11, fill=QUIET)
        at += 30 + len(name) * 6.2
    for day, x, anchor in ((days[0], left, ""), (days[-1], panel.width - 14, "end")) if days else ():
        label = shown(day, granularity=panel.chart.granularity)
        drawn += text(x, panel.height - 12, label, size=10, fill=QUIET, anchor=anchor)
    return drawn


def _bar(panel: Panel) -> str:
    bars = [row for row in panel.rows if row[panel.chart.metrics[0]] is not None][:MOST_BARS]
    most = max([float(row[panel.chart.metrics[0]]) for row in bars] or [1.0]) or 1.0
    left, drawn = 120.0, ""
    step = (panel.height - HEAD - 14) / MOST_BARS
    for n, row in enumerate(bars):
        y, value = HEAD + 4 + n * step, float(row[panel.chart.metrics[0]])
        length = (panel.width - left - 70) * max(value, 0) / most
        drawn += text(
            left - 8, y + step / 2 + 4, fitted(shown(row[panel.chart.dimensions[0]]), left - 16), anchor="end"
        )
        drawn += rectangle(left, y + 3, round(length, 1), round(step - 6, 1), COLOURS[0])
        drawn += text(left + length + 6, y + step / 2 + 4, compact(value), size=11, fill=QUIET)
    return drawn


def _table(panel: Panel) -> str:
    chart = panel.chart
    cells = [
        [
            *(shown(row[name], granularity=chart.granularity) for name in chart.dimensions),
            *(row[name] for name in chart.metrics),
        ]
        for row in panel.rows[:MOST_ROWS]
    ]
    return _grid([*chart.dimensions, *chart.metrics], cells, len(chart.dimensions), panel.width)


def _pivot(panel: Panel) -> str:
    """The first dimension in rows, the second in columns."""
    side, across = panel.chart.dimensions
    (metric,) = panel.chart.metrics
    heads = sorted({shown(row[across]) for row in panel.rows})[:MOST_COLUMNS]
    lines: dict[Any, dict[str, Any]] = {}
    for row in panel.rows:
        lines.setdefault(row[side], {})[shown(row[across])] = row[metric]
    cells = [[day, *(line.get(head) for head in heads)] for day, line in [*lines.items()][:MOST_ROWS]]
    return _grid([side, *heads], cells, 1, panel.width)


def _grid(columns: Sequence[str], cells: Sequence[Sequence[Any]], texts: int, width: float) -> str:
    """texts: number of columns that are aligned to the left."""
    each = (width - 24) / len(columns)
    drawn = rectangle(1, HEAD, width - 2, ROW, "#f1f3f4")
    for line, values in enumerate([columns, *cells]):
        y = HEAD + ROW * line + 15
        for n, value in enumerate(values):
            content = fitted(value if not line else shown(value, columns[n]), each - 8)
            is_text = n < texts
            x = 12 + each * n if is_text else 4 + each * (n + 1)
            drawn += text(x, y, content, anchor="" if is_text else "end", fill=TEXT if line else QUIET)
        if line:
            drawn += rectangle(12, HEAD + ROW * (line + 1), width - 24, 1, "#f1f3f4")
    return drawn


def _tree_map(panel: Panel) -> str:
    """Columns of the first dimension, divided by the second if there is one."""
    first, *others = panel.chart.dimensions
    groups: dict[str, list[tuple[str, float]]] = {}
    for row in panel.rows:
        value = float(row[panel.chart.metrics[0]] or 0)
        if value > 0:
            groups.setdefault(shown(row[first]), []).append((shown(row[(others or [first])[0]]), value))
    totals = {name: sum(value for _, value in parts) for name, parts in groups.items()}
    shown_groups = sorted(totals, key=lambda name: -totals[name])[:MOST_SERIES]
    whole, x, drawn = sum(totals[name] for name in shown_groups), 12.0, ""
    room = panel.height - HEAD - 12
    for n, name in enumerate(shown_groups):
        wide, y = (panel.width - 24) * totals[name] / whole, float(HEAD)
        for part, value in groups[name][:MOST_SERIES]:
            tall = room * value / sum(value for _, value in groups[name][:MOST_SERIES])
            drawn += rectangle(round(x, 1), round(y, 1), round(wide - 2, 1), round(tall - 2, 1), COLOURS[n])
            if tall > 14 and wide > 40:
                drawn += text(round(x + 5), round(y + 13), fitted(part, wide - 12, 11), size=11, fill="#fff")
            y += tall
        x += wide
    return drawn


def _geo(panel: Panel) -> str:
    values: dict[str, float] = {}
    for row in panel.rows:
        code = country_code(str(row[panel.chart.dimensions[0]] or ""))
        if code:
            values[code] = values.get(code, 0.0) + float(row[panel.chart.metrics[0]] or 0)
    most, drawn = max(values.values(), default=1.0), ""
    scale = min(panel.width / 360, (panel.height - HEAD) / 150)
    for code, rings in _outlines():
        path = ""
        for ring in rings:
            points = [(round(panel.width / 2 + x * scale), round(HEAD + (84 - y) * scale)) for x, y in ring]
            distinct = [one for n, one in enumerate(points) if not n or one != points[n - 1]]
            if len(distinct) > 3:
                path += "M" + " ".join(f"{x} {y}" for x, y in distinct) + "z"
        if path:
            share = values.get(code, 0.0) / most
            colour = f' fill="{COLOURS[0]}" fill-opacity="{0.25 + 0.75 * share:.2f}"' if code in values else ""
            drawn += f'<path d="{path}"{colour}/>'
    return f'<g fill="#e8eaed">{drawn}</g>'


@cache
def _outlines() -> list[tuple[str, list[Any]]]:
    """(ISO code, rings of longitudes and latitudes) of each country."""
    features = json.loads(WORLD.read_text(encoding="utf-8"))["features"]
    areas = [(one["id"], one["geometry"]) for one in features if one["id"] != "ATA"]
    return [
        (code, [polygon[0] for polygon in shape["coordinates"]])
        for code, shape in areas
        if shape["type"] == "MultiPolygon"
    ]


_DRAWINGS: Mapping[str, Callable[[Panel], str]] = {
    "scorecard": _scorecard,
    "time series": _time_series,
    "bar": _bar,
    "table": _table,
    "pivot table": _pivot,
    "tree map": _tree_map,
    "geo": _geo,
}
CHART_TYPES = frozenset(_DRAWINGS)
