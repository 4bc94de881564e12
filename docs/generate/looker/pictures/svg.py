"""Elements of an SVG, and how the pictures write numbers."""

from collections.abc import Sequence
from datetime import date
from html import escape
from typing import Any

FONT = "system-ui, 'Segoe UI', Roboto, Arial, sans-serif"
COLOURS = ("#0072f0", "#00b6cb", "#f10096", "#f66d00", "#ffa800", "#7cb342")
"""Of the series: Looker Studio's default theme."""
TEXT, QUIET, LINE, BACK = "#202124", "#5f6368", "#dadce0", "#f8f9fa"
CHARACTER = 0.56
"""Mean width of a character, as a part of the size of the font."""
SHARES = ("_rate", "_share")
"""Ends of the names of metrics that are shares."""


def text(
    x: float, y: float, content: str, *, size: int = 12, fill: str = TEXT, anchor: str = "", weight: str = ""
) -> str:
    attributes = f' text-anchor="{anchor}"' if anchor else ""
    attributes += f' font-weight="{weight}"' if weight else ""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size}" fill="{fill}"{attributes}>{escape(content)}</text>'


def rectangle(x: float, y: float, width: float, height: float, fill: str, *, stroke: str = "") -> str:
    outline = f' stroke="{stroke}"' if stroke else ""
    return f'<rect x="{x:g}" y="{y:g}" width="{max(width, 0):g}" height="{height:g}" fill="{fill}"{outline}/>'


def polyline(points: Sequence[tuple[float, float]], stroke: str, *, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    path = " ".join(f"{round(x, 1):g},{round(y, 1):g}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="2"{dash}/>'


def fitted(content: str, width: float, size: int = 12) -> str:
    """The text, cut to a width in pixels."""
    most = max(1, int(width / size / CHARACTER))
    return content if len(content) <= most else f"{content[: most - 1]}…"


def shown(value: Any, metric: str = "", granularity: str = "day") -> str:
    """A value as a chart shows it; a month without its day."""
    if value is None:
        return "–"
    if isinstance(value, date):  # also a datetime
        return f"{value:%b %Y}" if granularity == "month" else f"{value:%d %b %Y}"
    if isinstance(value, bool | str):
        return str(value) or "(empty)"
    if metric.endswith(SHARES):
        return f"{float(value):.1%}"
    return compact(float(value))


def compact(number: float) -> str:
    """1,234 as 1.2K, as compact numbers of Looker Studio."""
    for size, letter in ((1e9, "B"), (1e6, "M"), (1e3, "K")):
        if abs(number) >= size:
            return f"{number / size:.1f}{letter}"
    return f"{number:.0f}" if float(number).is_integer() or abs(number) >= 100 else f"{number:.2f}"
