"""Charts as SVG, in the colours of the portal."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from tillstream.reports.document import Chart

WIDTH, HEIGHT, ROW = 680.0, 190.0, 22.0
FONT = "Inter"
MAIN, RISE, FALL, LINE, INK, SOFT = "#4477aa", "#136b3a", "#b3261e", "#e1e5ea", "#16191f", "#565d6a"
LABELS = 150.0
"""Width of the labels of horizontal bars."""
LONGEST = 26
CUT = 12
"""The axis of steps begins above zero if the lowest level is more than so many times the span of the steps."""
CUT_NOTE = "The columns begin above zero, so that the steps can be seen."


def svg(chart: Chart) -> str:
    """The drawing of a chart."""
    draw = {"columns": _columns, "steps": _steps, "bars": _bars}[chart.kind]
    height, shapes = draw(chart)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {height:.0f}" width="{WIDTH:.0f}" '
        f'height="{height:.0f}" font-family="{FONT}" font-size="9">{"".join(shapes)}</svg>'
    )


def short(value: float) -> str:
    """1234567 → 1.23 M."""
    for unit, size in (("bn", 1e9), ("M", 1e6), ("k", 1e3)):
        if abs(value) >= size:
            return f"{value / size:.3g} {unit}".replace("-", "−")
    return f"{value:.0f}".replace("-", "−")


def _columns(chart: Chart) -> tuple[float, list[str]]:
    top, bottom = 18.0, HEIGHT - 18
    most, least = max(0.0, *(value for _, value in chart.bars)), min(0.0, *(value for _, value in chart.bars))
    scale = (bottom - top) / ((most - least) or 1)
    step, zero = WIDTH / len(chart.bars), top + most * scale
    shapes = [_line(0, zero, WIDTH, zero)]
    for number, (label, value) in enumerate(chart.bars):
        x = number * step + step * 0.15
        y, height = min(zero, zero - value * scale), abs(value) * scale
        colour = MAIN if number == len(chart.bars) - 1 else "#a8bfd6"
        shapes += [_rect(x, y, step * 0.7, height, colour), _text(x + step * 0.35, y - 4, short(value), "middle")]
        shapes.append(_text(x + step * 0.35, HEIGHT - 4, label, "middle", SOFT))
    return HEIGHT, shapes


def _steps(chart: Chart) -> tuple[float, list[str]]:
    """Totals begin at the axis, which need not be zero; the others where the one before ended."""
    top, bottom, level = 18.0, HEIGHT - 30, 0.0
    spans: list[tuple[float, float]] = []
    for number, (_, value) in enumerate(chart.bars):
        start = 0.0 if number in chart.totals else level
        level = value if number in chart.totals else level + value
        spans.append((start, level))
    ends = [each for number, span in enumerate(spans) for each in (span[1:] if number in chart.totals else span)]
    low, high = min(ends), max(ends)
    base = 0.0 if low <= 0 or low < CUT * (high - low) else low - (high - low) * 0.3
    scale = (bottom - top) / ((high - min(base, low)) or 1)
    step = WIDTH / len(chart.bars)
    shapes = [_line(0, bottom, WIDTH, bottom)]
    for number, ((label, value), (start, end)) in enumerate(zip(chart.bars, spans, strict=True)):
        is_total = number in chart.totals
        first, last = sorted((base if is_total else start, end))
        y, x = bottom - (last - min(base, low)) * scale, number * step + step * 0.15
        colour = MAIN if is_total else RISE if value >= 0 else FALL
        shapes.append(_rect(x, y, step * 0.7, max((last - first) * scale, 1.0), colour))
        sign = "+" if value > 0 and not is_total else ""
        shapes.append(_text(x + step * 0.35, y - 4, f"{sign}{short(value)}", "middle"))
        words = _lines(label, 14)
        shapes += [_text(x + step * 0.35, bottom + 11 + 10 * n, word, "middle", SOFT) for n, word in enumerate(words)]
    if base:
        shapes.append(_text(0, 8, CUT_NOTE, "start", SOFT))
    return HEIGHT, shapes


def _bars(chart: Chart) -> tuple[float, list[str]]:
    most, shapes = max(value for _, value in chart.bars) or 1.0, []
    for number, (label, value) in enumerate(chart.bars):
        y = number * ROW
        width = (WIDTH - LABELS - 60) * value / most
        name = label if len(label) <= LONGEST else f"{label[: LONGEST - 1]}…"
        shapes.append(_text(LABELS - 8, y + 14, name, "end"))
        shapes += [_rect(LABELS, y + 4, width, ROW - 8, MAIN), _text(LABELS + width + 6, y + 14, short(value))]
    return len(chart.bars) * ROW, shapes


def _lines(text: str, width: int) -> Sequence[str]:
    """Break a label into lines between words."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines[:2]


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}" fill="{colour}"/>'


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{LINE}"/>'


def _text(x: float, y: float, text: str, anchor: str = "start", colour: str = INK) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(text)}</text>'
